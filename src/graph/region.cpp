#include "graph/region.h"

#include <algorithm>

namespace tilewright {

void Region::add_sorted(const ChipTensor& view) {
  const uint64_t size = get_element_size(view.dtype);
  Dim sorted[MAX_TENSOR_DIMS];
  for (uint32_t i = 0; i < view.ndims; ++i) sorted[i] = {view.strides[i] * size, view.shapes[i]};
  std::sort(sorted, sorted + view.ndims, [](const Dim& a, const Dim& b) { return a.stride < b.stride; });
  run = size;
  rank = 0;
  for (uint32_t i = 0; i < view.ndims; ++i) add_dimension(sorted[i].stride, sorted[i].count);
}

bool operator==(const Region& a, const Region& b) {
  return a.range == b.range && a.run == b.run && a.rank == b.rank && std::equal(a.dims, a.dims + a.rank, b.dims);
}

}  // namespace tilewright
