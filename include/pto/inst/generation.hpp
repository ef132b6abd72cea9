// What the generation that a kernel is compiled for does not have, refused by the compiler (pto/common/legality.hpp says what it is).
//
// The toolchain defines PTO_STRICT_ARCH for kernels. A host test program that does not define it may use what either generation has, as it
// may with the existing simulator.
#pragma once

#include "pto/common/pto_tile.hpp"
#if defined(PTO_STRICT_ARCH)
#include "pto/common/legality.hpp"
#endif

#if __NPU_ARCH__ == 2201
#define PTO_DETAIL_GENERATION "a2a3"
#else
#define PTO_DETAIL_GENERATION "a5"
#endif

#pragma GCC visibility push(hidden)

namespace pto::detail {

#if defined(PTO_STRICT_ARCH)

/// Operands as legality::refusing_rule asks for them. A comparison's mode is known when it runs: see check_mode.
template <bool kEqual, typename... Operands>
struct FormOfMode {
  template <typename T>
  static constexpr uint32_t tile_layout_of() {
    if constexpr (is_tile_data<T>::value) return T::kType.layout;
    return kPtoNd;
  }
  template <typename T>
  static constexpr int global_layout_of() {
    if constexpr (is_global_data<T>::value) return static_cast<int>(T::layout);
    return -1;
  }
  static constexpr int operand_count() { return sizeof...(Operands); }
  static constexpr uint32_t element(int i) {
    constexpr uint32_t kElements[] = {Operands::kType.element..., kPtoElementCount};
    return kElements[i];
  }
  static constexpr uint32_t tile_layout(int i) {
    constexpr uint32_t kLayouts[] = {tile_layout_of<Operands>()..., kPtoNd};
    return kLayouts[i];
  }
  static constexpr int global_layout(int i) {
    constexpr int kLayouts[] = {global_layout_of<Operands>()..., -1};
    return kLayouts[i];
  }
  static constexpr bool compares_equal() { return kEqual; }
};

template <typename... Operands>
using FormOf = FormOfMode<true, Operands...>;

constexpr legality::Generation kGeneration = __NPU_ARCH__ == 2201 ? legality::Generation::kA2A3 : legality::Generation::kA5;

struct Refused {
  legality::Property property;
  uint32_t element;
  int layout;
};

template <Op kOp, typename... Operands>
constexpr Refused refused_form() {
  constexpr FormOf<Operands...> kForm;
  constexpr const legality::Rule* kRule = legality::refusing_rule(kGeneration, kOp, kForm);
  if constexpr (kRule == nullptr) {
    return {legality::Property::kOtherThanEq, kPtoElementCount, -1};  // refuses nothing here
  } else {
    constexpr int kOperand = kRule->operand;
    return {kRule->property, kForm.element(kOperand), kForm.global_layout(kOperand)};
  }
}

// Messages are literals, so there is one assertion for each thing that can be missing. The compiler names the instruction.
template <Op kOp, typename... Operands>
PTO_FN constexpr void check_generation() {
  using legality::Property;
  constexpr Refused kRefused = refused_form<kOp, Operands...>();
  constexpr bool kHas = kRefused.property != Property::kInstruction;
#define PTO_DETAIL_HAS(CONDITION, WHAT) static_assert(CONDITION, PTO_DETAIL_GENERATION " does not have " WHAT)
  constexpr bool kAccToVec = kOp == Op::TMOV_A2V || kOp == Op::TEXTRACT_A2V || kOp == Op::TINSERT_A2V;
  constexpr bool kAccToMat = kOp == Op::TEXTRACT_A2M;
  constexpr bool kVecToMat = kOp == Op::TEXTRACT_V2M || kOp == Op::TINSERT_V2M;
  constexpr bool kVecToVec = kOp == Op::TINSERT_V2V;
  constexpr bool kFromMat = kOp == Op::TSTORE_MAT;
  PTO_DETAIL_HAS(kHas || !kAccToVec, "this instruction from Acc to Vec");
  PTO_DETAIL_HAS(kHas || !kAccToMat, "this instruction from Acc to Mat");
  PTO_DETAIL_HAS(kHas || !kVecToMat, "this instruction from Vec to Mat");
  PTO_DETAIL_HAS(kHas || !kVecToVec, "this instruction from Vec to Vec");
  PTO_DETAIL_HAS(kHas || !kFromMat, "this instruction from Mat");
  PTO_DETAIL_HAS(kHas || kAccToVec || kAccToMat || kVecToMat || kVecToVec || kFromMat, "this instruction");
  PTO_DETAIL_HAS(kRefused.property != Property::kRearranged, "this instruction with a change of the arrangement to boxes");

  constexpr uint32_t kElement = kRefused.property == Property::kElement ? kRefused.element : uint32_t{kPtoElementCount};
#define PTO_DETAIL_HAS_ELEMENT(CODE, NAME) PTO_DETAIL_HAS(kElement != CODE, "this instruction for elements " NAME)
  PTO_DETAIL_HAS_ELEMENT(kPtoF32, "f32");
  PTO_DETAIL_HAS_ELEMENT(kPtoF16, "f16");
  PTO_DETAIL_HAS_ELEMENT(kPtoBf16, "bf16");
  PTO_DETAIL_HAS_ELEMENT(kPtoI8, "i8");
  PTO_DETAIL_HAS_ELEMENT(kPtoU8, "u8");
  PTO_DETAIL_HAS_ELEMENT(kPtoI16, "i16");
  PTO_DETAIL_HAS_ELEMENT(kPtoU16, "u16");
  PTO_DETAIL_HAS_ELEMENT(kPtoI32, "i32");
  PTO_DETAIL_HAS_ELEMENT(kPtoU32, "u32");
  PTO_DETAIL_HAS_ELEMENT(kPtoI64, "i64");
  PTO_DETAIL_HAS_ELEMENT(kPtoU64, "u64");
  PTO_DETAIL_HAS_ELEMENT(kPtoF8E4M3, "e4m3");
  PTO_DETAIL_HAS_ELEMENT(kPtoF8E5M2, "e5m2");
  PTO_DETAIL_HAS_ELEMENT(kPtoF8E8M0, "e8m0");
  PTO_DETAIL_HAS_ELEMENT(kPtoHif8, "hif8");
  PTO_DETAIL_HAS_ELEMENT(kPtoF4E2M1x2, "e2m1x2");
  PTO_DETAIL_HAS_ELEMENT(kPtoF4E1M2x2, "e1m2x2");
  PTO_DETAIL_HAS_ELEMENT(kPtoI4, "i4");
#undef PTO_DETAIL_HAS_ELEMENT

  constexpr int kLayout = kRefused.property == Property::kGlobalLayout ? kRefused.layout : -1;
#define PTO_DETAIL_HAS_LAYOUT(NAME) \
  PTO_DETAIL_HAS(kLayout != static_cast<int>(Layout::NAME), "this instruction for the layout " #NAME " of global memory")
  PTO_DETAIL_HAS_LAYOUT(DN);
  PTO_DETAIL_HAS_LAYOUT(MX_A_ND);
  PTO_DETAIL_HAS_LAYOUT(MX_A_DN);
  PTO_DETAIL_HAS_LAYOUT(MX_A_ZZ);
  PTO_DETAIL_HAS_LAYOUT(MX_B_ND);
  PTO_DETAIL_HAS_LAYOUT(MX_B_DN);
  PTO_DETAIL_HAS_LAYOUT(MX_B_NN);
  PTO_DETAIL_HAS_LAYOUT(NC1HWC0);
  PTO_DETAIL_HAS_LAYOUT(NDC1HWC0);
  PTO_DETAIL_HAS_LAYOUT(NHWC);
  PTO_DETAIL_HAS_LAYOUT(NCHW);
  PTO_DETAIL_HAS_LAYOUT(NCDHW);
  PTO_DETAIL_HAS_LAYOUT(FRACTAL_Z);
#undef PTO_DETAIL_HAS_LAYOUT
#undef PTO_DETAIL_HAS
}

/// Ends the kernel if the generation has the comparison for CmpMode::EQ only.
template <Op kOp, typename... Operands>
PTO_FN void check_mode(CmpMode mode) {
  constexpr FormOfMode<false, Operands...> kForm;
  if constexpr (legality::refusing_rule(kGeneration, kOp, kForm) != nullptr) {
    if (mode != CmpMode::EQ)
      fail(kPtoFailUnsupported,
           "TCMP: " PTO_DETAIL_GENERATION " does not have modes other than EQ for this element type; convert with TCVT");
  }
}

#else

template <Op kOp, typename... Operands>
PTO_FN constexpr void check_generation() {}

#endif

}  // namespace pto::detail

#pragma GCC visibility pop
