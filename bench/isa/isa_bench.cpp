// Time per tile instruction on one simulated core, called as a kernel calls it: the descriptor, the checks and the work.
//   build/bin/isa_bench --benchmark_format=json
#include <benchmark/benchmark.h>

#include <vector>

#include "isa/core.h"
#include "pto/pto-inst.hpp"

namespace {

using namespace pto;

template <typename T, int R, int C>
using Vec = Tile<TileType::Vec, T, R, C>;
template <typename T, int R>
using Column = Tile<TileType::Vec, T, R, 1, BLayout::ColMajor>;

/// Positive values near 1, so that every function has a value and repeated products stay normal.
template <typename T>
void fill(T* data, int64_t count) {
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<T>(0.5f + static_cast<float>(i % 97) / 97);
}

/// Three tiles of one type and a column vector in UB.
template <typename T, int R, int C>
struct Operands {
  Vec<T, R, C> dst, a, b;
  Column<T, R> column;
  Vec<T, 1, C> row;

  Operands() {
    const uint64_t bytes = sizeof(T) * R * C;
    TASSIGN(dst, 0);
    TASSIGN(a, bytes % 98304);
    TASSIGN(b, 2 * bytes <= 131072 ? 2 * bytes : bytes % 98304);
    TASSIGN(column, 0x2f000);
    TASSIGN(row, 0x2f800);
    fill(a.data(), a.Numel);
    fill(b.data(), b.Numel);
    fill(column.data(), R);
    fill(row.data(), C);
  }
};

#define TILE_BENCHMARK(NAME, T, R, C, ...)                   \
  void NAME(benchmark::State& state) {                       \
    Operands<T, R, C> o;                                     \
    for (auto _ : state) {                                   \
      __VA_ARGS__;                                           \
      benchmark::ClobberMemory();                            \
    }                                                        \
    state.SetItemsProcessed(state.iterations() * (R) * (C)); \
  }                                                          \
  BENCHMARK(NAME)

TILE_BENCHMARK(tadd_f32_128x128, float, 128, 128, TADD(o.dst, o.a, o.b));
TILE_BENCHMARK(tadd_f32_16x16, float, 16, 16, TADD(o.dst, o.a, o.b));
TILE_BENCHMARK(tadd_f16_128x128, half, 128, 128, TADD(o.dst, o.a, o.b));
TILE_BENCHMARK(tadd_bf16_128x128, bfloat16_t, 128, 128, TADD(o.dst, o.a, o.b));
TILE_BENCHMARK(tadd_i32_128x128, int32_t, 128, 128, TADD(o.dst, o.a, o.b));
TILE_BENCHMARK(tdiv_f32_128x128, float, 128, 128, TDIV(o.dst, o.a, o.b));
TILE_BENCHMARK(tmax_f32_128x128, float, 128, 128, TMAX(o.dst, o.a, o.b));
TILE_BENCHMARK(tmuls_f32_128x128, float, 128, 128, TMULS(o.dst, o.a, 1.5f));
TILE_BENCHMARK(texp_f32_128x128, float, 128, 128, TEXP(o.dst, o.a));
TILE_BENCHMARK(tlog_f32_128x128, float, 128, 128, TLOG(o.dst, o.a));
TILE_BENCHMARK(trsqrt_f32_128x128, float, 128, 128, TRSQRT(o.dst, o.a));
TILE_BENCHMARK(trowsum_f32_128x128, float, 128, 128, TROWSUM(o.column, o.a, o.dst));
TILE_BENCHMARK(trowmax_f32_128x128, float, 128, 128, TROWMAX(o.column, o.a, o.dst));
TILE_BENCHMARK(tcolsum_f32_128x128, float, 128, 128, TCOLSUM(o.row, o.a));
TILE_BENCHMARK(tcolmax_f32_128x128, float, 128, 128, TCOLMAX(o.row, o.a));
TILE_BENCHMARK(trowexpandsub_f32_128x128, float, 128, 128, TROWEXPANDSUB(o.dst, o.a, o.column));
TILE_BENCHMARK(tcolexpandmul_f32_128x128, float, 128, 128, TCOLEXPANDMUL(o.dst, o.a, o.row));
TILE_BENCHMARK(trowexpand_f32_128x128, float, 128, 128, TROWEXPAND(o.dst, o.column));
TILE_BENCHMARK(texpands_f32_128x128, float, 128, 128, TEXPANDS(o.dst, 1.0f));
TILE_BENCHMARK(ttrans_f32_128x128, float, 128, 128, TTRANS(o.dst, o.a, o.b));
TILE_BENCHMARK(set_flag_wait_flag, float, 16, 16, set_flag(PIPE_MTE2, PIPE_V, 0); wait_flag(PIPE_MTE2, PIPE_V, 0));
TILE_BENCHMARK(tassign, float, 16, 16, TASSIGN(o.a, 0x400));

template <typename From, typename To, RoundMode kMode>
void tcvt(benchmark::State& state) {
  Vec<From, 128, 128> src;
  Vec<To, 128, 128> dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x10000);
  fill(src.data(), src.Numel);
  for (auto _ : state) {
    TCVT(dst, src, kMode);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(tcvt<float, half, RoundMode::CAST_RINT>)->Name("tcvt_f32_f16_rint_128x128");
BENCHMARK(tcvt<float, half, RoundMode::CAST_ROUND>)->Name("tcvt_f32_f16_round_128x128");
BENCHMARK(tcvt<float, bfloat16_t, RoundMode::CAST_RINT>)->Name("tcvt_f32_bf16_rint_128x128");
BENCHMARK(tcvt<float, bfloat16_t, RoundMode::CAST_ROUND>)->Name("tcvt_f32_bf16_round_128x128");
BENCHMARK(tcvt<bfloat16_t, float, RoundMode::CAST_NONE>)->Name("tcvt_bf16_f32_128x128");
BENCHMARK(tcvt<half, float, RoundMode::CAST_NONE>)->Name("tcvt_f16_f32_128x128");
BENCHMARK(tcvt<float, int32_t, RoundMode::CAST_RINT>)->Name("tcvt_f32_i32_rint_128x128");
BENCHMARK(tcvt<int32_t, float, RoundMode::CAST_RINT>)->Name("tcvt_i32_f32_rint_128x128");
BENCHMARK(tcvt<float, int8_t, RoundMode::CAST_RINT>)->Name("tcvt_f32_i8_rint_128x128");
BENCHMARK(tcvt<half, int8_t, RoundMode::CAST_RINT>)->Name("tcvt_f16_i8_rint_128x128");

template <typename T, typename TileT, bool kStore, AtomicType kAtomic = AtomicType::AtomicNone>
void transfer(benchmark::State& state) {
  using G = GlobalTensor<T, Shape<1, 1, 1, TileT::Rows, TileT::Cols>, Stride<1, 1, 1, TileT::Cols, 1>>;
  std::vector<T> memory(static_cast<size_t>(TileT::Numel));
  fill(memory.data(), TileT::Numel);
  G global(memory.data());
  TileT tile;
  TASSIGN(tile, 0);
  fill(tile.data(), TileT::Numel);
  for (auto _ : state) {
    if constexpr (!kStore) {
      TLOAD(tile, global);
    } else {
      TSTORE<TileT, G, kAtomic>(global, tile);
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * TileT::Numel * static_cast<int64_t>(sizeof(T)));
}
template <typename T, int R, int C>
using MatNz = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor>;
BENCHMARK(transfer<float, Vec<float, 128, 128>, false>)->Name("tload_nd_f32_128x128");
BENCHMARK(transfer<float, Vec<float, 16, 16>, false>)->Name("tload_nd_f32_16x16");
BENCHMARK(transfer<half, MatNz<half, 128, 128>, false>)->Name("tload_nd2nz_f16_128x128");
BENCHMARK(transfer<float, Vec<float, 128, 128>, true>)->Name("tstore_nd_f32_128x128");
BENCHMARK(transfer<float, Vec<float, 128, 128>, true, AtomicType::AtomicAdd>)->Name("tstore_atomic_f32_128x128");
BENCHMARK(transfer<float, TileAcc<float, 128, 128>, true>)->Name("tstore_acc_f32_128x128");
BENCHMARK(transfer<bfloat16_t, TileAcc<float, 128, 128>, true>)->Name("tstore_acc_bf16_128x128");

template <typename Dst, typename Src>
void tmov(benchmark::State& state) {
  Dst dst;
  Src src;
  TASSIGN(dst, 0);
  TASSIGN(src, 0);
  fill(src.data(), Src::Numel);
  for (auto _ : state) {
    TMOV(dst, src);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(tmov<TileLeft<half, 128, 128>, MatNz<half, 128, 128>>)->Name("tmov_mat2left_f16_128x128");
BENCHMARK(tmov<TileRight<half, 128, 128>, MatNz<half, 128, 128>>)->Name("tmov_mat2right_f16_128x128");

template <typename T, typename C, int N>
void tmatmul(benchmark::State& state) {
  TileLeft<T, N, N> a;
  TileRight<T, N, N> b;
  TileAcc<C, N, N> c;
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  fill(a.data(), a.Numel);
  fill(b.data(), b.Numel);
  for (auto _ : state) {
    TMATMUL(c, a, b);
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2.0 * N * N * N * 1e-9 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(tmatmul<float, float, 128>)->Name("tmatmul_f32_128");
BENCHMARK(tmatmul<half, float, 128>)->Name("tmatmul_f16_128");
BENCHMARK(tmatmul<bfloat16_t, float, 128>)->Name("tmatmul_bf16_128");
BENCHMARK(tmatmul<int8_t, int32_t, 128>)->Name("tmatmul_i8_128");
BENCHMARK(tmatmul<half, float, 16>)->Name("tmatmul_f16_16");
BENCHMARK(tmatmul<half, float, 64>)->Name("tmatmul_f16_64");

}  // namespace
