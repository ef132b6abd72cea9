// Copies of host tensors in device memory for the length of a run (spec/l2-runtime.md, 3.11).
#pragma once

#include <cstdint>
#include <vector>

#include "platform/device.h"
#include "tilewright/worker.h"

namespace tilewright {

/// One device buffer that is kept between runs and only grows. Each group of host tensors that overlap gets one slice of
/// it, so that tensors which share bytes on the host share them on the device. Not thread safe.
class Staging {
 public:
  explicit Staging(Device& device) : device_(device) {}

  /// Fills `out` with device tensors for `arguments`: HOST tensors are copied in as far as their contents count, DEVICE
  /// tensors pass through. Throws Error(kDeviceMemory) naming the tensor that is larger than the device, kOutOfBounds naming
  /// a DEVICE tensor that is not inside one allocation.
  void copy_in(const TaskArguments& arguments, ChipStorageTaskArgs& out, bool outputs_too = false);
  /// Copies what the last copy_in staged back to the host, IN tensors excepted.
  void copy_out(const TaskArguments& arguments);

 private:
  /// A host range, and the device memory for it.
  struct Region {
    uint64_t begin;
    uint64_t end;
    uint64_t device;
  };
  void check_and_group(const TaskArguments& arguments);
  void place_regions();
  uint64_t device_address(uint64_t host) const;

  Device& device_;
  uint64_t buffer_ = 0;
  uint64_t buffer_bytes_ = 0;
  std::vector<Region> regions_;  ///< sorted by begin, disjoint
};

}  // namespace tilewright
