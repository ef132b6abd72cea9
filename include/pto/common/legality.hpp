// Which instructions, and which forms of them, a chip generation has: one table, read from spec/tile-isa.md, section 2 and the list of
// backends after its Appendix A. Kernel headers refuse with it at compile time (pto/inst/issue.hpp), simulated devices at execution
// (src/isa/legality.h), and a compiler chooses instructions by it. docs/reference/platform-instructions.md shows it.
//
// Where the specification names no types or layouts for a generation, or only "more" of them, nothing is refused.
#pragma once

#include <stdint.h>

#include "pto/common/op.hpp"
#include "pto/common/sim_abi.h"

namespace pto::legality {

enum class Generation : uint8_t { kA2A3, kA5 };

constexpr const char* generation_name(Generation generation) { return generation == Generation::kA2A3 ? "a2a3" : "a5"; }

/// Bit n stands for PtoElement n, PtoTileLayout n or pto::Layout n.
using Set = uint32_t;

template <typename... Numbers>
constexpr Set set_of(Numbers... numbers) {
  return ((Set{1} << static_cast<uint32_t>(numbers)) | ... | Set{0});
}
constexpr bool contains(Set set, uint32_t number) { return (set >> number & 1) != 0; }

constexpr Set kNothing = 0;
constexpr Set kAny = ~Set{0};

// Of element types.
constexpr Set kInt8 = set_of(kPtoI8, kPtoU8);
constexpr Set kInt16 = set_of(kPtoI16, kPtoU16);
constexpr Set kInt32 = set_of(kPtoI32, kPtoU32);
constexpr Set kInt64 = set_of(kPtoI64, kPtoU64);
constexpr Set kF16F32 = set_of(kPtoF16, kPtoF32);
constexpr Set kInts = kInt8 | kInt16 | kInt32;
constexpr Set kStandard = kInts | kF16F32 | set_of(kPtoBf16);  // "std" of the specification
constexpr Set kVector = kF16F32 | set_of(kPtoI16, kPtoI32);    // what a2a3's vector unit computes with
constexpr Set kTwoOrFourBytes = kInt16 | kInt32 | kF16F32 | set_of(kPtoBf16);
constexpr Set kFp8 = set_of(kPtoF8E4M3, kPtoF8E5M2, kPtoF8E8M0);
constexpr Set kFp4 = set_of(kPtoF4E2M1x2, kPtoF4E1M2x2);
constexpr Set kFloats = kF16F32 | set_of(kPtoBf16);
constexpr Set kMatrix = kFloats | set_of(kPtoI8);

// Of layouts of global memory; numbers are pto::Layout's, which pto/inst/issue.hpp compares with these.
enum GlobalLayout : uint8_t { kND = 0, kDN, kNZ, kNC1HWC0 = 12, kNCHW = 14, kNHWC = 16, kNDC1HWC0 = 17, kNCDHW = 18, kFractalZ = 19 };

/// What a rule looks at.
enum class Property : uint8_t {
  kInstruction,   ///< whether the instruction is there at all: kAny or kNothing
  kElement,       ///< the operand's element type
  kGlobalLayout,  ///< the layout of an operand in global memory
  kRearranged,    ///< the layout of tile operand 0, where operand 1 has another
  kOtherThanEq,   ///< the element type, where a comparison is not CmpMode::EQ
};

struct Rule {
  Op op;
  Property property;
  uint8_t operand;
  uint8_t operand_count;  ///< of the form that it is about; 0: all forms
  Set allowed[2];         ///< by Generation
};

namespace detail {

constexpr Rule absent(Op op, Set a2a3, Set a5) { return {op, Property::kInstruction, 0, 0, {a2a3, a5}}; }
constexpr Rule only_a5(Op op) { return absent(op, kNothing, kAny); }
constexpr Rule nowhere(Op op) { return absent(op, kNothing, kNothing); }
/// Elements of the destination.
constexpr Rule of(Op op, Set a2a3, Set a5) { return {op, Property::kElement, 0, 0, {a2a3, a5}}; }
/// Elements of the first source.
constexpr Rule from(Op op, Set a2a3, Set a5) { return {op, Property::kElement, 1, 0, {a2a3, a5}}; }

}  // namespace detail

// clang-format off
/// In the order of Op.
inline constexpr Rule kRules[] = {
    // 2.1, data movement
    detail::of(Op::TLOAD, kStandard | kInt64, kAny),
    {Op::TLOAD, Property::kGlobalLayout, 1, 0, {set_of(kND, kDN, kNZ, kNC1HWC0, kNDC1HWC0, kFractalZ), kAny}},
    detail::absent(Op::TSTORE_MAT, kAny, kNothing),
    {Op::TSTORE_ACC, Property::kGlobalLayout, 0, 0, {set_of(kND, kNZ, kNC1HWC0, kNDC1HWC0), set_of(kND, kNZ, kNHWC, kNCHW, kNCDHW)}},
    {Op::TMOV_V2V, Property::kRearranged, 0, 0, {set_of(kPtoNd, kPtoDn), kAny}},
    detail::from(Op::TMOV_M2B, kF16F32 | set_of(kPtoI32), kFloats | set_of(kPtoI32)),
    detail::only_a5(Op::TMOV_A2V),
    detail::from(Op::TEXTRACT_V2V, kStandard, kStandard),
    detail::only_a5(Op::TEXTRACT_V2M),
    detail::from(Op::TEXTRACT_M2L, kMatrix, kMatrix | kFp8 | kFp4 | set_of(kPtoHif8)),
    detail::only_a5(Op::TEXTRACT_A2V),
    detail::only_a5(Op::TEXTRACT_A2M),
    detail::only_a5(Op::TINSERT_V2V),
    detail::only_a5(Op::TINSERT_V2M),
    detail::only_a5(Op::TINSERT_A2V),
    detail::of(Op::TCONCAT, kStandard, kStandard),
    detail::of(Op::TTRANS, kStandard, kStandard),
    detail::only_a5(Op::TINTERLEAVE),
    detail::of(Op::TINTERLEAVE, kNothing, kStandard),
    detail::only_a5(Op::TDEINTERLEAVE),
    detail::of(Op::TDEINTERLEAVE, kNothing, kStandard),
    detail::only_a5(Op::TPACK),
    // 2.2, tile with tile
    detail::of(Op::TADD, kVector, kStandard | kInt64),
    detail::of(Op::TSUB, kVector, kStandard | kInt64),
    detail::of(Op::TMUL, kVector, (kStandard | kInt64) & ~kInt8),
    detail::of(Op::TDIV, kF16F32, kF16F32 | kInt16 | kInt32 | kInt64),
    detail::of(Op::TMAX, kVector, kAny),
    detail::of(Op::TMIN, kVector, kAny),
    detail::nowhere(Op::TADDC),
    detail::nowhere(Op::TSUBC),
    detail::of(Op::TAND, kInts, kInts),
    detail::of(Op::TOR, kInts, kInts),
    detail::of(Op::TXOR, kInts, kInts),
    detail::of(Op::TNOT, kInts, kInts),
    detail::of(Op::TSHL, kInts, kInts | kInt64),
    detail::of(Op::TSHR, kInts, kInts | kInt64),
    detail::of(Op::TREM, set_of(kPtoF32, kPtoI32), (kStandard | kInt64) & ~kInt8),
    detail::of(Op::TPOW, kInts | kInt64 | set_of(kPtoF32), kInts | kInt64 | kFloats),
    detail::of(Op::TPRELU, kF16F32, kF16F32),
    detail::of(Op::TABS, kF16F32, kF16F32 | set_of(kPtoI8, kPtoI16, kPtoI32)),
    detail::of(Op::TNEG, kVector, kAny),
    detail::of(Op::TEXP, kF16F32, kF16F32),
    detail::of(Op::TLOG, kF16F32, kF16F32),
    detail::of(Op::TSQRT, kF16F32, kF16F32),
    detail::of(Op::TRSQRT, kF16F32, kF16F32),
    detail::of(Op::TRELU, kF16F32 | set_of(kPtoI32), kF16F32 | set_of(kPtoI32)),
    detail::of(Op::TMULADDDST, kF16F32, kF16F32),
    detail::of(Op::TFUSEDMULADD, kF16F32, kF16F32),
    detail::of(Op::TFUSEDMULADDRELU, kF16F32, kF16F32),
    detail::of(Op::TSUBRELU, kF16F32, kF16F32),
    detail::from(Op::TADDRELUCONV, kF16F32 | set_of(kPtoI16), kF16F32 | set_of(kPtoI16)),
    detail::from(Op::TSUBRELUCONV, kF16F32 | set_of(kPtoI16), kF16F32 | set_of(kPtoI16)),
    detail::from(Op::TADDDEQRELU, set_of(kPtoI32), set_of(kPtoI32)),
    detail::of(Op::TPAIRREDUCESUM, kF16F32, kF16F32),
    detail::of(Op::TPARTADD, kVector, kAny),
    detail::of(Op::TPARTMUL, kVector, kAny),
    detail::of(Op::TPARTMAX, kVector, kAny),
    detail::of(Op::TPARTMIN, kVector, kAny),
    detail::of(Op::TPARTARGMAX, kF16F32, kF16F32),
    detail::of(Op::TPARTARGMIN, kF16F32, kF16F32),
    // 2.3, tile with scalar: "types like the tile-tile forms (A: i32, i16, f16, f32)"; where the two differ, either is accepted
    detail::of(Op::TADDS, kVector, kStandard | kInt64),
    detail::of(Op::TSUBS, kVector, kStandard | kInt64),
    detail::of(Op::TMULS, kVector, (kStandard | kInt64) & ~kInt8),
    detail::of(Op::TDIVS, kVector, kF16F32 | kInt16 | kInt32 | kInt64),
    detail::of(Op::TMAXS, kVector, kAny),
    detail::of(Op::TMINS, kVector, kAny),
    detail::of(Op::TREMS, kVector, (kStandard | kInt64) & ~kInt8),
    detail::of(Op::TPOWS, kInts | kInt64 | kF16F32, kInts | kInt64 | kFloats),
    detail::of(Op::TANDS, kInts, kInts),
    detail::of(Op::TORS, kInts, kInts),
    detail::of(Op::TXORS, kInts, kInts),
    detail::of(Op::TSHLS, kInts, kInts | kInt64),
    detail::of(Op::TSHRS, kInts, kInts | kInt64),
    detail::of(Op::TLRELU, kVector, kAny),
    detail::of(Op::TAXPY, kVector, kAny),
    detail::nowhere(Op::TADDSC),
    detail::nowhere(Op::TSUBSC),
    detail::only_a5(Op::TRANDOM),
    detail::of(Op::TRANDOM, kNothing, kInt32),
    // 2.4, reduce and expand
    detail::from(Op::TROWSUM, kVector, kVector | kInt64),
    detail::from(Op::TROWMAX, kVector, kVector | kInt64 | kInt8),
    detail::from(Op::TROWMIN, kVector, kVector | kInt64 | kInt8),
    detail::from(Op::TROWPROD, kVector, kVector | kInt64),
    detail::from(Op::TCOLSUM, kVector, kAny),
    detail::from(Op::TCOLMAX, kVector, kAny),
    detail::from(Op::TCOLMIN, kVector, kAny),
    detail::from(Op::TCOLPROD, kVector, kAny),
    detail::of(Op::TROWEXPAND, kStandard, kStandard),
    detail::of(Op::TROWEXPANDADD, kVector, kAny),
    detail::of(Op::TROWEXPANDSUB, kVector, kAny),
    detail::of(Op::TROWEXPANDMUL, kVector, kAny),
    detail::of(Op::TROWEXPANDDIV, kVector, kAny),
    detail::of(Op::TROWEXPANDMAX, kVector, kAny),
    detail::of(Op::TROWEXPANDMIN, kVector, kAny),
    detail::of(Op::TROWEXPANDEXPDIF, kF16F32, kF16F32),
    detail::of(Op::TCOLEXPANDADD, kVector, kAny),
    detail::of(Op::TCOLEXPANDSUB, kVector, kAny),
    detail::of(Op::TCOLEXPANDMUL, kVector, kAny),
    detail::of(Op::TCOLEXPANDDIV, kVector, kAny),
    detail::of(Op::TCOLEXPANDMAX, kVector, kAny),
    detail::of(Op::TCOLEXPANDMIN, kVector, kAny),
    detail::of(Op::TCOLEXPANDEXPDIF, kF16F32, kF16F32),
    // 2.5 and 2.6, compare, select, gather, scatter, sort
    detail::of(Op::TCMP, set_of(kPtoU8), set_of(kPtoU32)),
    detail::from(Op::TCMP, kF16F32 | set_of(kPtoI32), kAny),
    {Op::TCMP, Property::kOtherThanEq, 1, 0, {~set_of(kPtoI32), kAny}},
    detail::of(Op::TSEL, kTwoOrFourBytes, ~kFp4),
    {Op::TGATHER, Property::kElement, 1, 3, {kTwoOrFourBytes, ~kFp4}},
    {Op::TSCATTER, Property::kElement, 1, 2, {kTwoOrFourBytes, kTwoOrFourBytes}},
    detail::of(Op::MGATHER, kStandard, kStandard | kFp8),
    detail::from(Op::TSORT32, kF16F32, kF16F32),
    detail::from(Op::TMRGSORT, kF16F32, kF16F32),
    detail::only_a5(Op::THISTOGRAM),
    detail::from(Op::THISTOGRAM, kNothing, set_of(kPtoU16, kPtoU32)),
    // 2.7, matrix
    detail::from(Op::TMATMUL, kMatrix, kAny),
    detail::from(Op::TMATMUL_ACC, kMatrix, kAny),
    detail::from(Op::TMATMUL_BIAS, kMatrix, kAny),
    detail::from(Op::TGEMV, kMatrix, kAny),
    detail::from(Op::TGEMV_ACC, kMatrix, kAny),
    detail::from(Op::TGEMV_BIAS, kMatrix, kAny),
    detail::only_a5(Op::TMATMUL_MX),
    detail::only_a5(Op::TGEMV_MX),
    detail::only_a5(Op::TGET_SCALE_ADDR),
    // 2.8, flags between cores. FFTS is a2a3's; a5 accepts it as well, see docs/design/isa.md.
    detail::only_a5(Op::SET_INTRA_BLOCK),
    detail::only_a5(Op::WAIT_INTRA_BLOCK),
    detail::only_a5(Op::GET_BUF),
    detail::only_a5(Op::RLS_BUF),
};
// clang-format on

/// The rule that refuses a form on a generation; null: the generation has it. `Form` answers, for the operands of one instruction,
/// operand_count(), element(i), global_layout(i) (negative: not in global memory), tile_layout(i) and compares_equal() (true where it is no
/// comparison or not known). [first, last) are rules of `op`, or all.
template <typename Form>
constexpr const Rule* refusing_rule(Generation generation, Op op, const Form& form, const Rule* first, const Rule* last) {
  for (; first != last; ++first) {
    if (first->op != op) continue;
    const Set allowed = first->allowed[static_cast<int>(generation)];
    if (first->property == Property::kInstruction) {
      if (allowed == kNothing) return first;
      continue;
    }
    const int i = first->operand;
    if (i >= form.operand_count() || (first->operand_count != 0 && first->operand_count != form.operand_count())) continue;
    switch (first->property) {
      case Property::kInstruction: break;
      case Property::kElement:
        if (!contains(allowed, form.element(i))) return first;
        break;
      case Property::kGlobalLayout:
        if (form.global_layout(i) >= 0 && !contains(allowed, static_cast<uint32_t>(form.global_layout(i)))) return first;
        break;
      case Property::kRearranged:
        if (form.tile_layout(0) != form.tile_layout(1) && !contains(allowed, form.tile_layout(0))) return first;
        break;
      case Property::kOtherThanEq:
        if (!form.compares_equal() && !contains(allowed, form.element(i))) return first;
        break;
    }
  }
  return nullptr;
}
template <typename Form>
constexpr const Rule* refusing_rule(Generation generation, Op op, const Form& form) {
  return refusing_rule(generation, op, form, kRules, kRules + sizeof(kRules) / sizeof(kRules[0]));
}

}  // namespace pto::legality
