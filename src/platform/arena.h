// Device memory of a simulated device: one sparse memory file, mapped at the same address by everyone who uses it.
#pragma once

#include <cstdint>
#include <map>

#include "base/file.h"

namespace tilewright {

/// [0, user_bytes) holds allocations; [user_bytes, user_bytes + runtime_bytes) belongs to the runtime's heap rings.
/// Memory is committed as it is touched. Device addresses are pointers, valid in every process that mapped the file.
/// Not thread safe.
class DeviceArena {
 public:
  /// Creates the file and maps it at the first free address of a fixed list, so that addresses repeat from run to
  /// run. Throws Error(kDeviceMemory).
  DeviceArena(uint64_t user_bytes, uint64_t runtime_bytes);
  /// Maps a file that another process created, at the address stored in its first page.
  explicit DeviceArena(int fd);
  ~DeviceArena();
  DeviceArena(const DeviceArena&) = delete;
  DeviceArena& operator=(const DeviceArena&) = delete;

  int fd() const { return file_.get(); }
  uint64_t base() const { return base_; }
  uint64_t user_bytes() const { return user_bytes_; }
  uint64_t runtime_base() const;
  uint64_t runtime_bytes() const { return runtime_bytes_; }

  /// First fit, lowest address first, 64-byte aligned; zero bytes take 64. Throws Error(kDeviceMemory) with the sizes.
  uint64_t allocate(uint64_t bytes);
  void free(uint64_t address);
  /// Throws Error(kOutOfBounds) unless [address, address + bytes) lies inside one allocation.
  void check_range(uint64_t address, uint64_t bytes) const;
  uint64_t allocated_bytes() const { return allocated_bytes_; }

 private:
  FileDescriptor file_;
  uint64_t base_ = 0;
  uint64_t user_bytes_ = 0;
  uint64_t runtime_bytes_ = 0;
  uint64_t allocated_bytes_ = 0;
  std::map<uint64_t, uint64_t> allocations_;  ///< address -> bytes
};

}  // namespace tilewright
