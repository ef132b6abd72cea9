// Sizes of a core's memories as the compile-time check of TASSIGN<Addr> sees them (spec/tile-isa.md, 1.3). Each can be
// overridden on the command line; the run-time check uses the sizes of the simulated core.
#pragma once

#include <stdint.h>

#include "pto/common/type.hpp"

#if __NPU_ARCH__ == 2201
#define PTO_DETAIL_BY_ARCH(a2a3, a5) a2a3
#else
#define PTO_DETAIL_BY_ARCH(a2a3, a5) a5
#endif

#ifndef PTO_UB_SIZE_BYTES
#define PTO_UB_SIZE_BYTES PTO_DETAIL_BY_ARCH(192 * 1024, 256 * 1024)
#endif
#ifndef PTO_CBUF_SIZE_BYTES
#define PTO_CBUF_SIZE_BYTES (512 * 1024)
#endif
#ifndef PTO_L0A_SIZE_BYTES
#define PTO_L0A_SIZE_BYTES (64 * 1024)
#endif
#ifndef PTO_L0B_SIZE_BYTES
#define PTO_L0B_SIZE_BYTES (64 * 1024)
#endif
#ifndef PTO_L0C_SIZE_BYTES
#define PTO_L0C_SIZE_BYTES PTO_DETAIL_BY_ARCH(128 * 1024, 256 * 1024)
#endif
#ifndef PTO_BIAS_SIZE_BYTES
#define PTO_BIAS_SIZE_BYTES PTO_DETAIL_BY_ARCH(1024, 4 * 1024)
#endif
#ifndef PTO_FBUF_SIZE_BYTES
#define PTO_FBUF_SIZE_BYTES PTO_DETAIL_BY_ARCH(2 * 1024, 4 * 1024)
#endif
#ifndef PTO_SCALE_SIZE_BYTES
#define PTO_SCALE_SIZE_BYTES PTO_DETAIL_BY_ARCH(0, 4 * 1024)
#endif

namespace pto::detail {

constexpr uint64_t space_capacity(TileType space) {
  constexpr uint64_t kBytes[] = {PTO_UB_SIZE_BYTES,   PTO_CBUF_SIZE_BYTES, PTO_L0A_SIZE_BYTES,   PTO_L0B_SIZE_BYTES,   PTO_L0C_SIZE_BYTES,
                                 PTO_BIAS_SIZE_BYTES, PTO_FBUF_SIZE_BYTES, PTO_SCALE_SIZE_BYTES, PTO_SCALE_SIZE_BYTES, 16 * 1024};
  return kBytes[static_cast<int>(space)];
}

}  // namespace pto::detail
