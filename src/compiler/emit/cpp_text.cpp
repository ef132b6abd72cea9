#include "compiler/emit/cpp_text.h"

#include <fmt/format.h>

#include <cctype>

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tilewright::emit {

using namespace mlir;

// ---- lines

void CppText::line(std::string_view text) {
  if (!text.empty()) text_.append(2 * depth_, ' ').append(text);
  text_.push_back('\n');
}

void CppText::open(std::string_view text) {
  line(text);
  ++depth_;
}

void CppText::close(std::string_view tail) {
  --depth_;
  line("}" + std::string(tail));
}

void CppText::reopen(std::string_view between) {
  --depth_;
  open(between);
}

// ---- names

namespace {

// What a kernel or an orchestration must not call its own things: keywords, and names of the headers that are likely in a program.
constexpr const char* kReserved[] = {
    "alignas",   "alignof",  "and",       "asm",       "auto",      "bool",    "break",        "case",     "catch",    "char",
    "class",     "concept",  "const",     "constexpr", "continue",  "default", "delete",       "do",       "double",   "else",
    "enum",      "explicit", "export",    "extern",    "false",     "float",   "for",          "friend",   "goto",     "if",
    "inline",    "int",      "long",      "mutable",   "namespace", "new",     "not",          "operator", "or",       "private",
    "protected", "public",   "register",  "requires",  "return",    "short",   "signed",       "sizeof",   "static",   "struct",
    "switch",    "template", "this",      "throw",     "true",      "try",     "typedef",      "typeid",   "typename", "union",
    "unsigned",  "using",    "virtual",   "void",      "volatile",  "while",   "xor",          "half",     "args",     "orch_args",
    "pto",       "std",      "main",      "Shape",     "Stride",    "Tile",    "GlobalTensor", "Layout",   "Event",    "Pitch",
    "DYNAMIC",   "data_of",  "floor_div", "ceil_div",  "lesser",    "greater", "bits_to",      "exp",      "log",      "sqrt",
    "abs",       "round",    "dsb",       "dcci"};

}  // namespace

Names::Names() {
  for (const char* word : kReserved) taken_.insert(word);
}

std::string identifier(std::string_view name) {
  std::string result;
  for (const char c : name) result.push_back(std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_');
  if (result.empty() || std::isdigit(static_cast<unsigned char>(result[0])) != 0 || result[0] == '_') result = "v" + result;
  // Two underscores in a row are the compiler's.
  for (size_t at = result.find("__"); at != std::string::npos; at = result.find("__")) result.erase(at, 1);
  return result;
}

std::string Names::unique(std::string_view wanted) {
  const std::string base = identifier(wanted);
  if (taken_.insert(base).second) return base;
  unsigned& number = next_[base];
  if (number == 0) number = 1;
  std::string name;
  do {
    name = fmt::format("{}_{}", base, ++number);
  } while (!taken_.insert(name).second);
  return name;
}

std::string camel_case(std::string_view name) {
  std::string result;
  bool upper = true;
  for (const char c : identifier(name)) {
    if (c == '_') {
      upper = true;
      continue;
    }
    result.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    upper = false;
  }
  return result;
}

// ---- types

std::string cpp_type(Type type) {
  if (type.isIndex()) return "int64_t";
  if (auto integer = dyn_cast<IntegerType>(type)) {
    const unsigned width = integer.getWidth();
    if (width == 1) return "bool";
    if (width != 8 && width != 16 && width != 32 && width != 64) return "";
    return fmt::format("{}int{}_t", integer.isUnsigned() ? "u" : "", width);
  }
  if (type.isF64()) return "double";
  if (type.isF32()) return "float";
  if (type.isF16()) return "half";
  if (type.isBF16()) return "bfloat16_t";
  if (type.isFloat8E4M3FN()) return "float8_e4m3_t";
  if (type.isFloat8E5M2()) return "float8_e5m2_t";
  return "";
}

std::string data_type_name(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element)) return fmt::format("{}INT{}", integer.isUnsigned() ? "U" : "", integer.getWidth());
  if (element.isF32()) return "FLOAT32";
  if (element.isF16()) return "FLOAT16";
  if (element.isBF16()) return "BFLOAT16";
  if (element.isFloat8E4M3FN()) return "FP8E4M3FN";
  return "";
}

std::string short_type(Type type) {
  if (type.isIndex()) return "index";
  if (auto integer = dyn_cast<IntegerType>(type)) return fmt::format("{}{}", integer.isUnsigned() ? "u" : "i", integer.getWidth());
  if (type.isBF16()) return "bf16";
  if (type.isFloat8E4M3FN()) return "fp8e4m3";
  if (type.isFloat8E5M2()) return "fp8e5m2";
  if (auto number = dyn_cast<FloatType>(type)) return fmt::format("f{}", number.getWidth());
  return "";
}

// ---- locations

std::string name_of(Location location) {
  if (auto named = dyn_cast<NameLoc>(location)) return named.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (const Location part : fused.getLocations()) {
      if (std::string name = name_of(part); !name.empty()) return name;
    }
  }
  if (auto call = dyn_cast<CallSiteLoc>(location)) return name_of(call.getCallee());
  return "";
}

std::string place_of(Location location) {
  if (auto file = dyn_cast<FileLineColLoc>(location)) {
    const StringRef path = file.getFilename().getValue();
    return fmt::format("{}:{}", path.substr(path.find_last_of('/') + 1).str(), file.getLine());
  }
  if (auto named = dyn_cast<NameLoc>(location)) return place_of(named.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(location)) return place_of(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (const Location part : fused.getLocations()) {
      if (std::string place = place_of(part); !place.empty()) return place;
    }
  }
  return "";
}

}  // namespace tilewright::emit
