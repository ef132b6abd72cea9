// Every operator of operators.td against values written down from spec/tile-isa.md, section 2, and the choices of docs/design/isa.md.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <map>

#include "compiler/interpret/machine.h"
#include "compiler/interpret/test_program.h"

namespace tilewright::interpret {
namespace {

using Values = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kHighest32 = 2147483647, kLowest32 = -2147483648.0;

/// "2x3xf32", a mask "2x3xi1" or a number "f32", and its elements.
struct Operand {
  std::string type;
  Values values;
};

struct Case {
  std::string name;
  std::vector<Operand> operands;
  std::string result;  ///< type
  Values expected;     ///< of the valid region; NaN is equal to NaN
  std::string before = {}, behind = {};  ///< the attribute in the text
  double tolerance = 0;                  ///< relative
};

std::vector<Case> with_floats() {
  const Operand a = {"1x4xf32", {1, -2, 3.5, 0}}, b = {"1x4xf32", {2, 4, -0.5, 8}};
  const Operand m = {"2x3xf32", {1, 2, 3, 4, 5, 6}}, column = {"2x1xf32", {2, 4}}, row = {"1x3xf32", {1, 2, 4}};
  const std::string one = "1x4xf32", two = "2x3xf32";
  const auto tile_of = [](Values values) { return Operand{fmt::format("1x{}xf32", values.size()), values}; };
  const Operand half = {"f32", {0.5}}, three = {"f32", {3}};
  std::vector<Case> cases = {
      {"add", {a, b}, one, {3, 2, 3, 8}},
      {"sub", {a, b}, one, {-1, -6, 4, -8}},
      {"mul", {a, b}, one, {2, -8, -1.75, 0}},
      {"div", {a, b}, one, {0.5, -0.5, -7, 0}},
      {"div", {tile_of({1, -1, 0}), tile_of({0, 0, 0})}, "1x3xf32", {kInfinity, -kInfinity, kNan}},
      {"max", {a, b}, one, {2, 4, 3.5, 8}},
      {"max", {tile_of({kNan, 1, kNan}), tile_of({1, kNan, kNan})}, "1x3xf32", {1, 1, kNan}},
      {"min", {a, b}, one, {1, -2, -0.5, 0}},
      {"rem", {tile_of({7, -7, 7, -7}), tile_of({4, 4, -4, -4})}, one, {3, 1, -1, -3}},
      {"fmod", {tile_of({7, -7, 7, -7}), tile_of({4, 4, -4, -4})}, one, {3, -3, 3, -3}},
      {"prelu", {a, b}, one, {1, -8, 3.5, 0}},
      {"adds", {a, half}, one, {1.5, -1.5, 4, 0.5}},
      {"subs", {a, half}, one, {0.5, -2.5, 3, -0.5}},
      {"muls", {a, half}, one, {0.5, -1, 1.75, 0}},
      {"divs", {a, half}, one, {2, -4, 7, 0}},
      {"rdivs", {b, three}, one, {1.5, 0.75, -6, 0.375}},
      {"maxs", {a, half}, one, {1, 0.5, 3.5, 0.5}},
      {"mins", {a, half}, one, {0.5, -2, 0.5, 0}},
      {"lrelu", {a, half}, one, {1, -1, 3.5, 0}},
      {"rems", {tile_of({7, -7, 6, 0.5}), three}, one, {1, 2, 0, 0.5}},
      {"fmods", {tile_of({7, -7, 6, 0.5}), three}, one, {1, -1, 0, 0.5}},
      {"abs", {a}, one, {1, 2, 3.5, 0}},
      {"neg", {a}, one, {-1, 2, -3.5, 0}},
      {"relu", {a}, one, {1, 0, 3.5, 0}},
      {"relu", {tile_of({kNan})}, "1x1xf32", {0}},
      {"exp", {tile_of({0, 1, -1, 1000})}, one, {1, 2.718281828459045, 0.36787944117144233, kInfinity}, "", "", 1e-7},
      {"log", {tile_of({1, 2.718281828459045, 0, -1})}, one, {0, 1, -kInfinity, kNan}, "", "", 1e-7},
      {"sqrt", {tile_of({4, 2, 0, -1})}, one, {2, 1.4142135623730951, 0, kNan}, "", "", 1e-7},
      {"rsqrt", {tile_of({4, 0.25, 0, -1})}, one, {0.5, 2, kInfinity, kNan}},
      {"recip", {tile_of({4, -0.5, 0, kInfinity})}, one, {0.25, -2, kInfinity, 0}},
      {"axpy", {a, b, half}, one, {2, 0, 3.25, 4}},
      {"select", {{"1x4xi1", {1, 0, 0, 1}}, a, b}, one, {1, 4, -0.5, 0}},
      {"selects", {{"1x4xi1", {1, 0, 0, 1}}, a, half}, one, {1, 0.5, 0.5, 0}},
      {"row_sum", {m}, "2x1xf32", {6, 15}},
      {"row_max", {m}, "2x1xf32", {3, 6}},
      {"row_min", {m}, "2x1xf32", {1, 4}},
      {"col_sum", {m}, "1x3xf32", {5, 7, 9}},
      {"col_max", {m}, "1x3xf32", {4, 5, 6}},
      {"col_min", {m}, "1x3xf32", {1, 2, 3}},
      {"row_expand_add", {m, column}, two, {3, 4, 5, 8, 9, 10}},
      {"row_expand_sub", {m, column}, two, {-1, 0, 1, 0, 1, 2}},
      {"row_expand_mul", {m, column}, two, {2, 4, 6, 16, 20, 24}},
      {"row_expand_div", {m, column}, two, {0.5, 1, 1.5, 1, 1.25, 1.5}},
      {"row_expand_max", {m, column}, two, {2, 2, 3, 4, 5, 6}},
      {"row_expand_min", {m, column}, two, {1, 2, 2, 4, 4, 4}},
      {"row_expand_expdif", {m, column}, two, {std::exp(-1), 1, std::exp(1), 1, std::exp(1), std::exp(2)}, "", "", 1e-7},
      {"col_expand_add", {m, row}, two, {2, 4, 7, 5, 7, 10}},
      {"col_expand_sub", {m, row}, two, {0, 0, -1, 3, 3, 2}},
      {"col_expand_mul", {m, row}, two, {1, 4, 12, 4, 10, 24}},
      {"col_expand_div", {m, row}, two, {1, 1, 0.75, 4, 2.5, 1.5}},
      {"col_expand_max", {m, row}, two, {1, 2, 4, 4, 5, 6}},
      {"col_expand_min", {m, row}, two, {1, 2, 3, 1, 2, 4}},
      {"col_expand_expdif", {m, row}, two, {1, 1, std::exp(-1), std::exp(3), std::exp(3), std::exp(2)}, "", "", 1e-7},
      {"row_expand", {column}, two, {2, 2, 2, 4, 4, 4}},
      {"col_expand", {row}, two, {1, 2, 4, 1, 2, 4}},
      {"fill", {half}, two, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
      {"matmul", {m, {"3x2xf32", {1, 0, 0, 1, 1, 1}}}, "2x2xf32", {4, 5, 10, 11}},
      {"matmul", {{"1x2xf16", {0.5, 3}}, {"2x1xf16", {4, 0.25}}}, "1x1xf32", {2.75}},
      {"matmul_acc", {{"2x2xf32", {10, 20, 30, 40}}, m, {"3x2xf32", {1, 0, 0, 1, 1, 1}}}, "2x2xf32", {14, 25, 40, 51}},
      {"matmul_bias", {m, {"3x2xf32", {1, 0, 0, 1, 1, 1}}, {"1x2xf32", {100, 200}}}, "2x2xf32", {104, 205, 110, 211}},
      {"transpose", {m}, "3x2xf32", {1, 4, 2, 5, 3, 6}},
      {"concat", {m, column}, "2x4xf32", {1, 2, 3, 2, 4, 5, 6, 4}},
      {"gather", {m, {"1x4xi32", {5, 0, 6, -1}}}, one, {6, 1, 0, 0}},
      {"scatter",
       {{"3x2xf32", {1, 2, 3, 4, 5, 6}}, {"2x2xf32", {10, 20, 30, 40}}, {"2x2xi32", {2, 0, 0, 1}}},
       "3x2xf32",
       {30, 20, 3, 40, 10, 6}},
      {"pad", {{"2x3xf32, valid 1x2", {1, 2, 3, 4, 5, 6}}}, two, {1, 2, 0, 0, 0, 0}, "", " with zero"},
      {"pad", {{"2x3xf32, valid 1x2", {1, 2, 3, 4, 5, 6}}}, two, {1, 2, kInfinity, kInfinity, kInfinity, kInfinity}, "", " with max"},
      {"pad", {{"1x2xbf16, valid 1x1", {1, 2}}}, "1x2xbf16", {1, -kInfinity}, "", " with min"},
      {"cast", {tile_of({1.5, 2.5, -2.5, 300})}, "1x4xi32", {2, 2, -2, 300}},
      {"cast", {tile_of({1.5, 2.5, -2.5, 2.25})}, "1x4xi32", {2, 3, -3, 2}, "", " round round"},
      {"cast", {tile_of({1.5, 2.5, -2.5, 2.25})}, "1x4xi32", {1, 2, -3, 2}, "", " round floor"},
      {"cast", {tile_of({1.5, 2.5, -2.5, 2.25})}, "1x4xi32", {2, 3, -2, 3}, "", " round ceil"},
      {"cast", {tile_of({1.5, 2.5, -2.5, 2.25})}, "1x4xi32", {1, 2, -2, 2}, "", " round trunc"},
      {"cast", {tile_of({1.5, 2.5, -2.5, 2})}, "1x4xi32", {1, 3, -3, 2}, "", " round odd"},
      {"cast", {tile_of({1.5, 2.5, 300, kNan})}, "1x4xi8", {2, 2, 44, 0}, "", " round none"},
      {"cast", {tile_of({2049, 2051, 65520, 1})}, "1x4xf16", {2048, 2052, kInfinity, 1}},
      {"cast", {tile_of({2049, 2051, 65520, 1})}, "1x4xf16", {2048, 2050, 65504, 1}, "", " round trunc"},
      {"cast", {{"1x2xi32", {16777217, -3}}}, "1x2xf32", {16777216, -3}},
      {"cast", {{"1x2xi32", {-1, 300}}}, "1x2xui8", {255, 44}},
      {"cast", {{"1x2xf16", {1.5, -0.25}}}, "1x2xf32", {1.5, -0.25}},
  };
  const Operand left = {"1x4xf32", {1, 2, 3, kNan}}, right = {"1x4xf32", {2, 2, 2, kNan}};
  const std::pair<const char*, Values> relations[] = {{"eq", {0, 1, 0, 0}}, {"ne", {1, 0, 1, 1}}, {"lt", {1, 0, 0, 0}},
                                                      {"gt", {0, 0, 1, 0}}, {"ge", {0, 1, 1, 0}}, {"le", {1, 1, 0, 0}}};
  for (const auto& [relation, expected] : relations) {
    cases.push_back({"compare", {left, right}, "1x4xi1", expected, fmt::format("{} ", relation)});
    cases.push_back({"compares", {left, {"f32", {2}}}, "1x4xi1", expected, fmt::format("{} ", relation)});
  }
  return cases;
}

std::vector<Case> with_integers() {
  const Operand a = {"1x4xi32", {7, -7, kHighest32, kLowest32}}, b = {"1x4xi32", {2, 2, 1, -1}};
  const Operand m = {"2x2xi32", {1, -2, 3, kHighest32}}, column = {"2x1xi32", {2, -1}}, row = {"1x2xi32", {3, 1}};
  const Operand bytes = {"1x4xi8", {100, -100, 7, -7}}, unsigned_bytes = {"1x4xui8", {200, 100, 7, 255}};
  const std::string one = "1x4xi32", two = "2x2xi32", byte = "1x4xi8", ubyte = "1x4xui8";
  const Operand two_number = {"i32", {2}}, minus_two = {"i32", {-2}};
  return {
      {"add", {a, b}, one, {9, -5, kLowest32, kHighest32}},
      {"add", {unsigned_bytes, unsigned_bytes}, ubyte, {144, 200, 14, 254}},
      {"sub", {a, b}, one, {5, -9, kHighest32 - 1, kLowest32 + 1}},
      {"mul", {a, b}, one, {14, -14, kHighest32, kLowest32}},
      {"mul", {a, a}, one, {49, 49, 1, 0}},
      {"div", {a, b}, one, {3, -3, kHighest32, kLowest32}},
      {"div", {a, {"1x4xi32", {0, 0, 0, 0}}}, one, {0, 0, 0, 0}},
      {"div", {unsigned_bytes, {"1x4xui8", {3, 0, 255, 2}}}, ubyte, {66, 0, 0, 127}},
      {"max", {a, b}, one, {7, 2, kHighest32, -1}},
      {"max", {unsigned_bytes, {"1x4xui8", {100, 200, 8, 1}}}, ubyte, {200, 200, 8, 255}},
      {"min", {a, b}, one, {2, -7, 1, kLowest32}},
      {"rem", {{"1x4xi32", {7, -7, 7, -7}}, {"1x4xi32", {4, 4, -4, -4}}}, one, {3, 1, -1, -3}},
      {"rem", {a, {"1x4xi32", {0, 0, -1, -1}}}, one, {0, 0, 0, 0}},
      {"fmod", {{"1x4xi32", {7, -7, 7, -7}}, {"1x4xi32", {4, 4, -4, -4}}}, one, {3, -3, 3, -3}},
      {"and", {a, b}, one, {2, 0, 1, kLowest32}},
      {"or", {a, b}, one, {7, -5, kHighest32, -1}},
      {"xor", {a, b}, one, {5, -5, kHighest32 - 1, kHighest32}},
      {"not", {a}, one, {-8, 6, kLowest32, kHighest32}},
      {"shl", {bytes, {"1x4xi8", {1, 1, 7, 8}}}, byte, {-56, 56, -128, 0}},
      {"shr", {bytes, {"1x4xi8", {1, 1, 8, -1}}}, byte, {50, -50, 0, -1}},
      {"shr", {unsigned_bytes, {"1x4xui8", {1, 8, 1, 7}}}, ubyte, {100, 0, 3, 1}},
      {"adds", {a, two_number}, one, {9, -5, kLowest32 + 1, kLowest32 + 2}},
      {"subs", {a, two_number}, one, {5, -9, kHighest32 - 2, kHighest32 - 1}},
      {"muls", {a, two_number}, one, {14, -14, -2, 0}},
      {"divs", {a, minus_two}, one, {-3, 3, -1073741823, 1073741824}},
      {"maxs", {a, two_number}, one, {7, 2, kHighest32, 2}},
      {"mins", {a, two_number}, one, {2, -7, 2, kLowest32}},
      {"rems", {a, two_number}, one, {1, 1, 1, 0}},
      {"fmods", {a, two_number}, one, {1, -1, 1, 0}},
      {"ands", {a, two_number}, one, {2, 0, 2, 0}},
      {"ors", {a, two_number}, one, {7, -5, kHighest32, kLowest32 + 2}},
      {"xors", {a, two_number}, one, {5, -5, kHighest32 - 2, kLowest32 + 2}},
      {"shls", {a, two_number}, one, {28, -28, -4, 0}},
      {"shrs", {a, two_number}, one, {1, -2, 536870911, -536870912}},
      {"abs", {a}, one, {7, 7, kHighest32, kLowest32}},
      {"neg", {a}, one, {-7, 7, -kHighest32, kLowest32}},
      {"relu", {a}, one, {7, 0, kHighest32, 0}},
      {"select", {{"1x4xi1", {1, 0, 0, 1}}, a, b}, one, {7, 2, 1, kLowest32}},
      {"row_sum", {m}, "2x1xi32", {-1, kLowest32 + 2}},
      {"row_max", {m}, "2x1xi32", {1, kHighest32}},
      {"row_min", {m}, "2x1xi32", {-2, 3}},
      {"col_sum", {m}, "1x2xi32", {4, kHighest32 - 2}},
      {"col_max", {m}, "1x2xi32", {3, kHighest32}},
      {"col_min", {m}, "1x2xi32", {1, -2}},
      {"row_expand_add", {m, column}, two, {3, 0, 2, kHighest32 - 1}},
      {"row_expand_sub", {m, column}, two, {-1, -4, 4, kLowest32}},
      {"row_expand_mul", {m, column}, two, {2, -4, -3, -kHighest32}},
      {"row_expand_div", {m, column}, two, {0, -1, -3, -kHighest32}},
      {"row_expand_max", {m, column}, two, {2, 2, 3, kHighest32}},
      {"row_expand_min", {m, column}, two, {1, -2, -1, -1}},
      {"col_expand_add", {m, row}, two, {4, -1, 6, kLowest32}},
      {"col_expand_sub", {m, row}, two, {-2, -3, 0, kHighest32 - 1}},
      {"col_expand_mul", {m, row}, two, {3, -2, 9, kHighest32}},
      {"col_expand_div", {m, row}, two, {0, -2, 1, kHighest32}},
      {"col_expand_max", {m, row}, two, {3, 1, 3, kHighest32}},
      {"col_expand_min", {m, row}, two, {1, -2, 3, 1}},
      {"iota", {{"i32", {kHighest32 - 1}}}, one, {kHighest32 - 1, kHighest32, kLowest32, kLowest32 + 1}},
      {"fill", {{"i8", {-56}}}, ubyte, {200, 200, 200, 200}},
      {"matmul", {{"1x2xi8", {-128, 2}}, {"2x1xi8", {-128, 3}}}, "1x1xi32", {16390}},
      {"pad", {{"1x2xi32, valid 1x1", {1, 2}}}, "1x2xi32", {1, kHighest32}, "", " with max"},
      {"pad", {{"1x2xi32, valid 1x1", {1, 2}}}, "1x2xi32", {1, kLowest32}, "", " with min"},
      {"pad", {{"1x2xui8, valid 1x1", {1, 2}}}, "1x2xui8", {1, 0}, "", " with min"},
      {"pad", {{"1x2xi64, valid 1x1", {1, 2}}}, "1x2xi64", {1, 0}, "", " with max"},
  };
}

/// "2x3xf32" of "2x3xf32, valid 1x2".
std::string whole(const std::string& type) { return type.substr(0, type.find(',')); }
bool is_number(const std::string& type) { return type.find('x') == std::string::npos; }
std::string element_of(const std::string& type) { return whole(type).substr(whole(type).rfind('x') + 1); }
std::string with_element(const std::string& type, const std::string& element) {
  return whole(type).substr(0, whole(type).rfind('x') + 1) + element;
}
std::string host_dtype(const std::string& element) { return element.starts_with("ui") ? "u" + element.substr(2) : element; }
std::vector<uint32_t> shape_of(const std::string& type) {
  unsigned rows = 0, columns = 0;
  EXPECT_EQ(std::sscanf(type.c_str(), "%ux%ux", &rows, &columns), 2) << type;
  return {rows, columns};
}

/// A program that loads the operands, applies the operator, and stores its result; masks come and go as numbers.
std::string program_of(const Case& test) {
  std::vector<std::string> parameters, numbers, names, types;
  std::string body;
  for (size_t i = 0; i < test.operands.size(); ++i) {
    const std::string& type = test.operands[i].type;
    if (is_number(type)) {
      numbers.push_back(fmt::format("%p{}: {}", i, type));
      names.push_back(fmt::format("%p{}", i));
      types.push_back(type);
      continue;
    }
    const bool mask = element_of(type) == "i1";
    const std::string stored = mask ? with_element(type, "i32") : whole(type);
    const std::string tile = mask ? stored : type;
    parameters.push_back(fmt::format("%p{}: !tw.tensor<{}>", i, stored));
    body += fmt::format("    %t{} = tile.load %p{}[%z, %z] : !tw.tensor<{}> -> !tile.tile<{}>\n", i, i, stored, tile);
    if (mask) {
      body += fmt::format("    %m{} = tile.compares ne %t{}, %zero : (!tile.tile<{}>, i32) -> !tile.tile<{}>\n", i, i, tile, type);
    }
    names.push_back(fmt::format("{}{}", mask ? "%m" : "%t", i));
    types.push_back("!tile.tile<" + type + ">");
  }
  body += fmt::format("    %r = tile.{} {}{}{} : ({}) -> !tile.tile<{}>\n", test.name, test.before, fmt::join(names, ", "), test.behind,
                      fmt::join(types, ", "), test.result);
  std::string result = test.result;
  std::string stored = "%r";
  if (element_of(result) == "i1") {
    result = with_element(result, "i32");
    stored = "%s";
    body += fmt::format("    %ones = tile.fill %one : (i32) -> !tile.tile<{}>\n", result);
    body += fmt::format("    %s = tile.selects %r, %ones, %zero : (!tile.tile<{}>, !tile.tile<{}>, i32) -> !tile.tile<{}>\n", test.result,
                        result, result);
  }
  parameters.push_back(fmt::format("%out: !tw.tensor<{}> {{tw.out}}", result));
  parameters.insert(parameters.end(), numbers.begin(), numbers.end());
  return fmt::format(
      "tw.orchestration @test({}) {{\n  %task = tw.at {{\n    %z = arith.constant 0 : index\n    %zero = arith.constant 0 : i32\n"
      "    %one = arith.constant 1 : i32\n{}    tile.store {}, %out[%z, %z] : !tile.tile<{}>, !tw.tensor<{}>\n  }}\n  tw.return\n}}\n",
      fmt::join(parameters, ", "), body, stored, result, result);
}

std::vector<Argument> arguments_of(const Case& test) {
  std::vector<Argument> arguments, numbers;
  for (const Operand& operand : test.operands) {
    if (is_number(operand.type)) {
      numbers.emplace_back(scalar_of(fmt::format("{}:{}", operand.type, operand.values[0])));
    } else {
      const std::string element = element_of(operand.type);
      arguments.emplace_back(tensor_of(element == "i1" ? "i32" : host_dtype(element), shape_of(operand.type), operand.values));
    }
  }
  const std::string element = element_of(test.result);
  const std::vector<uint32_t> shape = shape_of(test.result);
  arguments.emplace_back(HostTensor(parse_dtype(element == "i1" ? "i32" : host_dtype(element)), shape));
  for (Argument& number : numbers) arguments.emplace_back(std::move(number));
  return arguments;
}

void expect_case(const Case& test) {
  const std::string program = program_of(test);
  TestProgram compiled(program);
  std::vector<Argument> arguments = arguments_of(test);
  const size_t out = static_cast<size_t>(
      std::count_if(test.operands.begin(), test.operands.end(), [](const Operand& operand) { return !is_number(operand.type); }));
  const Outcome outcome = compiled.run(arguments);
  const Values actual = values_of(std::get<HostTensor>(arguments[out]));
  ASSERT_EQ(actual.size(), test.expected.size()) << program;
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(outcome.tensors[out].undefined[i], 0) << "element " << i << " of\n" << program;
    const double allowed = test.tolerance * std::fabs(test.expected[i]);
    EXPECT_TRUE(distance(actual[i], test.expected[i]) <= (std::isfinite(allowed) ? allowed : 0))
        << "element " << i << " is " << actual[i] << ", expected " << test.expected[i] << ", of\n"
        << program;
  }
  EXPECT_EQ(outcome.unstable, "") << program;
}

TEST(OperatorTest, FloatsAreAsSpecified) {
  for (const Case& test : with_floats()) expect_case(test);
}

TEST(OperatorTest, IntegersAreAsSpecified) {
  for (const Case& test : with_integers()) expect_case(test);
}

// A new operator that nobody adds above fails here.
TEST(OperatorTest, EveryOperatorHasValuesForEachKindOfElement) {
  std::map<std::string, std::pair<bool, bool>> tested;  // with floats, with integers
  for (const Case& test : with_floats()) tested[test.name].first = true;
  for (const Case& test : with_integers()) tested[test.name].second = true;
  TestProgram program("tile.func @none() { tile.return }");
  program.context().loadAllAvailableDialects();
  int operators = 0;
  for (const mlir::RegisteredOperationName name : program.context().getRegisteredOperations()) {
    const tile::Operator::Concept* concept_ = name.getInterface<tile::Operator>();
    if (concept_ == nullptr) continue;
    const tile::OperatorInfo& info = concept_->info();
    ++operators;
    EXPECT_NE(find_handler(name), nullptr) << info.name;
    EXPECT_TRUE(tested[info.name].first || info.elements == tile::Elements::kIntegers) << info.name << " has no case with floats";
    // What only moves elements does not look at them.
    const bool computes = info.reference != nullptr || info.elements == tile::Elements::kIntegers;
    if (info.elements == tile::Elements::kFloats || !computes) continue;
    EXPECT_TRUE(tested[info.name].second) << info.name << " has no case with integers";
    EXPECT_TRUE(info.rule == tile::Rule::kCount || has_integer_function(info)) << info.name << " has no meaning for integers";
  }
  EXPECT_GT(operators, 70);
}

// ---- 64 bits, which no double holds

TEST(OperatorTest, SixtyFourBitsAreExact) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<1x4xi64>, %y: !tw.tensor<1x4xi64> {tw.out},
                       %u: !tw.tensor<1x4xui64>, %v: !tw.tensor<1x4xui64> {tw.out}) {
  %t = tw.at {
    %z = arith.constant 0 : index
    %a = tile.load %x[%z, %z] : !tw.tensor<1x4xi64> -> !tile.tile<1x4xi64>
    %p = tile.mul %a, %a : !tile.tile<1x4xi64>
    tile.store %p, %y[%z, %z] : !tile.tile<1x4xi64>, !tw.tensor<1x4xi64>
    %b = tile.load %u[%z, %z] : !tw.tensor<1x4xui64> -> !tile.tile<1x4xui64>
    %three = arith.constant 3 : i64
    %q = tile.divs %b, %three : (!tile.tile<1x4xui64>, i64) -> !tile.tile<1x4xui64>
    tile.store %q, %v[%z, %z] : !tile.tile<1x4xui64>, !tw.tensor<1x4xui64>
  }
  tw.return
})";
  TestProgram test(program);
  HostTensor x(DataType::INT64, {1, 4}), u(DataType::UINT64, {1, 4});
  const int64_t numbers[] = {3037000499, -9007199254740993, int64_t{1} << 62, std::numeric_limits<int64_t>::min()};
  const uint64_t unsigneds[] = {~uint64_t{0}, uint64_t{1} << 63, 9007199254740993, 2};
  std::copy(std::begin(numbers), std::end(numbers), x.elements<int64_t>().begin());
  std::copy(std::begin(unsigneds), std::end(unsigneds), u.elements<uint64_t>().begin());
  auto arguments =
      interpret::arguments_of(std::move(x), HostTensor(DataType::INT64, {1, 4}), std::move(u), HostTensor(DataType::UINT64, {1, 4}));
  test.run(arguments);
  const auto products = std::get<HostTensor>(arguments[1]).elements<int64_t>();
  const auto quotients = std::get<HostTensor>(arguments[3]).elements<uint64_t>();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(static_cast<uint64_t>(products[i]), static_cast<uint64_t>(numbers[i]) * static_cast<uint64_t>(numbers[i]));
    EXPECT_EQ(quotients[i], unsigneds[i] / 3);
  }
}

// ---- what is undefined

std::string on_part(const std::string& operation, const std::string& result) {
  return fmt::format(R"(
tw.orchestration @test(%x: !tw.tensor<2x3xf32>, %y: !tw.tensor<{0}> {{tw.out}}) {{
  %t = tw.at {{
    %z = arith.constant 0 : index
    %a = tile.load %x[%z, %z] : !tw.tensor<2x3xf32> -> !tile.tile<2x3xf32, valid 2x2>
    {1}
    tile.store %r, %y[%z, %z] : !tile.tile<{0}>, !tw.tensor<{0}>
  }}
  tw.return
}})",
                     result, operation);
}

Values of_part(const std::string& operation, const std::string& result) {
  return result_of(on_part(operation, result),
                   interpret::arguments_of(tensor_of("f32", {2, 3}, {1, 2, 3, 4, 5, 6}), HostTensor(DataType::FLOAT32, shape_of(result))),
                   1);
}

TEST(OperatorTest, PaddingIsUndefinedAndStaysOut) {
  using testing::ElementsAre;
  using testing::IsNan;
  EXPECT_THAT(of_part("%r = tile.set_valid %a : !tile.tile<2x3xf32, valid 2x2> -> !tile.tile<2x3xf32>", "2x3xf32"),
              ElementsAre(1, 2, IsNan(), 4, 5, IsNan()));
  EXPECT_THAT(of_part("%r = tile.row_sum %a : (!tile.tile<2x3xf32, valid 2x2>) -> !tile.tile<2x1xf32>", "2x1xf32"), ElementsAre(3, 9));
  EXPECT_THAT(of_part("%b = tile.set_valid %a : !tile.tile<2x3xf32, valid 2x2> -> !tile.tile<2x3xf32>\n"
                      "%r = tile.row_sum %b : (!tile.tile<2x3xf32>) -> !tile.tile<2x1xf32>",
                      "2x1xf32"),
              ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(of_part("%i = tile.create : !tile.tile<1x2xi32>\n"
                      "%r = tile.gather %a, %i : (!tile.tile<2x3xf32, valid 2x2>, !tile.tile<1x2xi32>) -> !tile.tile<1x2xf32>",
                      "1x2xf32"),
              ElementsAre(IsNan(), IsNan()));
}

TEST(OperatorTest, TwoElementsScatteredToOnePlaceAreUndefined) {
  using testing::ElementsAre;
  using testing::IsNan;
  EXPECT_THAT(
      of_part("%b = tile.load %x[%z, %z] : !tw.tensor<2x3xf32> -> !tile.tile<2x3xf32>\n"
              "%zero = arith.constant 0 : i32\n"
              "%i = tile.fill %zero : (i32) -> !tile.tile<2x3xi32>\n"
              "%r = tile.scatter %b, %b, %i : (!tile.tile<2x3xf32>, !tile.tile<2x3xf32>, !tile.tile<2x3xi32>) -> !tile.tile<2x3xf32>",
              "2x3xf32"),
      ElementsAre(IsNan(), IsNan(), IsNan(), 4, 5, 6));
}

// ---- errors of what a device computes

TEST(OperatorTest, SumsAndProductsSayHowFarADeviceMayBe) {
  const Case test = {"matmul", {{"1x3xf32", {1e8, 1, -1e8}}, {"3x1xf32", {1, 1, 1}}}, "1x1xf32", {1}};
  TestProgram program(program_of(test));
  std::vector<Argument> arguments = arguments_of(test);
  const Outcome outcome = program.run(arguments);
  EXPECT_EQ(values_of(std::get<HostTensor>(arguments[2]))[0], 1) << "in double";
  EXPECT_GT(outcome.tensors[2].error[0], 1) << "in f32 the 1 may be lost";
  EXPECT_LT(outcome.tensors[2].error[0], 200);
  HostTensor device = tensor_of("f32", {1, 1}, {0});
  EXPECT_EQ(first_disagreement(device, std::get<HostTensor>(arguments[2]), outcome.tensors[2]), std::nullopt);
  device = tensor_of("f32", {1, 1}, {1000});
  EXPECT_THAT(*first_disagreement(device, std::get<HostTensor>(arguments[2]), outcome.tensors[2]),
              testing::HasSubstr("[0, 0]: 1000, expected 1 within"));
}

}  // namespace
}  // namespace tilewright::interpret
