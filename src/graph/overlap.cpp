#include "graph/overlap.h"

namespace tilewright {
namespace {

// Two views as boxes in the coordinates of one row-major grid.
struct Boxes {
  uint32_t rank;
  uint64_t a_begin[MAX_TENSOR_DIMS], a_size[MAX_TENSOR_DIMS];
  uint64_t b_begin[MAX_TENSOR_DIMS], b_size[MAX_TENSOR_DIMS];
};

// False if the views are not boxes of one grid. Coordinates count from the lower of the two buffers' bases.
bool as_boxes(const ChipTensor& a, const ChipTensor& b, Boxes& boxes) {
  if (a.dtype != b.dtype || a.ndims != b.ndims || a.ndims == 0) return false;
  const uint32_t rank = a.ndims;
  if (a.strides[rank - 1] != 1) return false;
  for (uint32_t i = 0; i < rank; ++i) {
    if (a.strides[i] != b.strides[i] || a.strides[i] == 0) return false;
    if (i > 0 && (a.strides[i - 1] < a.strides[i] || a.strides[i - 1] % a.strides[i] != 0)) return false;
  }
  const uint64_t size = get_element_size(a.dtype);
  const uint64_t base = a.buffer.addr < b.buffer.addr ? a.buffer.addr : b.buffer.addr;
  if ((a.buffer.addr - base) % size != 0 || (b.buffer.addr - base) % size != 0) return false;
  uint64_t a_at = (a.buffer.addr - base) / size + a.start_offset;
  uint64_t b_at = (b.buffer.addr - base) / size + b.start_offset;
  boxes.rank = rank;
  for (uint32_t i = 0; i < rank; ++i) {
    boxes.a_begin[i] = a_at / a.strides[i];
    boxes.b_begin[i] = b_at / a.strides[i];
    a_at %= a.strides[i];
    b_at %= a.strides[i];
    boxes.a_size[i] = a.shapes[i];
    boxes.b_size[i] = b.shapes[i];
    if (i == 0) continue;
    const uint64_t length = a.strides[i - 1] / a.strides[i];  // a box that runs over the row's end is none
    if (boxes.a_begin[i] + boxes.a_size[i] > length || boxes.b_begin[i] + boxes.b_size[i] > length) return false;
  }
  return true;
}

}  // namespace

bool views_overlap(const ChipTensor& a, const ChipTensor& b) {
  if (a.is_contiguous && b.is_contiguous) return true;
  Boxes boxes;
  if (!as_boxes(a, b, boxes)) return true;
  for (uint32_t i = 0; i < boxes.rank; ++i) {
    if (boxes.a_begin[i] + boxes.a_size[i] <= boxes.b_begin[i] || boxes.b_begin[i] + boxes.b_size[i] <= boxes.a_begin[i]) return false;
  }
  return true;
}

bool view_covers(const ChipTensor& outer, const ChipTensor& inner) {
  if (outer.is_contiguous) {
    const ByteRange out = byte_range(outer), in = byte_range(inner);
    return out.begin <= in.begin && in.end <= out.end;
  }
  Boxes boxes;
  if (!as_boxes(outer, inner, boxes)) return false;
  for (uint32_t i = 0; i < boxes.rank; ++i) {
    if (boxes.b_begin[i] < boxes.a_begin[i] || boxes.b_begin[i] + boxes.b_size[i] > boxes.a_begin[i] + boxes.a_size[i]) return false;
  }
  return true;
}

}  // namespace tilewright
