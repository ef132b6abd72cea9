// Device memory of a simulated device: one sparse memory file, mapped at the same address by everyone who uses it.
#pragma once

#include <cstdint>
#include <map>

#include "base/file.h"

namespace tilewright {

/// Address space kept for the runtime's heap rings of one device. Only what is touched is committed, so it is generous:
/// four rings of 16 GiB.
constexpr uint64_t kRuntimeHeapBytes = uint64_t{64} << 30;

/// [0, user_bytes) holds allocations; [user_bytes, user_bytes + runtime_bytes) belongs to the runtime's heap rings.
/// Memory is committed as it is touched. Device addresses are pointers, valid in every process that mapped the file.
/// Not thread safe.
class DeviceArena {
 public:
  /// Creates the file and maps it at the first free address of a fixed list, so that addresses repeat from run to
  /// run. Throws Error(kDeviceMemory).
  DeviceArena(uint64_t user_bytes, uint64_t runtime_bytes);
  /// Maps a file that another process created, at the address stored in its first page.
  /// Takes the descriptor; on failure it is closed. Throws Error(kDeviceMemory) if that address is taken here,
  /// kInvalidArgument if the file is no arena. allocate, free and check_range are the creator's.
  explicit DeviceArena(int fd);
  ~DeviceArena();
  DeviceArena(const DeviceArena&) = delete;
  DeviceArena& operator=(const DeviceArena&) = delete;

  int fd() const { return file_.get(); }
  uint64_t base() const { return base_; }
  uint64_t user_bytes() const { return user_bytes_; }
  uint64_t runtime_base() const { return base_ + user_bytes_; }
  uint64_t runtime_bytes() const { return runtime_bytes_; }
  /// Makes the runtime's memory zero, and gives it back to the system.
  void clear_runtime();

  /// User memory that no allocation holds; the largest hole may be smaller.
  uint64_t free_bytes() const { return user_bytes_ - allocated_bytes_; }

  /// First fit, lowest address first, 64-byte aligned; zero bytes take 64. Throws Error(kDeviceMemory) with the sizes.
  uint64_t allocate(uint64_t bytes);
  /// Throws Error(kInvalidArgument) for an address that allocate did not return. Blocks of 16 MiB and more give their
  /// memory back to the system; smaller ones stay committed, so that reuse is cheap.
  void free(uint64_t address);
  /// Throws Error(kOutOfBounds) unless [address, address + bytes) lies inside one allocation.
  void check_range(uint64_t address, uint64_t bytes) const;
  uint64_t allocated_bytes() const { return allocated_bytes_; }

 private:
  uint64_t mapped_bytes() const { return user_bytes_ + runtime_bytes_; }

  FileDescriptor file_;
  uint64_t base_ = 0;
  uint64_t user_bytes_ = 0;
  uint64_t runtime_bytes_ = 0;
  uint64_t allocated_bytes_ = 0;
  std::map<uint64_t, uint64_t> allocations_;  ///< address -> bytes
};

}  // namespace tilewright
