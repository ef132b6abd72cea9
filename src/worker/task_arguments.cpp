#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "tilewright/worker.h"

namespace tilewright {
namespace {

constexpr int64_t kMaxDimension = std::numeric_limits<uint32_t>::max();

/// The rules that a tensor argument must keep; `index` is its place among the tensors.
class TensorCheck {
 public:
  TensorCheck(const TensorArgument& tensor, size_t index) : tensor_(tensor), index_(index) {}

  void run() const {
    if (tensor_.data == nullptr) throw wrong(ErrorCode::kInvalidArgument, "its data is null");
    if (get_element_size(tensor_.dtype) == 0) {
      throw wrong(ErrorCode::kInvalidArgument, fmt::format("{} is no DataType", static_cast<int>(tensor_.dtype)));
    }
    if (tensor_.direction != ArgDirection::IN && tensor_.direction != ArgDirection::OUT && tensor_.direction != ArgDirection::INOUT) {
      throw wrong(ErrorCode::kInvalidArgument, "its direction is not IN, OUT or INOUT");
    }
    if (tensor_.space != AddressSpace::HOST && tensor_.space != AddressSpace::DEVICE) {
      throw wrong(ErrorCode::kInvalidArgument, "its address space is neither HOST nor DEVICE");
    }
    const size_t rank = tensor_.shape.size();
    if (rank == 0 || rank > MAX_TENSOR_DIMS) {
      throw wrong(ErrorCode::kLimitExceeded, fmt::format("rank {} is not in 1..{}", rank, MAX_TENSOR_DIMS));
    }
    if (!tensor_.strides.empty() && tensor_.strides.size() != rank) {
      throw wrong(ErrorCode::kInvalidArgument, fmt::format("{} strides for rank {}", tensor_.strides.size(), rank));
    }
    check_positive("shape", tensor_.shape);
    check_positive("strides", tensor_.strides);
    check_extent();
  }

 private:
  Error wrong(ErrorCode code, const std::string& what) const { return Error(code, fmt::format("tensor argument {}: {}", index_, what)); }

  void check_positive(const char* field, const std::vector<int64_t>& values) const {
    for (size_t d = 0; d < values.size(); ++d) {
      if (values[d] <= 0) throw wrong(ErrorCode::kInvalidArgument, fmt::format("{}[{}] = {} is not positive", field, d, values[d]));
      if (values[d] > kMaxDimension) {
        throw wrong(ErrorCode::kLimitExceeded, fmt::format("{}[{}] = {} exceeds {}", field, d, values[d], kMaxDimension));
      }
    }
  }

  /// The bytes from the first to the last element must be countable in 63 bits, row-major strides in 32.
  void check_extent() const {
    using Wide = unsigned __int128;
    Wide extent = 1;
    Wide row_major = 1;
    for (size_t d = tensor_.shape.size(); d-- > 0;) {
      const Wide stride = tensor_.strides.empty() ? row_major : static_cast<Wide>(tensor_.strides[d]);
      if (stride > static_cast<Wide>(kMaxDimension)) {
        throw wrong(ErrorCode::kLimitExceeded, fmt::format("the stride of dimension {} exceeds {}", d, kMaxDimension));
      }
      extent += static_cast<Wide>(tensor_.shape[d] - 1) * stride;
      row_major *= static_cast<Wide>(tensor_.shape[d]);
    }
    if (extent * get_element_size(tensor_.dtype) > static_cast<Wide>(std::numeric_limits<int64_t>::max())) {
      throw wrong(ErrorCode::kLimitExceeded, "its size does not fit 63 bits");
    }
  }

  const TensorArgument& tensor_;
  const size_t index_;
};

}  // namespace

TaskArguments& TaskArguments::add_tensor(const TensorArgument& tensor) {
  if (!scalars_.empty()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("tensor argument {}: tensors must be added before scalars", tensors_.size()));
  }
  if (tensors_.size() == CHIP_MAX_TENSOR_ARGS) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("a callable takes at most {} tensors", CHIP_MAX_TENSOR_ARGS));
  }
  TensorCheck(tensor, tensors_.size()).run();
  uint32_t shape[MAX_TENSOR_DIMS];
  uint32_t strides[MAX_TENSOR_DIMS];
  const auto rank = static_cast<uint32_t>(tensor.shape.size());
  for (uint32_t d = 0; d < rank; ++d) {
    shape[d] = static_cast<uint32_t>(tensor.shape[d]);
    strides[d] = tensor.strides.empty() ? 0 : static_cast<uint32_t>(tensor.strides[d]);
  }
  tensors_.push_back(tensor.strides.empty() ? make_tensor_external(tensor.data, shape, rank, tensor.dtype, false, 0, tensor.space)
                                            : make_tensor_strided(tensor.data, shape, strides, rank, tensor.dtype, false, 0, tensor.space));
  directions_.push_back(tensor.direction);
  return *this;
}

TaskArguments& TaskArguments::add_tensor(void* data, DataType dtype, std::vector<int64_t> shape, ArgDirection direction,
                                         AddressSpace space) {
  return add_tensor({data, dtype, std::move(shape), {}, direction, space});
}

TaskArguments& TaskArguments::add_scalar_bits(uint64_t bits) {
  if (scalars_.size() == CHIP_MAX_SCALAR_ARGS) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("a callable takes at most {} scalars", CHIP_MAX_SCALAR_ARGS));
  }
  scalars_.push_back(bits);
  return *this;
}

void TaskArguments::clear() {
  tensors_.clear();
  directions_.clear();
  scalars_.clear();
}

}  // namespace tilewright
