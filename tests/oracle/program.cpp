#include "program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tilewright::oracle {

const char* kind_name(Kind kind) {
  constexpr const char* kNames[] = {"tensor", "number", "create", "view", "calculate", "host read", "host write", "assemble", "task",
                                    "mixed",  "dummy",  "array",  "for",  "while",     "if",        "scope",      "access"};
  return kNames[static_cast<int>(kind)];
}

const char* loop_form_name(LoopForm form) {
  constexpr const char* kNames[] = {"straight",   "unrolled", "single turn", "zero turns", "static", "dynamic",
                                    "descending", "parallel", "while",       "nested",     "branch"};
  return kNames[static_cast<int>(form)];
}

const char* alias_form_name(AliasForm form) {
  constexpr const char* kNames[] = {"whole",        "slice",           "slice of slice",  "strided",  "transposed",
                                    "reshaped",     "symbolic offset", "symbolic extent", "by turn",  "branch result",
                                    "loop-carried", "may_alias",       "created",         "no tensor"};
  return kNames[static_cast<int>(form)];
}

size_t size_of(const std::vector<Statement>& statements) {
  size_t size = statements.size();
  for (const Statement& statement : statements) size += size_of(statement.body) + size_of(statement.otherwise);
  return size;
}

namespace {

void print(const std::vector<Statement>& statements, size_t depth, std::string& text) {
  for (const Statement& statement : statements) {
    text += fmt::format("{:{}}{} {}\n", "", 2 * depth, kind_name(statement.kind), fmt::join(statement.choice, " "));
    print(statement.body, depth + 1, text);
    if (statement.otherwise.empty()) continue;
    text += fmt::format("{:{}}else\n", "", 2 * depth);
    print(statement.otherwise, depth + 1, text);
  }
}

}  // namespace

std::string tree_of(const Program& program) {
  std::string text = fmt::format("seed {}, {}x{}{}{}\n", program.seed, program.rows, program.columns, program.whole ? ", whole" : "",
                                 program.names_manual_tasks ? ", names manual tasks" : "");
  print(program.parameters, 1, text);
  print(program.body, 1, text);
  return text;
}

}  // namespace tilewright::oracle
