// Part of tilewright/language.h: what the words of the language are made of: values, variables, arguments.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <source_location>
#include <type_traits>

#include "tilewright/builder.h"
#include "tilewright/language/list.h"

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
  List<twb_value> read(twb_builder* b) const {
    List<twb_value> values;
    for (const IndexArg& index : list_) values.push_back(index.read(b));
    return values;
  }
  size_t size() const { return list_.size(); }

 private:
  List<IndexArg> list_;
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

}  // namespace tilewright
