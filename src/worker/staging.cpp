#include "worker/staging.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr uint64_t kSliceAlignment = 1024;
constexpr uint64_t kGrowth = uint64_t{1} << 20;

uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

bool is_host(const ChipTensor& tensor) { return !tensor.is_device_memory(); }

}  // namespace

void Staging::check_and_group(const TaskArguments& arguments) {
  regions_.clear();
  for (size_t i = 0; i < arguments.tensor_count(); ++i) {
    const ChipTensor& tensor = arguments.tensor(i);
    if (!is_host(tensor)) {
      try {
        device_.check_range(tensor.buffer.addr, tensor.buffer.size);
      } catch (const Error& error) {
        throw error.with_context(fmt::format("tensor argument {}", i));
      }
      continue;
    }
    const uint64_t device_bytes = device_.platform().memory_bytes;
    if (tensor.buffer.size > device_bytes) {
      throw Error(
          ErrorCode::kDeviceMemory,
          fmt::format("tensor argument {} spans {} bytes, device {} has {}", i, tensor.buffer.size, device_.platform().name, device_bytes),
          "split it, or pass fewer elements");
    }
    regions_.push_back({tensor.buffer.addr, tensor.buffer.addr + tensor.buffer.size, 0});
  }
  std::sort(regions_.begin(), regions_.end(), [](const Region& a, const Region& b) { return a.begin < b.begin; });
  size_t kept = 0;
  for (const Region& region : regions_) {
    if (kept > 0 && region.begin < regions_[kept - 1].end) {
      regions_[kept - 1].end = std::max(regions_[kept - 1].end, region.end);
    } else {
      regions_[kept++] = region;
    }
  }
  regions_.resize(kept);
}

void Staging::place_regions() {
  uint64_t needed = 0;
  for (Region& region : regions_) {
    region.device = needed;
    needed += align_up(region.end - region.begin, kSliceAlignment);
  }
  if (needed == 0) return;
  needed += kSliceAlignment;  // room to align the first slice
  if (needed > buffer_bytes_) {
    if (buffer_ != 0) device_.free(buffer_);
    buffer_ = buffer_bytes_ = 0;
    const uint64_t bytes = std::max(needed, std::min(align_up(needed, kGrowth), device_.platform().memory_bytes));
    buffer_ = device_.allocate(bytes);
    buffer_bytes_ = bytes;
  }
  const uint64_t first = align_up(buffer_, kSliceAlignment);
  for (Region& region : regions_) region.device += first;
}

uint64_t Staging::device_address(uint64_t host) const {
  const auto after = std::upper_bound(regions_.begin(), regions_.end(), host, [](uint64_t at, const Region& r) { return at < r.begin; });
  const Region& region = *std::prev(after);
  return region.device + (host - region.begin);
}

void Staging::copy_in(const TaskArguments& arguments, ChipStorageTaskArgs& out, bool outputs_too) {
  check_and_group(arguments);
  place_regions();
  out.clear();
  for (size_t i = 0; i < arguments.tensor_count(); ++i) {
    ChipTensor tensor = arguments.tensor(i);
    if (is_host(tensor)) {
      const uint64_t host = tensor.buffer.addr;
      tensor.buffer.addr = device_address(host);
      // The gaps of a strided output are somebody's data: they come back with it, so they have to go there.
      if (outputs_too || arguments.direction(i) != ArgDirection::OUT || !tensor.is_contiguous) {
        device_.copy_to_device(tensor.buffer.addr, reinterpret_cast<const void*>(host), tensor.buffer.size);
      }
      tensor.address_space = AddressSpace::DEVICE;
    }
    out.add_tensor(tensor);
  }
  for (size_t i = 0; i < arguments.scalar_count(); ++i) out.add_scalar(arguments.scalar(i));
}

void Staging::copy_out(const TaskArguments& arguments) {
  for (size_t i = 0; i < arguments.tensor_count(); ++i) {
    const ChipTensor& tensor = arguments.tensor(i);
    if (!is_host(tensor) || arguments.direction(i) == ArgDirection::IN) continue;
    device_.copy_from_device(reinterpret_cast<void*>(tensor.buffer.addr), device_address(tensor.buffer.addr), tensor.buffer.size);
  }
}

}  // namespace tilewright
