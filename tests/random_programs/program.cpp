#include "program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace tilewright::random_programs {

const char* kind_name(Kind kind) {
  constexpr const char* kNames[] = {
      "operator", "load",        "store",       "read_tile",    "write_tile",  "extract",      "insert",       "reshape_tile", "set_valid",
      "move",     "create_tile", "gather_rows", "scatter_rows", "read_tensor", "calculate",    "tensor",       "for",          "while",
      "if",       "vector_task", "cube_task",   "mixed_task",   "scope",       "write_tensor", "create_tensor"};
  static_assert(std::size(kNames) == kKinds);
  return kNames[static_cast<int>(kind)];
}

size_t size_of(const std::vector<Statement>& statements) {
  size_t count = statements.size();
  for (const Statement& statement : statements) count += size_of(statement.body) + size_of(statement.otherwise);
  return count;
}

namespace {

void write(std::string& text, const std::vector<Statement>& statements, int depth) {
  for (const Statement& statement : statements) {
    text += fmt::format("{:{}}{}", "", 2 * depth, kind_name(statement.kind));
    if (!statement.name.empty()) text += " " + statement.name;
    text += fmt::format(" {} ({})\n", dtype_name(statement.dtype), fmt::join(statement.choice, " "));
    write(text, statement.body, depth + 1);
    if (statement.otherwise.empty()) continue;
    text += fmt::format("{:{}}otherwise\n", "", 2 * depth);
    write(text, statement.otherwise, depth + 1);
  }
}

}  // namespace

std::string text_of(const Program& program) {
  constexpr const char* kValid[] = {"whole", "known", "open rows", "open columns", "open"};
  std::string text = fmt::format("seed {}: {}, {}, tensors of {}, tiles {}x{}, valid {}{}\n", program.seed, program.platform,
                                 runtime_name(program.runtime), dtype_name(program.dtype), program.rows, program.columns,
                                 kValid[static_cast<int>(program.valid)], program.open_tensors ? ", open tensors" : "");
  write(text, program.body, 1);
  return text;
}

const char* dtype_name(twb_dtype dtype) {
  constexpr const char* kNames[] = {"f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8",    "i16", "i32",
                                    "i64", "u8",  "u16",  "u32",    "u64",    "index", "bool"};
  return kNames[dtype];
}

int dtype_bytes(twb_dtype dtype) {
  constexpr int kBytes[] = {4, 2, 2, 1, 1, 1, 2, 4, 8, 1, 2, 4, 8, 8, 1};
  return kBytes[dtype];
}

bool is_float(twb_dtype dtype) { return dtype <= TWB_F8E5M2; }
bool is_unsigned(twb_dtype dtype) { return dtype >= TWB_U8 && dtype <= TWB_U64; }

}  // namespace tilewright::random_programs
