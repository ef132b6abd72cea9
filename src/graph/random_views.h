// Random tensors and views for tests of the engine, and the bytes they cover, enumerated element by element.
#pragma once

#include <random>
#include <set>
#include <vector>

#include "tensor.h"

namespace tilewright::test {

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

/// Addresses of all bytes of a view.
inline std::set<uint64_t> bytes_of(const ChipTensor& view) {
  std::set<uint64_t> bytes;
  const uint64_t size = get_element_size(view.dtype);
  std::vector<uint32_t> index(view.ndims, 0);
  if (view.numel() == 0) return bytes;
  for (;;) {
    const uint64_t at = view.buffer.addr + view.compute_flat_offset(index.data(), view.ndims) * size;
    for (uint64_t i = 0; i < size; ++i) bytes.insert(at + i);
    uint32_t dim = view.ndims;
    while (dim > 0 && ++index[dim - 1] == view.shapes[dim - 1]) index[--dim] = 0;
    if (dim == 0) return bytes;
  }
}

inline bool share_a_byte(const std::set<uint64_t>& a, const std::set<uint64_t>& b) {
  for (uint64_t byte : a) {
    if (b.count(byte) != 0) return true;
  }
  return false;
}

}  // namespace tilewright::test
