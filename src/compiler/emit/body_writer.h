// What kernels and orchestrations have in common as C++: numbers and their arithmetic, loops, branches.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/emit/cpp_text.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/IR/Operation.h"

namespace mlir::scf {
class ForOp;
class IfOp;
class WhileOp;
}  // namespace mlir::scf

namespace tilewright::emit {

/// How tightly an expression binds, as C++ has it: an operand that binds less is put in parentheses.
enum Binding : int { kTernary = 1, kOr, kXor, kAnd, kEqual, kRelation, kShift, kSum, kProduct, kUnary, kAtom };

/// An expression of C++.
struct Code {
  std::string text;
  int binding = kAtom;
};

/// Writes the operations of arith and scf, and leaves the others to a derived class. A value that is a number becomes an expression, which
/// is written where it is used if it is short and used once, else a variable. An operation that cannot be written is an error at it.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  virtual ~BodyWriter() = default;

 protected:
  /// All operations of a block but a terminator, which the operation around it writes.
  mlir::LogicalResult write_block(mlir::Block& block);
  virtual mlir::LogicalResult write_op(mlir::Operation& op);
  /// An operation that is neither of arith nor scf.
  virtual mlir::LogicalResult write_other(mlir::Operation& op) = 0;

  /// The C++ type of a variable of this type; "" if there is none.
  virtual std::string variable_type(mlir::Type type) const;
  /// A constant as C++ writes it; "" if it cannot be.
  virtual std::string constant_text(mlir::Attribute value, mlir::Type type) const;
  /// Values that a loop or branch carries and that are no variables (tiles): called instead of declaring and assigning one.
  virtual bool is_carried_otherwise(mlir::Type) const { return false; }
  virtual mlir::LogicalResult carry_otherwise(mlir::Value /*to*/, mlir::Value /*from*/) { return mlir::success(); }

  /// The expression for a value; of a number, a constant among them.
  Code code(mlir::Value value) const;
  /// The same, to stand where an operand of this binding can.
  std::string operand(mlir::Value value, int binding) const;
  std::string text(mlir::Value value) const { return code(value).text; }
  void set_code(mlir::Value value, Code code) { codes_[value] = std::move(code); }
  /// Whether the value is this constant.
  static bool is_constant(mlir::Value value, int64_t number);

  /// A name for a value: that of its location, else `otherwise`.
  std::string name_for(mlir::Value value, llvm::StringRef otherwise);
  /// Declares a const variable for a value and writes its place behind it.
  void define(mlir::Value value, llvm::StringRef otherwise, const std::string& expression);
  /// "  // softmax.cpp:12" where that is another line than last time; else "".
  std::string place_comment(mlir::Location location);
  void line(const std::string& text, mlir::Location location) { out.line(text + place_comment(location)); }

  /// A variable for what a loop or branch carries, with its first value if it has one yet; and all of them assigned at once.
  mlir::LogicalResult declare(mlir::Operation& op, mlir::Value value, mlir::Value initial, llvm::StringRef otherwise);
  mlir::LogicalResult assign(mlir::ValueRange to, mlir::ValueRange from);

  CppText out;
  Names names;
  std::set<std::string> helpers;  ///< of helper_functions(), those that are used

 private:
  mlir::LogicalResult write_arith(mlir::Operation& op);
  mlir::LogicalResult write_for(mlir::scf::ForOp loop);
  mlir::LogicalResult write_if(mlir::scf::IfOp branch);
  mlir::LogicalResult write_while(mlir::scf::WhileOp loop);
  mlir::FailureOr<Code> arith_code(mlir::Operation& op);

  llvm::DenseMap<mlir::Value, Code> codes_;
  std::string last_place_;
};

/// A constant as C++ writes it; "" if it cannot be.
std::string literal(mlir::Attribute value, mlir::Type type);

/// Definitions of those of floor_div, ceil_div, lesser, greater that are in `used`; `prefix` stands before each function's type.
std::string helper_functions(const std::set<std::string>& used, const std::string& prefix);

}  // namespace tilewright::emit
