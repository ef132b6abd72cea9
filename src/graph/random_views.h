// Random tensors and views for tests of the engine, and the bytes they cover, enumerated element by element.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "tensor.h"

namespace tilewright::test {

/// A test with a generator whose seed a failure tells; TW_TEST_SEED repeats it.
class RandomTest : public testing::Test {
 protected:
  RandomTest() : RandomTest(seed()) {}

  std::mt19937 random_;

 private:
  explicit RandomTest(unsigned seed) : random_(seed), trace_(__FILE__, __LINE__, testing::Message() << "TW_TEST_SEED=" << seed) {}
  static unsigned seed() {
    const char* const given = std::getenv("TW_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
  }

  testing::ScopedTrace trace_;
};

/// A random view of a buffer at `base`: rank 1 to 5, sub-boxes, steps, transposes and reshapes. Never empty.
inline ChipTensor random_view(std::mt19937& random, uint64_t base) {
  static constexpr DataType kTypes[] = {DataType::FLOAT32, DataType::FLOAT16, DataType::INT8};
  static const std::vector<std::vector<uint32_t>> kShapes = {{240}, {12, 20}, {4, 5, 12}, {2, 5, 4, 6}, {2, 3, 2, 4, 5}};
  const std::vector<uint32_t>& shape = kShapes[random() % kShapes.size()];
  ChipTensor view =
      make_tensor_external(reinterpret_cast<void*>(base), shape.data(), static_cast<uint32_t>(shape.size()), kTypes[random() % 3]);
  view.buffer.size = 960;
  const int steps = static_cast<int>(random() % 3);
  for (int step = 0; step < steps; ++step) {
    if (random() % 4 == 0 && view.ndims > 1) {
      view = view.transpose(random() % view.ndims, random() % view.ndims);
    } else if (random() % 4 == 0) {
      const uint32_t dim = random() % view.ndims;
      const uint32_t start = random() % view.shapes[dim];
      view = view.slice(dim, start, start + 1 + random() % (view.shapes[dim] - start), 1 + random() % 3);
    } else {
      uint32_t part[MAX_TENSOR_DIMS], at[MAX_TENSOR_DIMS];
      for (uint32_t i = 0; i < view.ndims; ++i) {
        part[i] = 1 + random() % view.shapes[i];
        at[i] = random() % (view.shapes[i] - part[i] + 1);
      }
      view = view.view(part, at);
    }
  }
  return view;
}

/// A view with random strides that need not nest nor ascend, and may let its elements overlap: rank 1 to 5, any element
/// size, any start address in [base, base + 64). Spans at most a few KiB. Never empty.
inline ChipTensor random_strided(std::mt19937& random, uint64_t base) {
  static constexpr DataType kTypes[] = {DataType::INT64, DataType::FLOAT32, DataType::FLOAT16, DataType::INT8};
  uint32_t shape[MAX_TENSOR_DIMS], stride[MAX_TENSOR_DIMS];
  const uint32_t rank = 1 + random() % MAX_TENSOR_DIMS;
  const uint32_t widest = random() % 2 == 0 ? 12 : 90;
  for (uint32_t i = 0; i < rank; ++i) {
    shape[i] = 1 + random() % (rank > 3 ? 4 : 7);
    stride[i] = 1 + random() % widest;
  }
  ChipTensor view = make_tensor_strided(reinterpret_cast<void*>(base + random() % 64), shape, stride, rank, kTypes[random() % 4]);
  if (random() % 2 == 0) {
    view.start_offset = random() % 16;
    view.buffer.size += view.start_offset * get_element_size(view.dtype);
  }
  return view;
}

/// A set of addresses, as a flag for each byte from its first to its last.
struct ByteSet {
  uint64_t begin = 0;
  std::vector<bool> has;

  uint64_t end() const { return begin + has.size(); }
};

/// The bytes of a view.
inline ByteSet bytes_of(const ChipTensor& view) {
  ByteSet bytes;
  if (view.numel() == 0) return bytes;
  const uint64_t size = get_element_size(view.dtype);
  bytes.begin = view.buffer.addr + view.start_offset * size;
  std::vector<uint32_t> index(view.ndims, 0);
  for (;;) {
    const uint64_t at = view.buffer.addr + view.compute_flat_offset(index.data(), view.ndims) * size - bytes.begin;
    if (bytes.has.size() < at + size) bytes.has.resize(at + size);
    for (uint64_t i = 0; i < size; ++i) bytes.has[at + i] = true;
    uint32_t dim = view.ndims;
    while (dim > 0 && ++index[dim - 1] == view.shapes[dim - 1]) index[--dim] = 0;
    if (dim == 0) return bytes;
  }
}

inline bool share_a_byte(const ByteSet& a, const ByteSet& b) {
  for (uint64_t at = std::max(a.begin, b.begin), end = std::min(a.end(), b.end()); at < end; ++at) {
    if (a.has[at - a.begin] && b.has[at - b.begin]) return true;
  }
  return false;
}

inline bool includes(const ByteSet& outer, const ByteSet& inner) {
  for (uint64_t at = inner.begin; at < inner.end(); ++at) {
    if (inner.has[at - inner.begin] && (at < outer.begin || at >= outer.end() || !outer.has[at - outer.begin])) return false;
  }
  return true;
}

/// Two views for which `fails` is true, made smaller in every dimension, stride and offset as long as it stays true.
template <typename Fails>
void shrink(ChipTensor& a, ChipTensor& b, Fails&& fails) {
  const auto attempt = [&](ChipTensor& view, const ChipTensor& smaller) {
    const ChipTensor before = view;
    view = smaller;
    view.refresh();
    if (fails(a, b)) return true;
    view = before;
    return false;
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (ChipTensor* view : {&a, &b}) {
      for (uint32_t i = 0; i < view->ndims; ++i) {
        ChipTensor next = *view;
        if (--next.shapes[i] != 0) smaller = attempt(*view, next) || smaller;
        next = *view;
        if (--next.strides[i] != 0) smaller = attempt(*view, next) || smaller;
      }
      ChipTensor next = *view;
      if (next.start_offset > 0) {
        --next.start_offset;
        smaller = attempt(*view, next) || smaller;
      }
    }
  }
}

}  // namespace tilewright::test
