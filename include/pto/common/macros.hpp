// The macros that kernel sources are written with (spec/tile-isa-headers.md).
#pragma once

/// Marks every function that kernel code may call, and every variable whose address it takes, so that a device compiler can be
/// told about them in one place. nvcc compiles kernels with both expanded in a test (tests/cuda_compile).
#if defined(__CUDACC__)
#define PTO_FN __device__ inline
#define PTO_DATA __device__
#define PTO_DETAIL_DEVICE __device__
#else
#define PTO_FN inline
#define PTO_DATA __attribute__((visibility("hidden")))  // g++ forgets the pragma for templates of variables
#define PTO_DETAIL_DEVICE
#endif

// Address spaces and function kinds: all memory is host memory here.
#ifndef __gm__
#define __gm__
#endif
#ifndef __aicore__
#define __aicore__ PTO_DETAIL_DEVICE
#endif
#ifndef __global__
#define __global__
#endif
#ifndef AICORE
#define AICORE PTO_DETAIL_DEVICE
#endif
#ifndef __ubuf__
#define __ubuf__
#endif
#ifndef __cbuf__
#define __cbuf__
#endif
#ifndef __ca__
#define __ca__
#endif
#ifndef __cb__
#define __cb__
#endif
#ifndef __cc__
#define __cc__
#endif
#ifndef __fbuf__
#define __fbuf__
#endif
#ifndef __biasbuf__
#define __biasbuf__
#endif
#ifndef __tf__
#define __tf__
#endif
#ifndef __in__
#define __in__
#endif
#ifndef __out__
#define __out__
#endif

// Kernels are compiled for one kind of core; a host test program that says nothing gets both.
#if !defined(__DAV_VEC__) && !defined(__DAV_CUBE__)
#define __DAV_VEC__
#define __DAV_CUBE__
#endif
#ifndef __NPU_ARCH__
#define __NPU_ARCH__ 2201
#endif
#if __NPU_ARCH__ != 2201 && __NPU_ARCH__ != 3101 && __NPU_ARCH__ != 3510
#error "__NPU_ARCH__ must be 2201 (a2a3) or 3510 (a5)"
#endif

#define PTO_INLINE inline __attribute__((always_inline))
#define PTO_INTERNAL PTO_FN
#define PTO_INST PTO_FN

#define OP_NAME(x)
#define OP_TYPE(x)

// PTO_STATIC_ASSERT(condition[, message])
#define PTO_STATIC_ASSERT(...) static_assert(__VA_ARGS__)

#define PTO_DETAIL_STRING2(x) #x
#define PTO_DETAIL_STRING(x) PTO_DETAIL_STRING2(x)
