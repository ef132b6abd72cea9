// What the TensorMap costs per access (lookup and registration), without the rest of a submission. Each pattern keeps a
// given number of tasks incomplete: with more of them only what a program itself spreads over memory may grow.
//   build/bin/region_index_bench
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "graph/tensor_map.h"

namespace {

using namespace tilewright;

constexpr uint64_t kMemory = 0x7f0000001000;
constexpr TensorArgType kRead = TensorArgType::INPUT;
constexpr TensorArgType kUpdate = TensorArgType::INOUT;

struct Access {
  uint64_t start_offset;
  uint32_t shape;  ///< index into Pattern::shapes
  TensorArgType tag;
};

/// A cycle of tasks, each with the same number of accesses. Views of one shape differ in where they start: so a million of
/// them do not fill the caches with descriptors.
struct Pattern {
  std::vector<ChipTensor> shapes;
  std::vector<Access> accesses;
  uint32_t accesses_per_task = 1;

  void add(uint32_t shape, uint64_t start_offset, TensorArgType tag) { accesses.push_back({start_offset, shape, tag}); }
};

ChipTensor bytes(uint64_t at, uint32_t count) { return make_tensor_external(reinterpret_cast<void*>(at), &count, 1, DataType::UINT8); }

ChipTensor matrix(uint64_t at, uint32_t rows, uint32_t columns) {
  const uint32_t shape[] = {rows, columns};
  return make_tensor_external(reinterpret_cast<void*>(at), shape, 2);
}

/// The tile at (0, 0); others start at offset row * pitch + column.
ChipTensor tile(const ChipTensor& whole, uint32_t rows, uint32_t columns) {
  const uint32_t shape[] = {rows, columns}, at[] = {0, 0};
  return whole.view(shape, at);
}

/// Runs the pattern with about `live` incomplete tasks (completions in batches, as the engine learns of them).
void run(benchmark::State& state, Pattern pattern, uint32_t live, bool track_war = false) {
  uint32_t completed[kRingCount] = {};
  TensorMap map;
  map.set_watermarks(completed);
  map.begin_run(track_war);
  const size_t count = pattern.accesses.size();
  uint32_t task = 0;
  uint64_t found = 0;
  size_t at = 0;
  const auto step = [&] {
    for (uint32_t i = 0; i < pattern.accesses_per_task; ++i) {
      const Access access = pattern.accesses[at];
      if (++at == count) at = 0;
      ChipTensor& view = pattern.shapes[access.shape];
      view.start_offset = access.start_offset;
      found += map.access(view, byte_range(view), access.tag, {0, task}).size();
    }
    ++task;
    if (task % 64 == 0 && task > live) completed[0] = task - live;
  };
  for (uint64_t i = 0; i < 2 * uint64_t{live} + 1000; ++i) step();  // the map has grown, and entries have died
  found = 0;
  for (auto _ : state) step();
  const double accesses = static_cast<double>(state.iterations()) * pattern.accesses_per_task;
  state.counters["ns_per_access"] = benchmark::Counter(accesses * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["hits_per_access"] = static_cast<double>(found) / accesses;
}

uint32_t live_of(const benchmark::State& state) { return static_cast<uint32_t>(state.range(0)); }

/// One INOUT each on slots of 256 bytes, `spacing` bytes apart, of which twice as many exist as are live.
Pattern slots(uint32_t live, uint64_t spacing, bool shuffled) {
  Pattern pattern;
  const uint32_t count = 2 * live + 64;
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(1);
  if (shuffled) std::shuffle(order.begin(), order.end(), random);
  pattern.shapes.push_back(bytes(kMemory, 256));
  for (uint32_t i = 0; i < count; ++i) pattern.add(0, order[i] * spacing, kUpdate);
  return pattern;
}

void own_buffers(benchmark::State& state) { run(state, slots(live_of(state), 272, false), live_of(state)); }
void one_buffer(benchmark::State& state) { run(state, slots(live_of(state), 256, false), live_of(state)); }
void shuffled_addresses(benchmark::State& state) { run(state, slots(live_of(state), 272, true), live_of(state)); }

void chain(benchmark::State& state) {
  Pattern pattern;
  pattern.shapes.push_back(bytes(kMemory, 256));
  pattern.add(0, 0, kUpdate);
  run(state, pattern, live_of(state));
}

/// A writer, 31 readers of its slot that each write their own, a joiner of their slots.
void readers_and_joiner(benchmark::State& state) {
  Pattern pattern;
  pattern.shapes.push_back(bytes(kMemory, 256));
  for (uint64_t group = 0; group < 2 * live_of(state) / 33 + 2; ++group) {
    const auto slot = [&](uint64_t i) { return (group * 33 + i) * 256; };
    pattern.add(0, slot(0), kUpdate);
    for (uint32_t i = 1; i <= 31; ++i) {
      pattern.add(0, slot(0), kRead);
      pattern.add(0, slot(i), kUpdate);
    }
    for (uint32_t i = 1; i <= 31; ++i) pattern.add(0, slot(i), kRead);
    pattern.add(0, slot(32), kUpdate);
  }
  run(state, pattern, live_of(state));
}

/// 64x64 tiles of a matrix of 4096 columns in row-major order: rows 16 KiB apart. Enough rows that twice `live` tiles exist.
Pattern tiles(uint32_t live, std::vector<TensorArgType> tags) {
  Pattern pattern;
  const uint64_t tile_rows = 2 * live / 64 + 2;
  pattern.shapes.push_back(tile(matrix(kMemory, static_cast<uint32_t>(tile_rows * 64), 4096), 64, 64));
  for (uint64_t row = 0; row < tile_rows; ++row) {
    for (uint64_t column = 0; column < 64; ++column) {
      for (TensorArgType tag : tags) pattern.add(0, row * 64 * 4096 + column * 64, tag);
    }
  }
  pattern.accesses_per_task = static_cast<uint32_t>(tags.size());
  return pattern;
}

void tiles_64x64_pitch_4096(benchmark::State& state) { run(state, tiles(live_of(state), {kUpdate}), live_of(state)); }

/// The same, each tile read and then written, with readers tracked.
void tiles_with_track_war(benchmark::State& state) { run(state, tiles(live_of(state), {kRead, kUpdate}), live_of(state), true); }

/// C(i, j) += A(i, k) B(k, j) on 64x64 tiles of three matrices of different pitch, side by side in memory.
void matmul_tiles(benchmark::State& state) {
  Pattern pattern;
  const uint64_t n = 16, inner = 8, rows = live_of(state) / (n * inner) + 2;
  const uint64_t b_at = kMemory + rows * 64 * inner * 256, c_at = b_at + inner * 64 * n * 256;
  const auto tile_of = [](uint64_t at, uint64_t height, uint64_t width) {
    return tile(matrix(at, static_cast<uint32_t>(height * 64), static_cast<uint32_t>(width * 64)), 64, 64);
  };
  pattern.shapes = {tile_of(kMemory, rows, inner), tile_of(b_at, inner, n), tile_of(c_at, rows, n)};
  const auto at = [](uint64_t row, uint64_t column, uint64_t width) { return (row * 64 * width + column) * 64; };
  for (uint64_t i = 0; i < rows; ++i) {
    for (uint64_t j = 0; j < n; ++j) {
      for (uint64_t k = 0; k < inner; ++k) {
        pattern.add(0, at(i, k, inner), kRead);
        pattern.add(1, at(k, j, n), kRead);
        pattern.add(2, at(i, j, n), kUpdate);
      }
    }
  }
  pattern.accesses_per_task = 3;
  run(state, pattern, live_of(state));
}

/// Bands of 16 rows, each row written, then each of the 64 tiles of 16x64 in it: rows and tiles of one matrix. A tile finds
/// 16 rows, a row of the next round finds what is live of 64 tiles.
void rows_and_tiles(benchmark::State& state) {
  Pattern pattern;
  const uint64_t bands = 2 * live_of(state) / 80 + 2;
  const ChipTensor whole = matrix(kMemory, static_cast<uint32_t>(bands * 16), 4096);
  pattern.shapes = {tile(whole, 1, 4096), tile(whole, 16, 64)};
  for (uint64_t band = 0; band < bands; ++band) {
    for (uint64_t row = 0; row < 16; ++row) pattern.add(0, (band * 16 + row) * 4096, kUpdate);
    for (uint64_t column = 0; column < 64; ++column) pattern.add(1, band * 16 * 4096 + column * 64, kUpdate);
  }
  run(state, pattern, live_of(state));
}

/// Boxes of 4 x 8 x 16 of a stack of 64 x 64 planes: three dimensions remain after canonicalisation.
void boxes_of_a_volume(benchmark::State& state) {
  Pattern pattern;
  const uint64_t layers = 2 * live_of(state) / 32 + 2;
  const uint32_t shape[] = {static_cast<uint32_t>(layers * 4), 64, 64}, box[] = {4, 8, 16}, zero[] = {0, 0, 0};
  pattern.shapes.push_back(make_tensor_external(reinterpret_cast<void*>(kMemory), shape, 3).view(box, zero));
  for (uint64_t layer = 0; layer < layers; ++layer) {
    for (uint64_t i = 0; i < 32; ++i) pattern.add(0, (layer * 4 * 64 + i / 4 * 8) * 64 + i % 4 * 16, kUpdate);
  }
  run(state, pattern, live_of(state));
}

#define LIVE_REGIONS ->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000)
BENCHMARK(own_buffers) LIVE_REGIONS;
BENCHMARK(one_buffer) LIVE_REGIONS;
BENCHMARK(shuffled_addresses) LIVE_REGIONS;
BENCHMARK(chain) LIVE_REGIONS;
BENCHMARK(readers_and_joiner) LIVE_REGIONS;
BENCHMARK(tiles_64x64_pitch_4096) LIVE_REGIONS;
BENCHMARK(matmul_tiles) LIVE_REGIONS;
BENCHMARK(rows_and_tiles) LIVE_REGIONS;
BENCHMARK(boxes_of_a_volume) LIVE_REGIONS;
BENCHMARK(tiles_with_track_war) LIVE_REGIONS;

/// A map that is new, or was large, with one task in it: what a one-task run pays.
void first_access(benchmark::State& state) {
  const ChipTensor view = bytes(kMemory, 256);
  uint32_t completed[kRingCount] = {};
  for (auto _ : state) {
    TensorMap map;
    map.set_watermarks(completed);
    benchmark::DoNotOptimize(map.access(view, byte_range(view), kUpdate, {0, 0}));
  }
}
BENCHMARK(first_access);

}  // namespace
