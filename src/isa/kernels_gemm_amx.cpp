// Products with AMX, the matrix unit of some x86 processors. Highway has no tiles, so this file of the SIMD layer uses the intrinsics.
#include <hwy/highway.h>

#include <type_traits>

#include "isa/kernels_gemm_tiles.h"

#if HWY_ARCH_X86_64 && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TW_ISA_AMX __attribute__((target("amx-tile,amx-bf16,amx-int8")))

namespace tilewright::isa {
namespace {

/// The instructions. Nothing of the unit's state is left behind. The intrinsics of GCC 12 do not say what memory they read, the configuration but
/// for 8 bytes of it: an empty statement in front of each says that it must be there.
struct Amx {
  TW_ISA_AMX static void configure(const TileConfiguration& tiles) {
    asm volatile("" : : "r"(&tiles) : "memory");
    _tile_loadconfig(&tiles);
  }
  TW_ISA_AMX static void release() { _tile_release(); }
  template <TileRegister kTile>
  TW_ISA_AMX static void zero() {
    static_assert(kTile == kResults);
    _tile_zero(0);
  }
  // The number of a register is part of the instruction; the intrinsics of GCC want to read a digit.
  template <TileRegister kTile>
  TW_ISA_AMX static void load(const void* base, int64_t step) {
    asm volatile("" : : "r"(base) : "memory");
    if constexpr (kTile == kLeft) _tile_loadd(1, base, step);
    if constexpr (kTile == kRight) _tile_loadd(2, base, step);
    if constexpr (kTile == kLastLeft) _tile_loadd(3, base, step);
    if constexpr (kTile == kLastRight) _tile_loadd(4, base, step);
  }
  template <TileRegister kTile>
  TW_ISA_AMX static void store(void* base, int64_t step) {
    static_assert(kTile == kResults);
    _tile_stored(0, base, step);
  }
};

struct AmxBf16 : Amx {
  using Result = float;
  template <TileRegister kA, TileRegister kB>
  TW_ISA_AMX static void multiply() {
    if constexpr (kA == kLeft) {
      _tile_dpbf16ps(0, 1, 2);
    } else {
      _tile_dpbf16ps(0, 3, 4);
    }
  }
};

struct AmxI8 : Amx {
  using Result = int32_t;
  template <TileRegister kA, TileRegister kB>
  TW_ISA_AMX static void multiply() {
    if constexpr (kA == kLeft) {
      _tile_dpbssd(0, 1, 2);
    } else {
      _tile_dpbssd(0, 3, 4);
    }
  }
};

/// Asks the kernel for the registers, which a process gets on request only (Linux, Documentation/arch/x86/xstate.rst).
bool ask_for_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25;
  if ((d & kBf16) == 0 || (d & kTile) == 0 || (d & kInt8) == 0) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool has_matrix_unit() {
  // Highway's answer is asked as well, so that a test that takes instruction sets away takes this one.
  static const bool supported = (hwy::SupportedTargets() & HWY_AVX3) != 0 && ask_for_tiles();
  return supported;
}

void group_product_bf16(const GroupPanelProduct& product) { multiply_tiles<AmxBf16>(product); }
void group_product_i8(const GroupPanelProduct& product) { multiply_tiles<AmxI8>(product); }

}  // namespace tilewright::isa

#else

namespace tilewright::isa {

bool has_matrix_unit() { return false; }
void group_product_bf16(const GroupPanelProduct&) {}
void group_product_i8(const GroupPanelProduct&) {}

}  // namespace tilewright::isa

#endif
