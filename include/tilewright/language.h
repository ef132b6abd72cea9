// Tile programs in C++. A program is a function that runs once, and what it calls is recorded (tilewright/builder.h): loops over range()
// run their body once and become loops, variables that are assigned in them become what the loop carries.
//
//   void softmax(Tensor x, Out<Tensor> y) {
//     for (Index r : parallel(0, x.dim(0), 64)) {
//       at([&] {                                              // one task
//         Tile t = load(x, {r, 0}, {64, x.dim(1)});
//         Tile e = exp(t - row_max(t));
//         store(e / row_sum(e), y, {r, 0});
//       });
//     }
//   }
//   int main(int argc, char** argv) { return program("softmax", softmax, tensor(f32, {dynamic, 512}), tensor(f32, {dynamic, 512})).main(argc, argv); }
//
// - Tensor, Tile, Index, Scalar, Condition, TaskId, TaskIds are variables: reading one gives what it holds at that point of the program,
//   assigning changes it. What functions return are values, which `auto` keeps as values: they cannot be assigned to.
// - A condition that is known at run time only has no `if`: it does not convert to bool. if_() and while_() take functions. An `if` and a
//   `for` of C++ itself work on what is known while recording.
// - A mistake is reported at its line when the program ends, with the shapes; recording goes on.
//
// Where the words come from, and how the recording becomes kernels: docs/design/compiler.md. Free of MLIR; links with libtilewright-compiler.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <initializer_list>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tilewright/builder.h"

namespace tilewright {

using Where = std::source_location;

enum class DType : int {
  f32 = TWB_F32,
  f16 = TWB_F16,
  bf16 = TWB_BF16,
  f8e4m3 = TWB_F8E4M3,
  f8e5m2 = TWB_F8E5M2,
  i8 = TWB_I8,
  i16 = TWB_I16,
  i32 = TWB_I32,
  i64 = TWB_I64,
  u8 = TWB_U8,
  u16 = TWB_U16,
  u32 = TWB_U32,
  u64 = TWB_U64
};
using enum DType;
enum class Space : int {
  Anywhere = TWB_ANYWHERE,
  Vec = TWB_VEC,
  Mat = TWB_MAT,
  Left = TWB_LEFT,
  Right = TWB_RIGHT,
  Acc = TWB_ACC,
  Bias = TWB_BIAS
};
enum class Round : int { None, Rint, Nearest, Floor, Ceil, Trunc, Odd };
/// An extent of a program's tensor that only the run knows.
inline constexpr int64_t dynamic = TWB_OPEN;

namespace detail {

/// What is recorded now. One program at a time and thread.
struct Recording {
  twb_builder* builder = nullptr;
  const char* stack = nullptr;  ///< where the program's frames begin
  struct Kernel {
    int id;  ///< of the InCore
    std::string signature;  ///< types of its arguments
    std::string name;  ///< in the module
  };
  std::vector<Kernel> kernels;
};
inline thread_local Recording* recording = nullptr;

/// The builder, told where the program is. Ends the program where nothing can be recorded.
inline twb_builder* at(const Where& where) {
  const auto give_up = [&](const char* why) {
    std::fprintf(stderr, "%s:%u:%u: error: %s\n", where.file_name(), where.line(), where.column(), why);
    std::exit(2);
  };
  if (recording == nullptr) give_up("tile programs are recorded by program(...).main(); here nothing is");
  // An endless recursion has no other trace than the stack it eats.
  constexpr std::ptrdiff_t kMostStack = 4 << 20;
  const std::ptrdiff_t used = recording->stack - static_cast<const char*>(__builtin_frame_address(0));
  if (used > kMostStack || -used > kMostStack) give_up("the program's functions call themselves without end");
  twb_locate(recording->builder, where.file_name(), where.line(), where.column());
  return recording->builder;
}

struct IndexKind {};
struct ScalarKind {};
struct ConditionKind {};
struct TensorKind {};
struct TileKind {};
struct TaskKind {};
struct TasksKind {};

template <typename Kind>
class Argument;
template <typename Kind>
class Expression;
class Indices;

/// Member functions that values and variables of a kind share.
template <typename Kind, typename Self>
class Methods {};

template <typename Self>
class Methods<TensorKind, Self> {
 public:
  Expression<IndexKind> dim(size_t dimension, Where where = Where::current()) const;
  size_t rank() const;
  /// The rectangle of these extents that begins at these offsets.
  Expression<TensorKind> view(Indices offsets, Indices extents, Where where = Where::current()) const;
  /// One element, which the orchestration waits for.
  Expression<ScalarKind> read(Indices indices, Where where = Where::current()) const;
  void write(Indices indices, Argument<ScalarKind> value) const;

 private:
  Argument<TensorKind> self(Where where) const;
};

template <typename Self>
class Methods<TileKind, Self> {
 public:
  Expression<IndexKind> valid_rows(Where where = Where::current()) const;
  Expression<IndexKind> valid_columns(Where where = Where::current()) const;
  Expression<ScalarKind> read(Argument<IndexKind> row, Argument<IndexKind> column) const;

 private:
  Argument<TileKind> self(Where where) const;
  Expression<IndexKind> valid(size_t dimension, Where where) const;
};

template <typename Self>
class Methods<TasksKind, Self> {
 public:
  Expression<TaskKind> operator[](Argument<IndexKind> index) const;
};

/// A value. It is made once and never changes.
template <typename Kind>
class Expression : public Methods<Kind, Expression<Kind>> {
 public:
  explicit Expression(twb_value value) : value_(value) {}
  Expression(const Expression&) = default;
  Expression& operator=(const Expression&) = delete;  // a value; declare a Tile, Index, ... for what changes
  twb_value value() const { return value_; }

 private:
  twb_value value_;
};

/// A variable that was declared beforehand: what parameters are made of. Compilers copy arguments in an order of their own.
template <typename Kind>
struct Declared {
  twb_value slot;
};

/// A variable of the program.
template <typename Kind>
class Variable : public Methods<Kind, Variable<Kind>> {
 public:
  /// Without a value until it is assigned.
  explicit Variable(Where where = Where::current()) : slot_(twb_declare(at(where), 0)) {}
  Variable(const Expression<Kind>& first, Where where = Where::current()) : slot_(twb_declare(at(where), first.value())) {}
  Variable(Declared<Kind> declared) : slot_(declared.slot) {}
  Variable(const Variable& other, Where where = Where::current()) : slot_(0) {
    twb_builder* b = at(where);
    slot_ = twb_declare(b, twb_get(b, other.slot_));
  }
  template <std::integral T>
    requires std::same_as<Kind, IndexKind>
  Variable(T first, Where where = Where::current()) : slot_(0) {
    twb_builder* b = at(where);
    slot_ = twb_declare(b, twb_integer(b, TWB_INDEX, static_cast<int64_t>(first)));
  }
  /// Assignments take an Argument, which knows its line; an assignment to a temporary is a mistake.
  Variable& operator=(const Variable&) && = delete;
  Variable& operator=(Argument<Kind> value) & {
    twb_builder* b = at(value.where());
    if constexpr (std::same_as<Kind, ScalarKind>) {
      twb_set(b, slot_, value.read(b, twb_dtype_of(b, slot_)));
    } else {
      twb_set(b, slot_, value.read(b));
    }
    return *this;
  }
  twb_value slot() const { return slot_; }

 private:
  twb_value slot_;
};

/// What a function is given: a value or a variable, and the line. Variables are read in the function, not before: in which
/// order a compiler evaluates arguments then makes no difference.
template <typename Kind>
class ArgumentBase {
 public:
  ArgumentBase(twb_value value, bool is_slot, Where where) : value_(value), is_slot_(is_slot), where_(where) {}
  twb_value read(twb_builder* b) const { return is_slot_ ? twb_get(b, value_) : value_; }
  const Where& where() const { return where_; }

 private:
  twb_value value_;
  bool is_slot_;
  Where where_;
};

template <typename Kind>
class Argument : public ArgumentBase<Kind> {
 public:
  Argument(const Expression<Kind>& value, Where where = Where::current()) : ArgumentBase<Kind>(value.value(), false, where) {}
  Argument(const Variable<Kind>& variable, Where where = Where::current()) : ArgumentBase<Kind>(variable.slot(), true, where) {}
};

/// An index, or a number of C++.
template <>
class Argument<IndexKind> {
 public:
  Argument(const Expression<IndexKind>& value, Where where = Where::current()) : base_(value.value(), false, where) {}
  Argument(const Variable<IndexKind>& variable, Where where = Where::current()) : base_(variable.slot(), true, where) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Argument(T number, Where where = Where::current()) : base_(0, false, where), number_(static_cast<int64_t>(number)), is_number_(true) {}
  twb_value read(twb_builder* b) const { return is_number_ ? twb_integer(b, TWB_INDEX, number_) : base_.read(b); }
  const Where& where() const { return base_.where(); }

 private:
  ArgumentBase<IndexKind> base_;
  int64_t number_ = 0;
  bool is_number_ = false;
};

/// A scalar, or a number of C++, which takes the type of what it is combined with.
template <>
class Argument<ScalarKind> {
 public:
  Argument(const Expression<ScalarKind>& value, Where where = Where::current()) : base_(value.value(), false, where) {}
  Argument(const Variable<ScalarKind>& variable, Where where = Where::current()) : base_(variable.slot(), true, where) {}
  template <typename T>
    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
  Argument(T number, Where where = Where::current()) : base_(0, false, where), number_(static_cast<double>(number)), is_number_(true) {}
  twb_value read(twb_builder* b, twb_dtype dtype) const { return is_number_ ? twb_float(b, dtype, number_) : base_.read(b); }
  bool is_number() const { return is_number_; }
  const Where& where() const { return base_.where(); }

 private:
  ArgumentBase<ScalarKind> base_;
  double number_ = 0;
  bool is_number_ = false;
};

/// A task to wait for: one, or all of an array.
template <>
class Argument<TaskKind> : public ArgumentBase<TaskKind> {
 public:
  Argument(const Expression<TaskKind>& value, Where where = Where::current()) : ArgumentBase(value.value(), false, where) {}
  Argument(const Variable<TaskKind>& variable, Where where = Where::current()) : ArgumentBase(variable.slot(), true, where) {}
};

using IndexArg = Argument<IndexKind>;
using ScalarArg = Argument<ScalarKind>;
using ConditionArg = Argument<ConditionKind>;
using TensorArg = Argument<TensorKind>;
using TileArg = Argument<TileKind>;
using TaskArg = Argument<TaskKind>;
using TasksArg = Argument<TasksKind>;

/// `{r, 0}`: offsets, extents, rows and columns.
class Indices {
 public:
  Indices() = default;
  Indices(std::initializer_list<IndexArg> list) : list_(list) {}
  std::vector<twb_value> read(twb_builder* b) const {
    std::vector<twb_value> values;
    for (const IndexArg& index : list_) values.push_back(index.read(b));
    return values;
  }
  size_t size() const { return list_.size(); }

 private:
  std::vector<IndexArg> list_;
};

}  // namespace detail

using Index = detail::Variable<detail::IndexKind>;
using Scalar = detail::Variable<detail::ScalarKind>;
using Condition = detail::Variable<detail::ConditionKind>;
using Tensor = detail::Variable<detail::TensorKind>;
using Tile = detail::Variable<detail::TileKind>;
using TaskId = detail::Variable<detail::TaskKind>;
using TaskIds = detail::Variable<detail::TasksKind>;

using IndexValue = detail::Expression<detail::IndexKind>;
using ScalarValue = detail::Expression<detail::ScalarKind>;
using ConditionValue = detail::Expression<detail::ConditionKind>;
using TensorValue = detail::Expression<detail::TensorKind>;
using TileValue = detail::Expression<detail::TileKind>;
using TaskValue = detail::Expression<detail::TaskKind>;
using TasksValue = detail::Expression<detail::TasksKind>;

using detail::ConditionArg;
using detail::IndexArg;
using detail::Indices;
using detail::ScalarArg;
using detail::TaskArg;
using detail::TasksArg;
using detail::TensorArg;
using detail::TileArg;

/// A parameter that the function writes, and one that it reads and writes.
template <typename T>
class Out : public T {
 public:
  Out(detail::Declared<detail::TensorKind> declared) : T(declared) {}
};
template <typename T>
class InOut : public T {
 public:
  InOut(detail::Declared<detail::TensorKind> declared) : T(declared) {}
};

// ---- numbers ------------------------------------------------------------------------------------------------

namespace detail {

inline IndexValue calculate(twb_arith how, const IndexArg& l, const IndexArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return IndexValue(twb_calculate(b, how, left, right));
}
inline ConditionValue test(twb_compare how, const IndexArg& l, const IndexArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return ConditionValue(twb_test(b, how, left, right));
}

/// Both as values, a number of C++ in the type of the other one.
inline std::pair<twb_value, twb_value> read_pair(twb_builder* b, const ScalarArg& l, const ScalarArg& r) {
  if (l.is_number()) {
    const twb_value right = r.read(b, TWB_F32);
    return {l.read(b, twb_dtype_of(b, right)), right};
  }
  const twb_value left = l.read(b, TWB_F32);
  return {left, r.read(b, twb_dtype_of(b, left))};
}
inline ScalarValue calculate(twb_arith how, const ScalarArg& l, const ScalarArg& r) {
  twb_builder* b = at(l.where());
  const auto [left, right] = read_pair(b, l, r);
  return ScalarValue(twb_calculate(b, how, left, right));
}
inline ConditionValue test(twb_compare how, const ScalarArg& l, const ScalarArg& r) {
  twb_builder* b = at(l.where());
  const auto [left, right] = read_pair(b, l, r);
  return ConditionValue(twb_test(b, how, left, right));
}
inline ConditionValue both(twb_arith how, const ConditionArg& l, const ConditionArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return ConditionValue(twb_calculate(b, how, left, right));
}

// In this namespace they are found wherever an operand is of the language.
#define TW_LANGUAGE_OPERATOR(SIGN, HOW)                                                                               \
  inline IndexValue operator SIGN(IndexArg left, IndexArg right) { return calculate(HOW, left, right); }              \
  inline ScalarValue operator SIGN(ScalarArg left, ScalarArg right) { return calculate(HOW, left, right); }           \
  inline Index& operator SIGN##=(Index & variable, IndexArg value) {                                                  \
    return variable = IndexArg(calculate(HOW, IndexArg(variable, value.where()), value), value.where());              \
  }                                                                                                                   \
  inline Scalar& operator SIGN##=(Scalar & variable, ScalarArg value) {                                               \
    return variable = Argument<ScalarKind>(calculate(HOW, ScalarArg(variable, value.where()), value), value.where()); \
  }
TW_LANGUAGE_OPERATOR(+, TWB_ADD)
TW_LANGUAGE_OPERATOR(-, TWB_SUB)
TW_LANGUAGE_OPERATOR(*, TWB_MUL)
TW_LANGUAGE_OPERATOR(/, TWB_DIV)
TW_LANGUAGE_OPERATOR(%, TWB_REM)
#undef TW_LANGUAGE_OPERATOR
#define TW_LANGUAGE_COMPARISON(SIGN, HOW)                                                               \
  inline ConditionValue operator SIGN(IndexArg left, IndexArg right) { return test(HOW, left, right); } \
  inline ConditionValue operator SIGN(ScalarArg left, ScalarArg right) { return test(HOW, left, right); }
TW_LANGUAGE_COMPARISON(==, TWB_EQ)
TW_LANGUAGE_COMPARISON(!=, TWB_NE)
TW_LANGUAGE_COMPARISON(<, TWB_LT)
TW_LANGUAGE_COMPARISON(>, TWB_GT)
TW_LANGUAGE_COMPARISON(>=, TWB_GE)
TW_LANGUAGE_COMPARISON(<=, TWB_LE)
#undef TW_LANGUAGE_COMPARISON
/// Both sides are computed, as with every other operator.
inline ConditionValue operator&(ConditionArg left, ConditionArg right) { return both(TWB_AND, left, right); }
inline ConditionValue operator|(ConditionArg left, ConditionArg right) { return both(TWB_OR, left, right); }

}  // namespace detail

inline IndexValue min(IndexArg left, IndexArg right) { return detail::calculate(TWB_MIN, left, right); }
inline IndexValue max(IndexArg left, IndexArg right) { return detail::calculate(TWB_MAX, left, right); }
inline ScalarValue min(ScalarArg left, ScalarArg right) { return detail::calculate(TWB_MIN, left, right); }
inline ScalarValue max(ScalarArg left, ScalarArg right) { return detail::calculate(TWB_MAX, left, right); }

/// A number of this type.
inline ScalarValue scalar(double number, DType dtype, Where where = Where::current()) {
  return ScalarValue(twb_float(detail::at(where), static_cast<twb_dtype>(dtype), number));
}
/// The number in another type; an index as a scalar, and a scalar of integers as an index.
inline ScalarValue convert(ScalarArg number, DType dtype) {
  twb_builder* b = detail::at(number.where());
  return ScalarValue(twb_convert(b, static_cast<twb_dtype>(dtype), number.read(b, static_cast<twb_dtype>(dtype))));
}
inline ScalarValue to_scalar(IndexArg index, DType dtype) {
  twb_builder* b = detail::at(index.where());
  return ScalarValue(twb_convert(b, static_cast<twb_dtype>(dtype), index.read(b)));
}
inline IndexValue to_index(ScalarArg number) {
  twb_builder* b = detail::at(number.where());
  return IndexValue(twb_convert(b, TWB_INDEX, number.read(b, TWB_I64)));
}
/// One of two numbers.
inline IndexValue choose(ConditionArg condition, IndexArg if_true, IndexArg if_false) {
  twb_builder* b = detail::at(condition.where());
  const twb_value c = condition.read(b), t = if_true.read(b), f = if_false.read(b);
  return IndexValue(twb_choose(b, c, t, f));
}

// ---- tensors ------------------------------------------------------------------------------------------------

namespace detail {

template <typename Self>
IndexValue Methods<TensorKind, Self>::dim(size_t dimension, Where where) const {
  twb_builder* b = at(where);
  return IndexValue(twb_dim(b, self(where).read(b), dimension));
}
template <typename Self>
size_t Methods<TensorKind, Self>::rank() const {
  twb_builder* b = recording->builder;
  return twb_rank(b, self(Where()).read(b));
}
template <typename Self>
TensorValue Methods<TensorKind, Self>::view(Indices offsets, Indices extents, Where where) const {
  twb_builder* b = at(where);
  const twb_value tensor = self(where).read(b);
  if (offsets.size() != extents.size()) twb_error(b, "view: there are as many offsets as extents");
  const std::vector<twb_value> first = offsets.read(b), size = extents.read(b);
  return TensorValue(first.size() == size.size() ? twb_view(b, tensor, first.data(), size.data(), first.size()) : 0);
}
template <typename Self>
ScalarValue Methods<TensorKind, Self>::read(Indices indices, Where where) const {
  twb_builder* b = at(where);
  const twb_value tensor = self(where).read(b);
  const std::vector<twb_value> position = indices.read(b);
  return ScalarValue(twb_read(b, tensor, position.data(), position.size()));
}
template <typename Self>
void Methods<TensorKind, Self>::write(Indices indices, ScalarArg value) const {
  twb_builder* b = at(value.where());
  const twb_value tensor = self(value.where()).read(b);
  const std::vector<twb_value> position = indices.read(b);
  twb_write(b, value.read(b, twb_dtype_of(b, tensor)), tensor, position.data(), position.size());
}
template <typename Self>
TensorArg Methods<TensorKind, Self>::self(Where where) const {
  return TensorArg(static_cast<const Self&>(*this), where);
}

}  // namespace detail

/// A new tensor in device memory, for the life of the scope; `untracked`: the runtime finds no dependencies of it.
struct CreateOptions {
  bool untracked = false;
};
inline TensorValue create(Indices extents, DType dtype, CreateOptions options = {}, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  const std::vector<twb_value> size = extents.read(b);
  return TensorValue(twb_new_tensor(b, static_cast<twb_dtype>(dtype), size.data(), size.size(), 0, options.untracked));
}
/// The same with a number in every element.
inline TensorValue create_filled(Indices extents, DType dtype, ScalarArg number, CreateOptions options = {}) {
  twb_builder* b = detail::at(number.where());
  const std::vector<twb_value> size = extents.read(b);
  const twb_value first = number.read(b, static_cast<twb_dtype>(dtype));
  return TensorValue(first == 0 ? 0 : twb_new_tensor(b, static_cast<twb_dtype>(dtype), size.data(), size.size(), first, options.untracked));
}
inline TensorValue reshape(TensorArg tensor, Indices extents) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b);
  const std::vector<twb_value> size = extents.read(b);
  return TensorValue(twb_reshape(b, from, size.data(), size.size()));
}
inline TensorValue transpose(TensorArg tensor, size_t first, size_t second) {
  twb_builder* b = detail::at(tensor.where());
  return TensorValue(twb_transpose(b, tensor.read(b), first, second));
}
/// Puts `tensor` into `into`, from these offsets on.
inline void assemble(TensorArg tensor, TensorArg into, Indices offsets) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b), to = into.read(b);
  const std::vector<twb_value> first = offsets.read(b);
  twb_assemble(b, from, to, first.data(), first.size());
}

// ---- tiles --------------------------------------------------------------------------------------------------

/// Where a tile lies, else the compiler decides; and how much of it holds values, else all of it.
struct TileOptions {
  Space space = Space::Anywhere;
  Indices valid = {};
};

namespace detail {

/// Rows and columns, and options, as the builder takes them. False after an error.
inline bool read_shape(twb_builder* b, const Indices& shape, const TileOptions& options, twb_shape& result) {
  if (shape.size() != 2 || (options.valid.size() != 0 && options.valid.size() != 2)) {
    twb_error(b, "a tile has two sizes, rows and columns, and so has its valid region");
    return false;
  }
  const std::vector<twb_value> size = shape.read(b), valid = options.valid.read(b);
  result = {size[0], size[1], valid.empty() ? 0 : valid[0], valid.empty() ? 0 : valid[1], static_cast<twb_space>(options.space)};
  return true;
}

inline TileValue apply(twb_builder* b, const char* name, std::initializer_list<twb_value> operands, const char* word = nullptr) {
  return TileValue(twb_operator(b, name, operands.begin(), operands.size(), nullptr, TWB_F32, word));
}

/// Of two tiles, one of which may be a column or row that belongs to each column or row of the other.
inline TileValue combine(const std::string& name, const TileArg& l, const TileArg& r) {
  twb_builder* b = at(l.where());
  twb_value left = l.read(b), right = r.read(b);
  const auto is_part_of = [&](twb_value part, twb_value whole, size_t dimension) {
    return twb_extent(b, part, dimension) == 1 && twb_extent(b, whole, dimension) > 1;
  };
  if ((name == "add" || name == "mul" || name == "max" || name == "min") && !is_part_of(right, left, 0) && !is_part_of(right, left, 1) &&
      (is_part_of(left, right, 0) || is_part_of(left, right, 1))) {
    std::swap(left, right);
  }
  if (is_part_of(right, left, 1)) return apply(b, ("row_expand_" + name).c_str(), {left, right});
  if (is_part_of(right, left, 0)) return apply(b, ("col_expand_" + name).c_str(), {left, right});
  return apply(b, name.c_str(), {left, right});
}
inline TileValue combine_number(const char* name, const TileArg& tile, const ScalarArg& number) {
  twb_builder* b = at(tile.where());
  const twb_value left = tile.read(b);
  return apply(b, name, {left, number.read(b, twb_dtype_of(b, left))});
}
inline TileValue unary(const char* name, const TileArg& tile) {
  twb_builder* b = at(tile.where());
  return apply(b, name, {tile.read(b)});
}
inline TileValue binary(const char* name, const TileArg& l, const TileArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return apply(b, name, {left, right});
}
inline TileValue compare(const char* how, const TileArg& l, const TileArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return apply(b, "compare", {left, right}, how);
}
inline TileValue compare_number(const char* how, const TileArg& tile, const ScalarArg& number) {
  twb_builder* b = at(tile.where());
  const twb_value left = tile.read(b);
  return apply(b, "compares", {left, number.read(b, twb_dtype_of(b, left))}, how);
}

#define TW_LANGUAGE_TILE_OPERATOR(SIGN, NAME)                                                        \
  inline TileValue operator SIGN(TileArg left, TileArg right) { return combine(NAME, left, right); } \
  inline TileValue operator SIGN(TileArg left, ScalarArg right) { return combine_number(NAME "s", left, right); }
TW_LANGUAGE_TILE_OPERATOR(+, "add")
TW_LANGUAGE_TILE_OPERATOR(-, "sub")
TW_LANGUAGE_TILE_OPERATOR(*, "mul")
TW_LANGUAGE_TILE_OPERATOR(/, "div")
TW_LANGUAGE_TILE_OPERATOR(%, "rem")
#undef TW_LANGUAGE_TILE_OPERATOR
#define TW_LANGUAGE_TILE_BITS(SIGN, NAME)                                                           \
  inline TileValue operator SIGN(TileArg left, TileArg right) { return binary(NAME, left, right); } \
  inline TileValue operator SIGN(TileArg left, ScalarArg right) { return combine_number(NAME "s", left, right); }
TW_LANGUAGE_TILE_BITS(&, "and")
TW_LANGUAGE_TILE_BITS(|, "or")
TW_LANGUAGE_TILE_BITS(^, "xor")
TW_LANGUAGE_TILE_BITS(<<, "shl")
TW_LANGUAGE_TILE_BITS(>>, "shr")
#undef TW_LANGUAGE_TILE_BITS
#define TW_LANGUAGE_TILE_COMPARISON(SIGN, HOW)                                                      \
  inline TileValue operator SIGN(TileArg left, TileArg right) { return compare(HOW, left, right); } \
  inline TileValue operator SIGN(TileArg left, ScalarArg right) { return compare_number(HOW, left, right); }
TW_LANGUAGE_TILE_COMPARISON(==, "eq")
TW_LANGUAGE_TILE_COMPARISON(!=, "ne")
TW_LANGUAGE_TILE_COMPARISON(<, "lt")
TW_LANGUAGE_TILE_COMPARISON(>, "gt")
TW_LANGUAGE_TILE_COMPARISON(>=, "ge")
TW_LANGUAGE_TILE_COMPARISON(<=, "le")
#undef TW_LANGUAGE_TILE_COMPARISON
inline TileValue operator+(ScalarArg left, TileArg right) { return combine_number("adds", right, left); }
inline TileValue operator*(ScalarArg left, TileArg right) { return combine_number("muls", right, left); }
inline TileValue operator/(ScalarArg left, TileArg right) { return combine_number("rdivs", right, left); }
inline TileValue operator-(TileArg tile) { return unary("neg", tile); }
inline TileValue operator-(ScalarArg left, TileArg right) {
  return combine_number("adds", TileArg(unary("neg", right), right.where()), left);
}
inline TileValue operator~(TileArg tile) { return unary("not", tile); }

/// Adds to a tile. A product that is made for it is accumulated where the sum lies.
inline Tile& operator+=(Tile& sum, TileArg value) {
  twb_builder* b = at(value.where());
  const twb_value old = twb_get(b, sum.slot()), added = value.read(b);
  return sum = TileArg(TileValue(twb_accumulate(b, old, added)), value.where());
}
inline Tile& operator-=(Tile& tile, TileArg value) {
  return tile = TileArg(combine("sub", TileArg(tile, value.where()), value), value.where());
}
inline Tile& operator*=(Tile& tile, TileArg value) {
  return tile = TileArg(combine("mul", TileArg(tile, value.where()), value), value.where());
}
inline Tile& operator/=(Tile& tile, TileArg value) {
  return tile = TileArg(combine("div", TileArg(tile, value.where()), value), value.where());
}
inline Tile& operator+=(Tile& tile, ScalarArg n) { return tile = TileArg(combine_number("adds", TileArg(tile, n.where()), n), n.where()); }
inline Tile& operator-=(Tile& tile, ScalarArg n) { return tile = TileArg(combine_number("subs", TileArg(tile, n.where()), n), n.where()); }
inline Tile& operator*=(Tile& tile, ScalarArg n) { return tile = TileArg(combine_number("muls", TileArg(tile, n.where()), n), n.where()); }
inline Tile& operator/=(Tile& tile, ScalarArg n) { return tile = TileArg(combine_number("divs", TileArg(tile, n.where()), n), n.where()); }

template <typename Self>
IndexValue Methods<TileKind, Self>::valid_rows(Where where) const {
  return valid(0, where);
}
template <typename Self>
IndexValue Methods<TileKind, Self>::valid_columns(Where where) const {
  return valid(1, where);
}
template <typename Self>
ScalarValue Methods<TileKind, Self>::read(IndexArg row, IndexArg column) const {
  twb_builder* b = at(row.where());
  const twb_value tile = self(row.where()).read(b), r = row.read(b), c = column.read(b);
  return ScalarValue(twb_read_tile(b, tile, r, c));
}
template <typename Self>
TileArg Methods<TileKind, Self>::self(Where where) const {
  return TileArg(static_cast<const Self&>(*this), where);
}
template <typename Self>
IndexValue Methods<TileKind, Self>::valid(size_t dimension, Where where) const {
  twb_builder* b = at(where);
  return IndexValue(twb_valid(b, self(where).read(b), dimension));
}

}  // namespace detail

/// The elements of `tensor` from these indices on, in a tile of this shape.
inline TileValue load(TensorArg tensor, Indices indices, Indices shape, TileOptions options = {}) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b);
  const std::vector<twb_value> first = indices.read(b);
  twb_shape size;
  return TileValue(detail::read_shape(b, shape, options, size) ? twb_load(b, from, first.data(), first.size(), &size) : 0);
}
/// Writes the valid region of `tile` to `tensor`, from these indices on.
inline void store(TileArg tile, TensorArg tensor, Indices indices) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = tensor.read(b);
  const std::vector<twb_value> first = indices.read(b);
  twb_store(b, from, to, first.data(), first.size(), 0);
}
/// Adds the valid region of `tile` to what `tensor` holds; blocks and tasks may do so side by side.
inline void store_add(TileArg tile, TensorArg tensor, Indices indices) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = tensor.read(b);
  const std::vector<twb_value> first = indices.read(b);
  twb_store(b, from, to, first.data(), first.size(), 1);
}
/// The rows of a tensor that a 1xR tile of i32 names.
inline TileValue gather_rows(TensorArg tensor, TileArg indices) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b);
  return TileValue(twb_gather_load(b, from, indices.read(b)));
}
inline void scatter_rows(TileArg tile, TensorArg tensor, TileArg indices) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = tensor.read(b);
  twb_scatter_store(b, from, to, indices.read(b));
}

/// A number in every element.
inline TileValue full(Indices shape, DType dtype, ScalarArg number) {
  twb_builder* b = detail::at(number.where());
  twb_shape size;
  if (!detail::read_shape(b, shape, {}, size)) return TileValue(0);
  const twb_value operand = number.read(b, static_cast<twb_dtype>(dtype));
  return TileValue(twb_operator(b, "fill", &operand, 1, &size, static_cast<twb_dtype>(dtype), nullptr));
}
inline TileValue zeros(Indices shape, DType dtype, Where where = Where::current()) { return full(shape, dtype, ScalarArg(0, where)); }
/// first, first + 1, ...: one row of integers.
inline TileValue iota(int64_t columns, DType dtype, ScalarArg first) {
  twb_builder* b = detail::at(first.where());
  const twb_shape size = {twb_integer(b, TWB_INDEX, 1), twb_integer(b, TWB_INDEX, columns), 0, 0, TWB_ANYWHERE};
  const twb_value operand = first.read(b, static_cast<twb_dtype>(dtype));
  return TileValue(twb_operator(b, "iota", &operand, 1, &size, static_cast<twb_dtype>(dtype), nullptr));
}
/// A tile whose elements are not set.
inline TileValue new_tile(Indices shape, DType dtype, TileOptions options = {}, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  twb_shape size;
  return TileValue(detail::read_shape(b, shape, options, size) ? twb_new_tile(b, static_cast<twb_dtype>(dtype), &size) : 0);
}

#define TW_LANGUAGE_UNARY(NAME) \
  inline TileValue NAME(TileArg tile) { return detail::unary(#NAME, tile); }
TW_LANGUAGE_UNARY(abs)
TW_LANGUAGE_UNARY(exp)
TW_LANGUAGE_UNARY(log)
TW_LANGUAGE_UNARY(sqrt)
TW_LANGUAGE_UNARY(rsqrt)
TW_LANGUAGE_UNARY(recip)
TW_LANGUAGE_UNARY(relu)
TW_LANGUAGE_UNARY(row_sum)
TW_LANGUAGE_UNARY(row_max)
TW_LANGUAGE_UNARY(row_min)
TW_LANGUAGE_UNARY(col_sum)
TW_LANGUAGE_UNARY(col_max)
TW_LANGUAGE_UNARY(col_min)
TW_LANGUAGE_UNARY(transpose)
#undef TW_LANGUAGE_UNARY
inline TileValue max(TileArg left, TileArg right) { return detail::combine("max", left, right); }
inline TileValue min(TileArg left, TileArg right) { return detail::combine("min", left, right); }
inline TileValue max(TileArg left, ScalarArg right) { return detail::combine_number("maxs", left, right); }
inline TileValue min(TileArg left, ScalarArg right) { return detail::combine_number("mins", left, right); }
inline TileValue fmod(TileArg left, TileArg right) { return detail::binary("fmod", left, right); }
inline TileValue fmod(TileArg left, ScalarArg right) { return detail::combine_number("fmods", left, right); }
inline TileValue prelu(TileArg tile, TileArg slope) { return detail::binary("prelu", tile, slope); }
inline TileValue lrelu(TileArg tile, ScalarArg slope) { return detail::combine_number("lrelu", tile, slope); }
/// exp(tile - v) for the row's, or column's, value v.
inline TileValue expdif(TileArg tile, TileArg part) {
  twb_builder* b = detail::at(tile.where());
  const twb_value whole = tile.read(b), value = part.read(b);
  return detail::apply(b, twb_extent(b, value, 0) == 1 ? "col_expand_expdif" : "row_expand_expdif", {whole, value});
}
/// sum + factor * tile, where the sum lies.
inline TileValue axpy(TileArg sum, TileArg tile, ScalarArg factor) {
  twb_builder* b = detail::at(sum.where());
  const twb_value s = sum.read(b), t = tile.read(b);
  return detail::apply(b, "axpy", {s, t, factor.read(b, twb_dtype_of(b, t))});
}
inline TileValue select(TileArg mask, TileArg if_set, TileArg otherwise) {
  twb_builder* b = detail::at(mask.where());
  const twb_value m = mask.read(b), t = if_set.read(b), f = otherwise.read(b);
  return detail::apply(b, "select", {m, t, f});
}
inline TileValue select(TileArg mask, TileArg if_set, ScalarArg otherwise) {
  twb_builder* b = detail::at(mask.where());
  const twb_value m = mask.read(b), t = if_set.read(b);
  return detail::apply(b, "selects", {m, t, otherwise.read(b, twb_dtype_of(b, t))});
}
/// A column repeated along its rows, a row repeated along its columns.
inline TileValue row_expand(TileArg column, int64_t columns) {
  twb_builder* b = detail::at(column.where());
  const twb_value from = column.read(b);
  const twb_shape size = {twb_integer(b, TWB_INDEX, twb_extent(b, from, 0)), twb_integer(b, TWB_INDEX, columns), 0, 0, TWB_ANYWHERE};
  return TileValue(from == 0 ? 0 : twb_operator(b, "row_expand", &from, 1, &size, twb_dtype_of(b, from), nullptr));
}
inline TileValue col_expand(TileArg row, int64_t rows) {
  twb_builder* b = detail::at(row.where());
  const twb_value from = row.read(b);
  const twb_shape size = {twb_integer(b, TWB_INDEX, rows), twb_integer(b, TWB_INDEX, twb_extent(b, from, 1)), 0, 0, TWB_ANYWHERE};
  return TileValue(from == 0 ? 0 : twb_operator(b, "col_expand", &from, 1, &size, twb_dtype_of(b, from), nullptr));
}
inline TileValue matmul(TileArg left, TileArg right) { return detail::binary("matmul", left, right); }
inline TileValue matmul(TileArg left, TileArg right, TileArg bias) {
  twb_builder* b = detail::at(left.where());
  const twb_value l = left.read(b), r = right.read(b), c = bias.read(b);
  return detail::apply(b, "matmul_bias", {l, r, c});
}
inline TileValue cast(TileArg tile, DType dtype, Round round = Round::Rint) {
  constexpr const char* kWords[] = {"none", "rint", "round", "floor", "ceil", "trunc", "odd"};
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b);
  return TileValue(twb_operator(b, "cast", &from, 1, nullptr, static_cast<twb_dtype>(dtype), kWords[static_cast<int>(round)]));
}
inline TileValue concat(TileArg left, TileArg right) { return detail::binary("concat", left, right); }
inline TileValue gather(TileArg tile, TileArg indices) { return detail::binary("gather", tile, indices); }
inline TileValue scatter(TileArg into, TileArg tile, TileArg indices) {
  twb_builder* b = detail::at(into.where());
  const twb_value to = into.read(b), from = tile.read(b), at = indices.read(b);
  return detail::apply(b, "scatter", {to, from, at});
}
enum class Pad : int { Zero, Min, Max };
/// All of the tile valid, with this in what was not.
inline TileValue pad(TileArg tile, Pad value) {
  constexpr const char* kWords[] = {"zero", "min", "max"};
  twb_builder* b = detail::at(tile.where());
  return detail::apply(b, "pad", {tile.read(b)}, kWords[static_cast<int>(value)]);
}
/// The tile in a memory of the program's choice.
inline TileValue move(TileArg tile, Space space) {
  twb_builder* b = detail::at(tile.where());
  return TileValue(twb_move(b, tile.read(b), static_cast<twb_space>(space)));
}
/// The part of this shape that begins at this row and column.
inline TileValue extract(TileArg tile, Indices at, Indices shape, TileOptions options = {}) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b);
  const std::vector<twb_value> first = at.read(b);
  twb_shape size;
  if (first.size() != 2) twb_error(b, "extract: a part begins at a row and a column");
  if (first.size() != 2 || !detail::read_shape(b, shape, options, size)) return TileValue(0);
  return TileValue(twb_extract(b, from, first[0], first[1], &size));
}
/// `into` with `tile` in it, from this row and column on.
inline TileValue insert(TileArg tile, TileArg into, Indices at) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = into.read(b);
  const std::vector<twb_value> first = at.read(b);
  if (first.size() != 2) twb_error(b, "insert: a part begins at a row and a column");
  return TileValue(first.size() == 2 ? twb_insert(b, from, to, first[0], first[1]) : 0);
}
inline TileValue reshape(TileArg tile, int64_t rows, int64_t columns) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), r = twb_integer(b, TWB_INDEX, rows), c = twb_integer(b, TWB_INDEX, columns);
  return TileValue(twb_reshape_tile(b, from, r, c));
}
inline TileValue set_valid(TileArg tile, IndexArg rows, IndexArg columns) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), r = rows.read(b), c = columns.read(b);
  return TileValue(twb_set_valid(b, from, r, c));
}
/// The tile with another value for one element.
inline TileValue set_element(TileArg tile, IndexArg row, IndexArg column, ScalarArg number) {
  twb_builder* b = detail::at(tile.where());
  const twb_value to = tile.read(b), r = row.read(b), c = column.read(b);
  return TileValue(twb_write_tile(b, number.read(b, twb_dtype_of(b, to)), to, r, c));
}

// ---- tasks --------------------------------------------------------------------------------------------------

namespace detail {

template <typename Self>
TaskValue Methods<TasksKind, Self>::operator[](IndexArg index) const {
  twb_builder* b = at(index.where());
  const twb_value tasks = TasksArg(static_cast<const Self&>(*this), index.where()).read(b);
  return TaskValue(twb_get_task(b, tasks, index.read(b)));
}

/// One task to wait for, or an array of them.
class Dependency {
 public:
  Dependency(const TaskValue& task, Where where = Where::current()) : argument_(task.value(), false, where) {}
  Dependency(const TaskId& task, Where where = Where::current()) : argument_(task.slot(), true, where) {}
  Dependency(const TasksValue& tasks, Where where = Where::current()) : argument_(tasks.value(), false, where) {}
  Dependency(const TaskIds& tasks, Where where = Where::current()) : argument_(tasks.slot(), true, where) {}
  twb_value read(twb_builder* b) const { return argument_.read(b); }

 private:
  ArgumentBase<TaskKind> argument_;
};

inline std::vector<twb_value> read_all(twb_builder* b, const auto& list) {
  std::vector<twb_value> values;
  for (const auto& item : list) values.push_back(item.read(b));
  return values;
}

}  // namespace detail

/// Runs a task only if an element of a tensor of integers, read when the task becomes ready, compares so with a number.
struct When {
  std::vector<TensorArg> tensor;  ///< one
  Indices indices;
  twb_compare relation;
  int64_t target;
};
inline When when(TensorArg tensor, Indices indices, twb_compare relation, int64_t target) { return {{tensor}, indices, relation, target}; }

struct TaskOptions {
  const char* name = nullptr;
  std::vector<detail::Dependency> after = {};  ///< besides what the runtime finds
  std::vector<TensorArg> no_dep = {};  ///< tensors that the runtime does not look at
  std::vector<IndexArg> blocks = {};  ///< one number: an SPMD task
  bool sync_start = false;  ///< all blocks start together
  std::vector<When> only = {};  ///< one predicate
  bool early_resolve = false;
};

namespace detail {

/// The options as the builder takes them, for the length of one call.
class ReadTask {
 public:
  ReadTask(twb_builder* b, const TaskOptions& options) : after_(read_all(b, options.after)), no_dep_(read_all(b, options.no_dep)) {
    task_ = {};
    task_.name = options.name;
    task_.after = after_.data();
    task_.after_count = after_.size();
    task_.no_dep = no_dep_.data();
    task_.no_dep_count = no_dep_.size();
    if (options.blocks.size() > 1 || options.only.size() > 1) twb_error(b, "a task has one number of blocks and one predicate");
    if (!options.blocks.empty()) task_.blocks = options.blocks[0].read(b);
    if (!options.only.empty()) {
      const When& when = options.only[0];
      task_.tested = when.tensor[0].read(b);
      indices_ = when.indices.read(b);
      task_.tested_indices = indices_.data();
      task_.tested_count = indices_.size();
      task_.relation = when.relation;
      task_.target = when.target;
    }
    task_.sync_start = options.sync_start;
    task_.early_resolve = options.early_resolve;
  }
  ReadTask(const ReadTask&) = delete;
  ReadTask& operator=(const ReadTask&) = delete;
  const twb_task* get() const { return &task_; }

 private:
  std::vector<twb_value> after_, no_dep_, indices_;
  twb_task task_;
};

}  // namespace detail

/// A task of what `body` records.
template <std::invocable<> Body>
TaskValue at(const TaskOptions& options, Body&& body, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  {
    const detail::ReadTask task(b, options);
    twb_begin_at(b, task.get());
  }
  body();
  return TaskValue(twb_end_at(detail::at(where)));
}
template <std::invocable<> Body>
TaskValue at(Body&& body, Where where = Where::current()) {
  return at(TaskOptions(), std::forward<Body>(body), where);
}
/// A task of so many blocks; the body is given the block's number.
template <std::invocable<IndexValue> Body>
TaskValue spmd(IndexArg blocks, TaskOptions options, Body&& body) {
  options.blocks = {blocks};
  return at(options, [&] { body(IndexValue(twb_query(detail::at(blocks.where()), "block_index"))); }, blocks.where());
}
template <std::invocable<IndexValue> Body>
TaskValue spmd(IndexArg blocks, Body&& body) {
  return spmd(blocks, TaskOptions(), std::forward<Body>(body));
}
/// A task that does nothing, complete when all these are.
inline TaskValue dummy(std::vector<detail::Dependency> after, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  const std::vector<twb_value> tasks = detail::read_all(b, after);
  return TaskValue(twb_dummy(b, tasks.data(), tasks.size()));
}
inline TaskValue no_task(Where where = Where::current()) { return TaskValue(twb_no_task(detail::at(where))); }
inline TasksValue no_tasks(int64_t count, Where where = Where::current()) { return TasksValue(twb_no_tasks(detail::at(where), count)); }
inline ConditionValue is_task(TaskArg task) {
  twb_builder* b = detail::at(task.where());
  return ConditionValue(twb_is_task(b, task.read(b)));
}
/// The array with this task at an index.
inline TasksValue set_task(TasksArg tasks, IndexArg index, TaskArg task) {
  twb_builder* b = detail::at(tasks.where());
  const twb_value into = tasks.read(b), position = index.read(b);
  return TasksValue(twb_set_task(b, task.read(b), into, position));
}
template <std::invocable<> Body>
void scope(Body&& body, Where where = Where::current()) {
  twb_begin_scope(detail::at(where), 0);
  body();
  twb_end_scope(detail::at(where));
}
/// A scope in which tasks are ordered by `after` alone.
template <std::invocable<> Body>
void manual_scope(Body&& body, Where where = Where::current()) {
  twb_begin_scope(detail::at(where), 1);
  body();
  twb_end_scope(detail::at(where));
}
inline IndexValue block_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "block_count")); }
inline IndexValue subblock_index(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "subblock_index")); }
inline IndexValue cluster_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "cluster_count")); }
inline IndexValue aiv_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "aiv_count")); }

// ---- in-core functions --------------------------------------------------------------------------------------

namespace detail {

/// What a parameter of a function of the language is to the builder, and how an argument becomes one.
template <typename P>
struct Parameter;
template <>
struct Parameter<Tensor> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_IN;
};
template <>
struct Parameter<Out<Tensor>> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_OUT;
};
template <>
struct Parameter<InOut<Tensor>> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_INOUT;
};
template <>
struct Parameter<Index> {
  using Kind = IndexKind;
  using Argument = IndexArg;
  static constexpr twb_direction kDirection = TWB_IN;
};
template <>
struct Parameter<Scalar> {
  using Kind = ScalarKind;
  using Argument = ScalarArg;
  static constexpr twb_direction kDirection = TWB_IN;
};

template <typename F>
struct ParametersOf : ParametersOf<decltype(&F::operator())> {};
template <typename R, typename... P>
struct ParametersOf<R (*)(P...)> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};
template <typename R, typename C, typename... P>
struct ParametersOf<R (C::*)(P...) const> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};
template <typename R, typename C, typename... P>
struct ParametersOf<R (C::*)(P...)> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};

inline int next_kernel_id() {
  static thread_local int id = 0;
  return ++id;
}

inline twb_value read_argument(twb_builder* b, const TensorArg& argument) { return argument.read(b); }
inline twb_value read_argument(twb_builder* b, const IndexArg& argument) { return argument.read(b); }
inline twb_value read_argument(twb_builder* b, const ScalarArg& argument) { return argument.read(b, TWB_F32); }

/// Calls a function of the language with variables that hold these values.
template <typename... P, typename Function, size_t... I>
void call_with(Function& function, const std::vector<twb_value>& values, Where where, std::index_sequence<I...>) {
  twb_builder* b = at(where);
  const std::vector<twb_value> slots{twb_declare(b, values[I])...};  // braces: in this order
  function(Declared<typename Parameter<P>::Kind>{slots[I]}...);
}

/// Types of values as parameters, with room for their extents.
class Signature {
 public:
  Signature(twb_builder* b, const std::vector<twb_value>& values, const std::vector<twb_direction>& directions) : extents_(values.size()) {
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t d = 0; d < twb_rank(b, values[i]); ++d) extents_[i].push_back(twb_extent(b, values[i], d));
      parameters_.push_back({twb_kind_of(b, values[i]), twb_dtype_of(b, values[i]), directions[i], extents_[i].data(), extents_[i].size()});
      text_ += std::to_string(parameters_[i].kind) + ":" + std::to_string(parameters_[i].dtype);
      for (const int64_t extent : extents_[i]) text_ += "x" + std::to_string(extent);
      text_ += ",";
    }
  }
  const std::vector<twb_parameter>& parameters() const { return parameters_; }
  const std::string& text() const { return text_; }

 private:
  std::vector<std::vector<int64_t>> extents_;
  std::vector<twb_parameter> parameters_;
  std::string text_;
};

}  // namespace detail

/// A kernel: a function of tensors, then numbers. It is recorded once for each combination of argument types that it is submitted with.
template <typename Body>
class InCore {
 public:
  using Parameters = typename detail::ParametersOf<Body>::Types;
  InCore(const char* name, Body body, Where where = Where::current()) : name_(name), body_(std::move(body)), where_(where) {}

  /// Its name in the module for these arguments; records it at the first call.
  std::string record(const std::vector<twb_value>& arguments) const {
    const detail::Signature signature(detail::recording->builder, arguments, directions());
    std::vector<detail::Recording::Kernel>& kernels = detail::recording->kernels;
    size_t same_name = 0;
    for (const detail::Recording::Kernel& kernel : kernels) {
      if (kernel.id == id_ && kernel.signature == signature.text()) return kernel.name;
      if (kernel.name == name_ || kernel.name.starts_with(std::string(name_) + "_")) ++same_name;
    }
    const std::string name = same_name == 0 ? name_ : std::string(name_) + "_" + std::to_string(same_name);
    kernels.push_back({id_, signature.text(), name});
    twb_builder* b = detail::at(where_);
    std::vector<twb_value> values(arguments.size());
    if (twb_begin_kernel(b, name.c_str(), signature.parameters().data(), values.size(), values.data()) != 0) {
      call(values, std::type_identity<Parameters>());
      twb_end_function(detail::at(where_));
    }
    return name;
  }

 private:
  std::vector<twb_direction> directions() const {
    return std::apply(
        [](auto*... p) { return std::vector<twb_direction>{detail::Parameter<std::remove_pointer_t<decltype(p)>>::kDirection...}; },
        pointers(std::make_index_sequence<std::tuple_size_v<Parameters>>()));
  }
  template <size_t... I>
  static auto pointers(std::index_sequence<I...>) {
    return std::make_tuple(static_cast<std::tuple_element_t<I, Parameters>*>(nullptr)...);
  }
  template <typename... P>
  void call(const std::vector<twb_value>& values, std::type_identity<std::tuple<P...>>) const {
    detail::call_with<P...>(body_, values, where_, std::index_sequence_for<P...>());
  }

  const char* name_;
  Body body_;
  Where where_;
  int id_ = detail::next_kernel_id();
};

template <typename Body>
InCore<Body> incore(const char* name, Body body, Where where = Where::current()) {
  return InCore<Body>(name, std::move(body), where);
}

/// The kernels of a mixed task: they run side by side on one core group and take the same arguments.
template <typename... Kernels>
struct Mixed {
  std::tuple<const Kernels&...> kernels;
};
template <typename First, typename... Others>
Mixed<InCore<First>, InCore<Others>...> mixed(const InCore<First>& first, const InCore<Others>&... others) {
  return {{first, others...}};
}

namespace detail {

template <typename First, typename... Others, typename... Arguments>
TaskValue submit(const Where& where, const std::tuple<const First&, const Others&...>& kernels, const TaskOptions& options,
                 const Arguments&... arguments) {
  twb_builder* b = at(where);
  std::vector<twb_value> values{read_argument(b, arguments)...};
  const ReadTask task(b, options);
  for (const twb_value value : values) {
    if (value == 0) return TaskValue(0);
  }
  const std::vector<std::string> names =
      std::apply([&](const auto&... kernel) { return std::vector<std::string>{kernel.record(values)...}; }, kernels);
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  return TaskValue(twb_submit(at(where), pointers.data(), pointers.size(), values.data(), values.size(), task.get()));
}

/// The argument list of a kernel, so that arguments convert where they are written.
template <typename Parameters>
struct Submit;
template <typename... P>
struct Submit<std::tuple<P...>> {
  template <typename Kernels>
  static TaskValue call(const Where& where, const Kernels& kernels, const TaskOptions& options,
                        typename Parameter<P>::Argument... arguments) {
    return submit(where, kernels, options, arguments...);
  }
};

}  // namespace detail

/// The kernel with what its task is to be told, at the line where this is written.
template <typename Body>
class Submission {
 public:
  Submission(const InCore<Body>& kernel, TaskOptions options, Where where) : kernel_(kernel), options_(std::move(options)), where_(where) {}
  template <typename... Arguments>
  TaskValue operator()(const Arguments&... arguments) const {
    return detail::Submit<typename InCore<Body>::Parameters>::call(where_, std::tuple<const InCore<Body>&>(kernel_), options_,
                                                                   arguments...);
  }

 private:
  const InCore<Body>& kernel_;
  TaskOptions options_;
  Where where_;
};
template <typename First, typename... Others>
class MixedSubmission {
 public:
  MixedSubmission(const Mixed<First, Others...>& mixed, TaskOptions options, Where where)
      : mixed_(mixed), options_(std::move(options)), where_(where) {}
  template <typename... Arguments>
  TaskValue operator()(const Arguments&... arguments) const {
    return detail::Submit<typename First::Parameters>::call(where_, mixed_.kernels, options_, arguments...);
  }

 private:
  Mixed<First, Others...> mixed_;
  TaskOptions options_;
  Where where_;
};

/// submit(kernel)(x, y), submit(kernel, {.after = {t}})(x, y), submit(mixed(cube, vector))(x, y): a task of kernels on these arguments.
template <typename Body>
Submission<Body> submit(const InCore<Body>& kernel, TaskOptions options = {}, Where where = Where::current()) {
  return Submission<Body>(kernel, std::move(options), where);
}
template <typename First, typename... Others>
MixedSubmission<First, Others...> submit(const Mixed<First, Others...>& mixed, TaskOptions options = {}, Where where = Where::current()) {
  return MixedSubmission<First, Others...>(mixed, std::move(options), where);
}

// ---- control flow -------------------------------------------------------------------------------------------

namespace detail {

/// What `for` runs over, once: the body is recorded, and the loop is closed when its turn ends.
class Loop {
 public:
  Loop(IndexArg first, IndexArg end, IndexArg step, twb_loop kind, int64_t stages, Where where)
      : first_(first), end_(end), step_(step), kind_(kind), stages_(stages), where_(where) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    if (!open_) return;
    twb_builder* b = detail::at(where_);
    if (std::uncaught_exceptions() == 0) {
      twb_error(b,
                "the loop is left early (break, return, goto), which cannot be recorded: its body was recorded once, for all turns; use "
                "if_ or while_");
    }
    twb_end_for(b);
  }

  struct End {};
  class Turn {
   public:
    explicit Turn(Loop* loop) : loop_(loop) {}
    bool operator!=(End) const { return loop_->open_; }
    Turn& operator++() {
      twb_builder* b = detail::at(loop_->where_);
      twb_check_loop_text(b, loop_->where_.file_name(), loop_->where_.line());
      twb_end_for(b);
      loop_->open_ = false;
      return *this;
    }
    IndexValue operator*() const { return IndexValue(loop_->index_); }

   private:
    Loop* loop_;
  };
  Turn begin() {
    twb_builder* b = detail::at(where_);
    const twb_value first = first_.read(b), end = end_.read(b), step = step_.read(b);
    index_ = twb_begin_for(b, first, end, step, kind_, stages_);
    open_ = index_ != 0;
    return Turn(this);
  }
  End end() { return {}; }

 private:
  IndexArg first_, end_, step_;
  twb_loop kind_;
  int64_t stages_;
  Where where_;
  twb_value index_ = 0;
  bool open_ = false;
};

/// What if_() began; ends it with the statement.
class Branch {
 public:
  explicit Branch(Where where) : where_(where) {}
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch() { twb_end_if(detail::at(where_)); }
  template <std::invocable<> Body>
  void else_(Body&& body) {
    twb_begin_else(detail::at(where_));
    body();
  }

 private:
  Where where_;
};

}  // namespace detail

/// for (Index i : range(0, n, 64)): turns one after the other.
inline detail::Loop range(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_SEQUENTIAL, 0, first.where()}; }
inline detail::Loop range(IndexArg end) {
  return {IndexArg(0, end.where()), end, IndexArg(1, end.where()), TWB_SEQUENTIAL, 0, end.where()};
}
/// Turns that do not depend on each other: a promise.
inline detail::Loop parallel(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_PARALLEL, 0, first.where()}; }
/// A copy of the body for each turn; the bounds are known while recording.
inline detail::Loop unroll(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_UNROLLED, 0, first.where()}; }
/// Several turns in flight, each with tiles of its own.
inline detail::Loop pipeline(IndexArg first, IndexArg end, IndexArg step = 1, int64_t stages = 2) {
  return {first, end, step, TWB_PIPELINED, stages, first.where()};
}

/// if_(n > 4, [&] { ... }).else_([&] { ... });  variables that are assigned in it are what it results in.
template <std::invocable<> Body>
detail::Branch if_(ConditionArg condition, Body&& body) {
  twb_builder* b = detail::at(condition.where());
  twb_begin_if(b, condition.read(b));
  body();
  return detail::Branch(condition.where());
}
/// while_([&] { return n < 4; }, [&] { ... });
template <typename Test, std::invocable<> Body>
  requires std::convertible_to<std::invoke_result_t<Test>, ConditionArg>
void while_(Test&& test, Body&& body, Where where = Where::current()) {
  twb_begin_while(detail::at(where));
  const ConditionArg condition(test(), where);
  twb_builder* b = detail::at(where);
  twb_while_do(b, condition.read(b));
  body();
  twb_end_while(detail::at(where));
}

// ---- programs -----------------------------------------------------------------------------------------------

/// The type of a program's parameter.
struct ParameterType {
  twb_kind kind;
  twb_dtype dtype;
  std::vector<int64_t> extents;
};
/// `dynamic` is an extent that only the run knows.
inline ParameterType tensor(DType dtype, std::initializer_list<int64_t> extents) {
  return {TWB_TENSOR, static_cast<twb_dtype>(dtype), extents};
}
inline ParameterType number(DType dtype) { return {TWB_NUMBER, static_cast<twb_dtype>(dtype), {}}; }
inline ParameterType index_number() { return {TWB_NUMBER, TWB_INDEX, {}}; }

/// An orchestration with the types of its parameters: what a tile program's main() is made of.
template <typename... P>
class Program {
 public:
  Program(const char* name, void (*body)(P...), std::vector<ParameterType> types, Where where)
      : name_(name), body_(body), types_(std::move(types)), where_(where) {}

  /// Records the program into `b`. 1 if nothing is wrong with it.
  int record(twb_builder* b) const {
    detail::Recording recording;
    recording.builder = b;
    recording.stack = static_cast<const char*>(__builtin_frame_address(0));
    detail::Recording* outer = std::exchange(detail::recording, &recording);
    constexpr twb_direction kDirections[] = {detail::Parameter<std::remove_cvref_t<P>>::kDirection..., TWB_IN};
    std::vector<twb_parameter> parameters;
    for (size_t i = 0; i < types_.size(); ++i) {
      parameters.push_back({types_[i].kind, types_[i].dtype, kDirections[i], types_[i].extents.data(), types_[i].extents.size()});
    }
    std::vector<twb_value> values(parameters.size());
    if (twb_begin_orchestration(detail::at(where_), name_, parameters.data(), parameters.size(), values.data()) != 0) {
      detail::call_with<std::remove_cvref_t<P>...>(body_, values, where_, std::index_sequence_for<P...>());
      twb_end_function(detail::at(where_));
    }
    detail::recording = outer;
    return twb_finish(b);
  }

  /// PROGRAM [--record FILE] [--no-locations]: writes the recorded module, to the standard output if there is no FILE. 0; 2 for a mistake
  /// in the program or the arguments, with the messages on the standard error and no file.
  int main(int argc, char** argv) const {
    std::string file = "-";
    int locations = 1;
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      if (argument == "--record" && i + 1 < argc) {
        file = argv[++i];
      } else if (argument == "--no-locations") {
        locations = 0;
      } else {
        std::fprintf(stderr, "%s: unknown argument '%s'\nusage: %s [--record FILE] [--no-locations]\n", argv[0], argument.c_str(), argv[0]);
        return 2;
      }
    }
    twb_builder* b = twb_create();
    const int good = record(b);
    for (size_t i = 0; i < twb_error_count(b); ++i) std::fprintf(stderr, "%s\n", twb_error_text(b, i));
    const int result = good != 0 && write(file, twb_text(b, locations)) ? 0 : 2;
    twb_destroy(b);
    return result;
  }

 private:
  static bool write(const std::string& file, const char* text) {
    std::FILE* out = file == "-" ? stdout : std::fopen(file.c_str(), "w");
    const bool written = out != nullptr && std::fputs(text, out) >= 0;
    const bool closed = out != nullptr && (out == stdout ? std::fflush(out) : std::fclose(out)) == 0;
    if (!written || !closed) std::fprintf(stderr, "cannot write '%s'\n", file.c_str());
    return written && closed;
  }

  const char* name_;
  void (*body_)(P...);
  std::vector<ParameterType> types_;
  Where where_;
};

namespace detail {

/// The last argument of program() that is no type: its line.
struct ProgramName {
  ProgramName(const char* text, Where where = Where::current()) : text(text), where(where) {}
  const char* text;
  Where where;
};

}  // namespace detail

/// program("softmax", softmax, tensor(f32, {dynamic, 512}), ...): one type for each parameter.
template <typename... P, typename... Types>
Program<P...> program(detail::ProgramName name, void (*body)(P...), const Types&... types) {
  static_assert(sizeof...(P) == sizeof...(Types), "a program has one type for each parameter of its function");
  return Program<P...>(name.text, body, {types...}, name.where);
}

}  // namespace tilewright
