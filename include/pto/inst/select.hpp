// Comparison and selection through packed bit masks (spec/tile-isa.md, 2.5). A mask is a row-major Vec tile of integers: the bit of
// element (r, c) is bit c % 8 of byte c / 8 of the mask's row r, so 8- to 64-bit mask elements hold the same bytes.
#pragma once

#include "pto/inst/elementwise.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename Mask>
PTO_FN constexpr void check_mask() {
  static_assert(Mask::Loc == TileType::Vec && std::is_integral_v<typename Mask::DType>, "the mask is a Vec tile of integers");
  static_assert(Mask::isRowMajor && !Mask::isBoxedLayout, "the mask is row-major without boxes");
}

template <Op kOp, typename Mask, typename... Operands>
PTO_FN RecordEvent compare(CmpMode mode, uint64_t scalar, Mask& dst, Operands&... operands) {
  check_mask<Mask>();
  check_elementwise<Operands...>();
  PtoAttributes attributes = {};
  attributes.index[0] = static_cast<int32_t>(mode);
  attributes.scalar = scalar;
#if defined(PTO_STRICT_ARCH)
  check_mode<kOp, Mask, Operands...>(mode);
#endif
  return issue<kOp>(PIPE_V, attributes, dst, operands...);
}

}  // namespace detail

/// Bit (r, c) of dst = src0(r, c) cmp src1(r, c), over src0's valid region; all other bits of dst become 0. A NaN compares as
/// IEEE 754 says: unequal, and neither less nor greater.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCMP(TDDst& dst, TDSrc0& src0, TDSrc1& src1, CmpMode cmpMode, WaitEvents&... events) {
  TSYNC(events...);
  return detail::compare<Op::TCMP>(cmpMode, 0, dst, src0, src1);
}

/// The same with one number for all elements: a scalar, or element (0, 0) of a tile. With PTO_TCMPS_ELEMENTWISE defined, the tile's
/// elements are compared one by one instead, as TCMP does and as the existing simulator has it.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCMPS(TDDst& dst, TDSrc& src0, typename TDSrc::DType src1, CmpMode mode, WaitEvents&... events) {
  TSYNC(events...);
  return detail::compare<Op::TCMPS>(mode, detail::scalar_bits(src1), dst, src0);
}
template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCMPS(TDDst& dst, TDSrc0& src0, TDSrc1& src1, CmpMode mode, WaitEvents&... events) {
  TSYNC(events...);
#ifdef PTO_TCMPS_ELEMENTWISE
  return detail::compare<Op::TCMP>(mode, 0, dst, src0, src1);
#else
  return detail::compare<Op::TCMPS>(mode, 0, dst, src0, src1);
#endif
}

/// dst(r, c) = bit (r, c) of the mask ? src0(r, c) : src1(r, c). `tmp` is scratch that only hardware needs.
template <detail::TileArgument TD, detail::TileArgument MaskTile, detail::TileArgument TmpTile, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSEL(TD& dst, MaskTile& selMask, TD& src0, TD& src1, TmpTile&, WaitEvents&... events) {
  detail::check_mask<MaskTile>();
  static_assert(TD::Loc == TileType::Vec, "TSEL: operands are Vec tiles");
  TSYNC(events...);
  return detail::issue<Op::TSEL>(dst, src0, src1, selMask);
}

/// dst(r, c) = bit (r, c) of the mask ? src(r, c) : scalar
template <detail::TileArgument TDDst, detail::TileArgument TDMask, detail::TileArgument TDSrc, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSELS(TDDst& dst, TDMask& mask, TDSrc& src, TDTmp&, typename TDSrc::DType scalar, WaitEvents&... events) {
  detail::check_mask<TDMask>();
  static_assert(detail::all_vec_v<TDDst, TDSrc>, "TSELS: operands are Vec tiles");
  static_assert(detail::same_element_v<TDDst, TDSrc>, "TSELS: both tiles have one element type");
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.scalar = detail::scalar_bits(scalar);
  return detail::issue<Op::TSELS>(PIPE_V, attributes, dst, src, mask);
}

}  // namespace pto

#pragma GCC visibility pop
