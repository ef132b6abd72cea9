// Parameters of quantising pushes (spec/tile-isa-headers.md). This version refuses pushes that use them.
#pragma once

#include <stdint.h>

#include <type_traits>

#include "pto/common/element_types.hpp"
#include "pto/common/type.hpp"

#pragma GCC visibility push(hidden)

/// How a fixpipe converts; values of spec/tile-isa.md, 1.4.
enum QuantMode_t : uint8_t {
  NoQuant = 0,
  F322F16 = 1,
  VREQ8 = 2,
  REQ8 = 3,
  VDEQF16 = 4,
  DEQF16 = 5,
  VSHIFTS322S16 = 12,
  SHIFTS322S16 = 13,
  F322BF16 = 16,
  VQF322B8_PRE = 23,
  QF322B8_PRE = 24,
  QF322F16_PRE = 32,
  QF322BF16_PRE = 34,
  QS322BF16_PRE = 35,
  VQS322BF16_PRE = 36
};

namespace pto {

enum ClipReluMode_t : uint8_t { NOCLIP_RELU, CLIP_RELU };
enum LayoutMode_t : uint8_t { NZ2NZ, NZ2ND, NZ2DN };
enum class DequantType : uint8_t { SCALAR, TENSOR };

/// What TPUSH<Pipe, Tile, FixpipeParams<...>> is to do on the way.
template <LayoutMode_t Layout = NZ2ND, QuantMode_t Quant = NoQuant, ReluPreMode Relu = ReluPreMode::NoRelu,
          STPhase Phase = STPhase::Unspecified, uint8_t SubBlockId = 0, AtomicType Atomic = AtomicType::AtomicNone,
          ClipReluMode_t ClipRelu = NOCLIP_RELU, bool IsChannelSplit = false>
struct FixpipeParams {
  static constexpr LayoutMode_t layout = Layout;
  static constexpr QuantMode_t quant = Quant;
  static constexpr ReluPreMode relu = Relu;
  static constexpr STPhase phase = Phase;
  static constexpr uint8_t subBlockId = SubBlockId;
  static constexpr AtomicType atomic = Atomic;
  static constexpr ClipReluMode_t clipRelu = ClipRelu;
  static constexpr bool isChannelSplit = IsChannelSplit;
};

namespace detail {

template <QuantMode_t Quant, typename Src>
struct FixpipeResult {
  using type = Src;  // NoQuant
};
template <typename Result>
struct FixpipeResultIs {
  using type = Result;
};
template <typename Src>
struct FixpipeResult<F322F16, Src> : FixpipeResultIs<half> {};
template <typename Src>
struct FixpipeResult<QF322F16_PRE, Src> : FixpipeResultIs<half> {};
template <typename Src>
struct FixpipeResult<VDEQF16, Src> : FixpipeResultIs<half> {};
template <typename Src>
struct FixpipeResult<DEQF16, Src> : FixpipeResultIs<half> {};
template <typename Src>
struct FixpipeResult<F322BF16, Src> : FixpipeResultIs<bfloat16_t> {};
template <typename Src>
struct FixpipeResult<QF322BF16_PRE, Src> : FixpipeResultIs<bfloat16_t> {};
template <typename Src>
struct FixpipeResult<QS322BF16_PRE, Src> : FixpipeResultIs<bfloat16_t> {};
template <typename Src>
struct FixpipeResult<VQS322BF16_PRE, Src> : FixpipeResultIs<bfloat16_t> {};
template <typename Src>
struct FixpipeResult<VREQ8, Src> : FixpipeResultIs<int8_t> {};
template <typename Src>
struct FixpipeResult<REQ8, Src> : FixpipeResultIs<int8_t> {};
template <typename Src>
struct FixpipeResult<VQF322B8_PRE, Src> : FixpipeResultIs<int8_t> {};
template <typename Src>
struct FixpipeResult<QF322B8_PRE, Src> : FixpipeResultIs<int8_t> {};
template <typename Src>
struct FixpipeResult<VSHIFTS322S16, Src> : FixpipeResultIs<int16_t> {};
template <typename Src>
struct FixpipeResult<SHIFTS322S16, Src> : FixpipeResultIs<int16_t> {};

}  // namespace detail

/// The element type that a fixpipe makes of elements of Src. Of the two 8-bit types, the signed one.
template <QuantMode_t Quant, typename Src>
using FixpipeConsDType_t = typename detail::FixpipeResult<Quant, Src>::type;

template <typename T>
inline constexpr bool is_fixpipe_params_v = false;
template <LayoutMode_t L, QuantMode_t Q, ReluPreMode R, STPhase P, uint8_t S, AtomicType A, ClipReluMode_t C, bool X>
inline constexpr bool is_fixpipe_params_v<FixpipeParams<L, Q, R, P, S, A, C, X>> = true;

}  // namespace pto

#pragma GCC visibility pop
