// Tiles out of nothing (spec/tile-isa.md, 2.3).
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename TD, typename T, int Descending>
PTO_FN RecordEvent count_up(TD& dst, T start) {
  static_assert(TD::Loc == TileType::Vec, "TCI: the destination is a Vec tile");
  static_assert(std::is_integral_v<typename TD::DType>, "TCI counts in integers");
  PtoAttributes attributes = {};
  attributes.scalar = scalar_bits(static_cast<typename TD::DType>(start));
  attributes.index[0] = Descending != 0;
  return issue<Op::TCI>(PIPE_S, attributes, dst);
}

}  // namespace detail

/// dst(0, c) = start + c, or start - c, over the valid columns of a tile with one valid row.
template <detail::TileArgument TD, typename T, int descending, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCI(TD& dst, T start, WaitEvents&... events) {
  TSYNC(events...);
  return detail::count_up<TD, T, descending>(dst, start);
}
/// The same; `tmp` is scratch that only hardware needs.
template <detail::TileArgument TD, detail::TileArgument TDTmp, typename T, int descending, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCI(TD& dst, T start, TDTmp&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::count_up<TD, T, descending>(dst, start);
}

/// dst(r, c) = 1 on one side of a diagonal and on it, 0 elsewhere: where c <= r + diagonal (isUpperOrLower 0: the lower triangle), or
/// where c >= r + diagonal (1: the upper one).
template <detail::TileArgument TD, int isUpperOrLower, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TTRI(TD& dst, int diagonal, WaitEvents&... events) {
  static_assert(TD::Loc == TileType::Vec && detail::is_arithmetic_v<typename TD::DType>, "TTRI: the destination is a Vec tile of numbers");
  static_assert(isUpperOrLower == 0 || isUpperOrLower == 1, "TTRI: 0 is the lower triangle, 1 the upper one");
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.scalar = detail::scalar_bits(static_cast<typename TD::DType>(1));
  attributes.index[0] = diagonal;
  attributes.index[1] = isUpperOrLower;
  return detail::issue<Op::TTRI>(PIPE_V, attributes, dst);
}

}  // namespace pto

#pragma GCC visibility pop
