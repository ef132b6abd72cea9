// Part of tilewright/language.h: tiles and operators.
#pragma once

#include <initializer_list>
#include <utility>

#include "tilewright/language/values.h"

namespace tilewright {

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
  const List<twb_value> size = shape.read(b), valid = options.valid.read(b);
  result = {size[0], size[1], valid.empty() ? 0 : valid[0], valid.empty() ? 0 : valid[1], static_cast<twb_space>(options.space)};
  return true;
}

inline TileValue apply(twb_builder* b, const char* name, std::initializer_list<twb_value> operands, const char* word = nullptr) {
  return TileValue(twb_operator(b, name, operands.begin(), operands.size(), nullptr, TWB_F32, word));
}

/// The names of an operator of two tiles: of one size, with a column on the right, with a row there.
struct OperatorNames {
  const char *tiles, *column, *row;
  bool commutes;
};
#define TW_LANGUAGE_NAMES(NAME, COMMUTES) \
  OperatorNames { NAME, "row_expand_" NAME, "col_expand_" NAME, COMMUTES }
inline constexpr OperatorNames kAdd = TW_LANGUAGE_NAMES("add", true), kSub = TW_LANGUAGE_NAMES("sub", false),
                               kMul = TW_LANGUAGE_NAMES("mul", true), kDiv = TW_LANGUAGE_NAMES("div", false),
                               kRem = TW_LANGUAGE_NAMES("rem", false), kMax = TW_LANGUAGE_NAMES("max", true),
                               kMin = TW_LANGUAGE_NAMES("min", true);
#undef TW_LANGUAGE_NAMES

/// Of two tiles, one of which may be a column or row that belongs to each column or row of the other.
inline TileValue combine(const OperatorNames& names, const TileArg& l, const TileArg& r) {
  twb_builder* b = at(l.where());
  twb_value left = l.read(b), right = r.read(b);
  const auto is_part_of = [&](twb_value part, twb_value whole, size_t dimension) {
    return twb_extent(b, part, dimension) == 1 && twb_extent(b, whole, dimension) > 1;
  };
  if (names.commutes && !is_part_of(right, left, 0) && !is_part_of(right, left, 1) &&
      (is_part_of(left, right, 0) || is_part_of(left, right, 1))) {
    std::swap(left, right);
  }
  if (is_part_of(right, left, 1)) return apply(b, names.column, {left, right});
  if (is_part_of(right, left, 0)) return apply(b, names.row, {left, right});
  return apply(b, names.tiles, {left, right});
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

#define TW_LANGUAGE_TILE_OPERATOR(SIGN, NAMES, NAME)                                                  \
  inline TileValue operator SIGN(TileArg left, TileArg right) { return combine(NAMES, left, right); } \
  inline TileValue operator SIGN(TileArg left, ScalarArg right) { return combine_number(NAME, left, right); }
TW_LANGUAGE_TILE_OPERATOR(+, kAdd, "adds")
TW_LANGUAGE_TILE_OPERATOR(-, kSub, "subs")
TW_LANGUAGE_TILE_OPERATOR(*, kMul, "muls")
TW_LANGUAGE_TILE_OPERATOR(/, kDiv, "divs")
TW_LANGUAGE_TILE_OPERATOR(%, kRem, "rems")
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
  return tile = TileArg(combine(kSub, TileArg(tile, value.where()), value), value.where());
}
inline Tile& operator*=(Tile& tile, TileArg value) {
  return tile = TileArg(combine(kMul, TileArg(tile, value.where()), value), value.where());
}
inline Tile& operator/=(Tile& tile, TileArg value) {
  return tile = TileArg(combine(kDiv, TileArg(tile, value.where()), value), value.where());
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
  const detail::List<twb_value> first = indices.read(b);
  twb_shape size;
  return TileValue(detail::read_shape(b, shape, options, size) ? twb_load(b, from, first.data(), first.size(), &size) : 0);
}
/// Writes the valid region of `tile` to `tensor`, from these indices on.
inline void store(TileArg tile, TensorArg tensor, Indices indices) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = tensor.read(b);
  const detail::List<twb_value> first = indices.read(b);
  twb_store(b, from, to, first.data(), first.size(), 0);
}
/// Adds the valid region of `tile` to what `tensor` holds; blocks and tasks may do so side by side.
inline void store_add(TileArg tile, TensorArg tensor, Indices indices) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = tensor.read(b);
  const detail::List<twb_value> first = indices.read(b);
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
inline TileValue max(TileArg left, TileArg right) { return detail::combine(detail::kMax, left, right); }
inline TileValue min(TileArg left, TileArg right) { return detail::combine(detail::kMin, left, right); }
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
  const detail::List<twb_value> first = at.read(b);
  twb_shape size;
  if (first.size() != 2) twb_error(b, "extract: a part begins at a row and a column");
  if (first.size() != 2 || !detail::read_shape(b, shape, options, size)) return TileValue(0);
  return TileValue(twb_extract(b, from, first[0], first[1], &size));
}
/// `into` with `tile` in it, from this row and column on.
inline TileValue insert(TileArg tile, TileArg into, Indices at) {
  twb_builder* b = detail::at(tile.where());
  const twb_value from = tile.read(b), to = into.read(b);
  const detail::List<twb_value> first = at.read(b);
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

}  // namespace tilewright
