// C++ text in the making: lines, names, and how the types of a module are spelled.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "mlir/IR/Location.h"
#include "mlir/IR/Types.h"

namespace tilewright::emit {

/// Lines with the indentation of the blocks that are open.
class CppText {
 public:
  /// One line; an empty one stays empty.
  void line(std::string_view text);
  /// A line that ends with '{', and whatever comes until close().
  void open(std::string_view text);
  /// The closing brace, and `tail` behind it: "} else {" is close and open of one line.
  void close(std::string_view tail = "");
  void reopen(std::string_view between);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  size_t depth_ = 0;
};

/// Identifiers of one function, each given out once.
class Names {
 public:
  Names();
  /// `wanted` made an identifier, with a number behind it if it is taken.
  std::string unique(std::string_view wanted);

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, unsigned, std::less<>> next_;
};

/// "float", "half", "int32_t", "int64_t" for index, "bool" for i1; "" for what is no number.
std::string cpp_type(mlir::Type type);
/// "FLOAT32": the enumerator of DataType; "" for what is none.
std::string data_type_name(mlir::Type element);
/// "f32", "i8", "u8", "index": how people write it.
std::string short_type(mlir::Type type);

/// The name that a location gives (mlir::NameLoc), or "".
std::string name_of(mlir::Location location);
/// "softmax.cpp:12" of the first file and line that a location names, without directories; "" if it names none.
std::string place_of(mlir::Location location);

/// "RowSoftmax" of "row_softmax".
std::string camel_case(std::string_view name);
/// `name` as an identifier of C++: what may not stand in one becomes '_'.
std::string identifier(std::string_view name);

}  // namespace tilewright::emit
