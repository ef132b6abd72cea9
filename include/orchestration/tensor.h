// ChipTensor: a strided view of a buffer. The one tensor descriptor of orchestration, kernels and the host
// (spec/api.md, A.6; semantics in spec/l2-runtime.md, 1.2). Lean, because every kernel includes it.
#pragma once

#include <stdint.h>

#include <iosfwd>
#include <type_traits>

#include "data_type.h"
#include "task_id.h"

constexpr uint32_t MAX_TENSOR_DIMS = 5;

struct PTOBufferHandle {
  uint64_t addr;
  uint64_t size;  ///< bytes
};

enum class AddressSpace : uint8_t { HOST = 0, DEVICE = 1 };

/// What went wrong while a view was derived. It sticks to the view and to views of it, and submit reports it:
/// deriving a view cannot fail by itself, because kernels and orchestration do it without a runtime.
enum class TensorFault : uint8_t { NONE = 0, VIEW_OUT_OF_BOUNDS, BAD_RANK, BAD_PERMUTATION, BAD_RESHAPE, BAD_STEP };

/// A view descriptor of exactly 128 bytes, trivially copyable. Offsets, shapes and strides count elements;
/// strides are positive. It owns nothing.
struct alignas(64) ChipTensor {
  PTOBufferHandle buffer;
  PTO2TaskId owner_task_id;  ///< the task that allocated the buffer; invalid for external memory
  uint64_t start_offset;
  int32_t version;
  uint32_t ndims;
  DataType dtype;
  bool manual_dep;
  bool is_contiguous;
  AddressSpace address_space;
  uint32_t shapes[MAX_TENSOR_DIMS];

  uint64_t extent_elem_cache;
  uint32_t strides[MAX_TENSOR_DIMS];
  uint8_t _pad_cl2[36];  // [0] holds the TensorFault

  PTO2_SHARED_FN TensorFault fault() const { return static_cast<TensorFault>(_pad_cl2[0]); }

  PTO2_SHARED_FN uint64_t numel() const {
    uint64_t count = 1;
    for (uint32_t i = 0; i < ndims; ++i) count *= shapes[i];
    return count;
  }

  /// Elements from the first to the last one of the view, gaps included; 0 if it is empty.
  PTO2_SHARED_FN uint64_t extent_elem() const { return extent_elem_cache; }
  PTO2_SHARED_FN bool is_device_memory() const { return address_space == AddressSpace::DEVICE; }
  PTO2_SHARED_FN uint64_t nbytes() const { return numel() * get_element_size(dtype); }

  /// Pointer to the buffer's base. The view's first element is data_as<T>() + start_offset.
  template <class T>
  PTO2_SHARED_FN T *data_as() const {
    return reinterpret_cast<T *>(buffer.addr);
  }

  /// A contiguous, row-major view of the whole of [addr, addr + buffer_size_bytes).
  void init_external(void *addr, uint64_t buffer_size_bytes, const uint32_t shapes_in[], uint32_t ndims_in, DataType dtype_in,
                     int32_t version_in, bool manual_dep_in = false, AddressSpace space = AddressSpace::HOST) {
    buffer = {reinterpret_cast<uint64_t>(addr), buffer_size_bytes};
    owner_task_id = PTO2TaskId::invalid();
    start_offset = 0;
    version = version_in;
    dtype = dtype_in;
    manual_dep = manual_dep_in;
    address_space = space;
    for (uint8_t &byte : _pad_cl2) byte = 0;
    set_row_major(shapes_in, ndims_in);
  }

  void init_from(const ChipTensor &other) { *this = other; }
  void copy(const ChipTensor &other) { *this = other; }

  /// Takes everything but the strides from `other`, whose view must be row-major.
  void init_from_line1(const ChipTensor &other) {
    __builtin_memcpy(static_cast<void *>(this), &other, 64);
    for (uint8_t &byte : _pad_cl2) byte = 0;
    set_row_major(other.shapes, other.ndims);
  }

  /// Offset, in elements from the buffer's base, of the element at `indices`.
  PTO2_SHARED_FN uint64_t compute_flat_offset(const uint32_t indices[], uint32_t count) const {
    uint64_t offset = start_offset;
    for (uint32_t i = 0; i < count && i < ndims; ++i) offset += static_cast<uint64_t>(indices[i]) * strides[i];
    return offset;
  }

  /// The box [offsets, offsets + view_shapes) of this view. A box with a zero dimension is an accepted empty view.
  ChipTensor view(const uint32_t view_shapes[], const uint32_t view_offsets[], bool manual_dep_in = false) const {
    return ndims == 1   ? view_of_vector(view_shapes, view_offsets, manual_dep_in)
           : ndims == 2 ? view_of_matrix(view_shapes, view_offsets, manual_dep_in)
                        : view_of_any_rank(view_shapes, view_offsets, manual_dep_in);
  }

  bool valid_transpose(uint32_t x, uint32_t y) const { return x < ndims && y < ndims; }

  ChipTensor transpose(uint32_t x, uint32_t y, bool manual_dep_in = false) const {
    ChipTensor result = *this;
    result.manual_dep = manual_dep_in;
    if (!valid_transpose(x, y)) {
      result.set_fault(TensorFault::BAD_PERMUTATION);
      return result;
    }
    result.shapes[x] = shapes[y];
    result.shapes[y] = shapes[x];
    result.strides[x] = strides[y];
    result.strides[y] = strides[x];
    result.refresh();
    return result;
  }

  /// Dimension i of the result is dimension order[i] of this view.
  ChipTensor permute(const uint32_t order[], bool manual_dep_in = false) const {
    ChipTensor result = *this;
    result.manual_dep = manual_dep_in;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < ndims; ++i) {
      if (order[i] >= ndims || (seen >> order[i] & 1) != 0) {
        result.set_fault(TensorFault::BAD_PERMUTATION);
        return result;
      }
      seen |= 1u << order[i];
      result.shapes[i] = shapes[order[i]];
      result.strides[i] = strides[order[i]];
    }
    result.refresh();
    return result;
  }

  /// Elements start, start + step, ... below end of one dimension.
  ChipTensor slice(uint32_t dim, uint32_t start, uint32_t end, uint32_t step = 1, bool manual_dep_in = false) const {
    ChipTensor result = *this;
    result.manual_dep = manual_dep_in;
    if (dim >= ndims || start > end || end > shapes[dim]) {
      result.set_fault(TensorFault::VIEW_OUT_OF_BOUNDS);
      return result;
    }
    if (step == 0) {
      result.set_fault(TensorFault::BAD_STEP);
      return result;
    }
    result.start_offset += static_cast<uint64_t>(start) * strides[dim];
    result.shapes[dim] = (end - start + step - 1) / step;
    result.strides[dim] = strides[dim] * step;
    result.refresh();
    return result;
  }

  /// A reshape keeps the number of elements and needs a contiguous source.
  bool valid_reshape(const uint32_t new_shapes[], uint32_t new_ndims) const {
    if (!is_contiguous || new_ndims == 0 || new_ndims > MAX_TENSOR_DIMS) return false;
    uint64_t count = 1;
    for (uint32_t i = 0; i < new_ndims; ++i) count *= new_shapes[i];
    return count == numel();
  }

  ChipTensor reshape(const uint32_t new_shapes[], uint32_t new_ndims, bool manual_dep_in = false) const {
    ChipTensor result = *this;
    result.manual_dep = manual_dep_in;
    if (!valid_reshape(new_shapes, new_ndims)) {
      result.set_fault(TensorFault::BAD_RESHAPE);
      return result;
    }
    result.set_row_major(new_shapes, new_ndims);
    return result;
  }

  /// One line for logs. Defined in pto_orchestration_api.h; kernels have no use for it.
  std::string dump() const;

  void set_fault(TensorFault fault) {
    if (_pad_cl2[0] == 0) _pad_cl2[0] = static_cast<uint8_t>(fault);
  }

  /// Recomputes what shapes and strides determine: the extent and contiguity.
  void refresh() {
    uint64_t extent = 1;
    uint64_t row_major = 1;
    bool empty = false;
    is_contiguous = true;
    for (uint32_t i = ndims; i-- > 0;) {
      empty = empty || shapes[i] == 0;
      extent += static_cast<uint64_t>(shapes[i] - 1) * strides[i];
      is_contiguous = is_contiguous && (shapes[i] == 1 || strides[i] == row_major);  // one element has no pitch
      row_major *= shapes[i];
    }
    extent_elem_cache = empty ? 0 : extent;
    is_contiguous = is_contiguous || empty;
  }

 private:
  // Orchestrations derive a view for every argument. So the common ranks have code of their own, without loops, which does in one pass
  // what refresh() does too.

  /// A copy by halves, which compilers do in place: the whole is a call of memcpy.
  void copy_by_halves(const ChipTensor &other) {
    __builtin_memcpy(static_cast<void *>(this), &other, 64);
    __builtin_memcpy(reinterpret_cast<char *>(this) + 64, reinterpret_cast<const char *>(&other) + 64, 64);
  }
  ChipTensor view_of_vector(const uint32_t view_shapes[], const uint32_t view_offsets[], bool manual_dep_in) const {
    ChipTensor result;
    result.copy_by_halves(*this);
    const uint64_t count = view_shapes[0], at = view_offsets[0], stride = strides[0];
    result.shapes[0] = view_shapes[0];
    result.manual_dep = manual_dep_in;
    result.is_contiguous = stride == 1 || count <= 1;
    result.extent_elem_cache = count == 0 ? 0 : (count - 1) * stride + 1;
    if (count == 0) return result;
    result.start_offset = start_offset + at * stride;
    if (at + count > shapes[0]) result.set_fault(TensorFault::VIEW_OUT_OF_BOUNDS);
    return result;
  }
  // Calls, because compilers would warn of arrays with one element that are read only if the rank is more.
  __attribute__((noinline)) ChipTensor view_of_matrix(const uint32_t view_shapes[], const uint32_t view_offsets[],
                                                      bool manual_dep_in) const {
    ChipTensor result;
    result.copy_by_halves(*this);
    const uint64_t rows = view_shapes[0], columns = view_shapes[1];
    const uint64_t row = view_offsets[0], column = view_offsets[1];
    const uint64_t pitch = strides[0], step = strides[1];
    result.shapes[0] = view_shapes[0];
    result.shapes[1] = view_shapes[1];
    result.manual_dep = manual_dep_in;
    result.is_contiguous = (pitch == columns || rows == 1) && (step == 1 || columns == 1);
    result.start_offset = start_offset + row * pitch + column * step;
    result.extent_elem_cache = (rows - 1) * pitch + (columns - 1) * step + 1;
    if (rows * columns == 0) {
      result.start_offset = start_offset;
      result.extent_elem_cache = 0;
      result.is_contiguous = true;
    } else if (row + rows > shapes[0] || column + columns > shapes[1]) {
      result.set_fault(TensorFault::VIEW_OUT_OF_BOUNDS);
    }
    return result;
  }
  __attribute__((noinline)) ChipTensor view_of_any_rank(const uint32_t view_shapes[], const uint32_t view_offsets[],
                                                        bool manual_dep_in) const {
    ChipTensor result;
    result.copy_by_halves(*this);
    result.manual_dep = manual_dep_in;
    uint64_t offset = 0;
    bool outside = false;
    for (uint32_t i = 0; i < ndims; ++i) {
      result.shapes[i] = view_shapes[i];
      offset += view_offsets[i] * static_cast<uint64_t>(strides[i]);
      outside |= view_offsets[i] + static_cast<uint64_t>(view_shapes[i]) > shapes[i];
    }
    result.refresh();
    if (result.extent_elem_cache == 0) return result;
    result.start_offset += offset;
    if (outside) result.set_fault(TensorFault::VIEW_OUT_OF_BOUNDS);
    return result;
  }
  void set_row_major(const uint32_t shapes_in[], uint32_t ndims_in) {
    if (ndims_in == 0 || ndims_in > MAX_TENSOR_DIMS) {
      set_fault(TensorFault::BAD_RANK);
      ndims_in = ndims_in == 0 ? 0 : MAX_TENSOR_DIMS;
    }
    ndims = ndims_in;
    uint64_t stride = 1;
    for (uint32_t i = ndims_in; i-- > 0;) {
      shapes[i] = shapes_in[i];
      strides[i] = static_cast<uint32_t>(stride);
      stride *= shapes_in[i];
    }
    for (uint32_t i = ndims_in; i < MAX_TENSOR_DIMS; ++i) {
      shapes[i] = 0;
      strides[i] = 0;
    }
    is_contiguous = true;
    extent_elem_cache = stride;
  }
};
static_assert(sizeof(ChipTensor) == 128 && alignof(ChipTensor) == 64, "the kernel ABI fixes the descriptor's size");
static_assert(std::is_trivially_copyable_v<ChipTensor>, "descriptors are copied as bytes");
static_assert(__builtin_offsetof(ChipTensor, dtype) == 40 && __builtin_offsetof(ChipTensor, address_space) == 43, "published layout");
static_assert(__builtin_offsetof(ChipTensor, shapes) == 44 && __builtin_offsetof(ChipTensor, strides) == 72, "published layout");

/// A contiguous tensor over memory that the caller owns.
inline ChipTensor make_tensor_external(void *addr, const uint32_t shapes[], uint32_t ndims, DataType dtype = DataType::FLOAT32,
                                       bool manual_dep = false, int32_t version = 0, AddressSpace address_space = AddressSpace::HOST) {
  ChipTensor tensor;
  tensor.init_external(addr, 0, shapes, ndims, dtype, version, manual_dep, address_space);
  tensor.buffer.size = tensor.nbytes();
  return tensor;
}

/// A strided tensor over memory that the caller owns; the buffer is taken to end with its last element.
inline ChipTensor make_tensor_strided(void *addr, const uint32_t shapes[], const uint32_t strides[], uint32_t ndims,
                                      DataType dtype = DataType::FLOAT32, bool manual_dep = false, int32_t version = 0,
                                      AddressSpace address_space = AddressSpace::HOST) {
  ChipTensor tensor = make_tensor_external(addr, shapes, ndims, dtype, manual_dep, version, address_space);
  for (uint32_t i = 0; i < tensor.ndims; ++i) tensor.strides[i] = strides[i];
  tensor.refresh();
  tensor.buffer.size = tensor.extent_elem() * get_element_size(dtype);
  return tensor;
}
