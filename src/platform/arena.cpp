#include "platform/arena.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kFirstAddress = 0x2000'0000'0000;
constexpr uint64_t kAddressStep = uint64_t{1} << 40;
constexpr int kAddressCount = 64;
constexpr uint64_t kGiveBackBytes = uint64_t{16} << 20;
constexpr uint64_t kMagic = 0x31616e6572617774;  // "twarena1"

/// Stored at the beginning of the file and never mapped; device memory begins at kDataOffset, a huge page in.
struct Header {
  uint64_t magic;
  uint64_t base;
  uint64_t user_bytes;
  uint64_t runtime_bytes;
};
constexpr uint64_t kDataOffset = uint64_t{2} << 20;

uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

void* map_shared(int fd, uint64_t address, uint64_t bytes, int flags) {
  return ::mmap(reinterpret_cast<void*>(address), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | flags, fd,
                static_cast<off_t>(kDataOffset));
}

/// Kernels that do not know MAP_FIXED_NOREPLACE, and sanitizers, treat the address as a hint: look at the result.
bool map_exactly(int fd, uint64_t address, uint64_t bytes) {
  void* const got = map_shared(fd, address, bytes, MAP_FIXED_NOREPLACE);
  if (got == MAP_FAILED) return false;
  if (reinterpret_cast<uint64_t>(got) == address) return true;
  ::munmap(got, bytes);
  return false;
}

/// Nobody wants 64 GiB of device memory in a core file.
void keep_out_of_core_files(uint64_t address, uint64_t bytes) { ::madvise(reinterpret_cast<void*>(address), bytes, MADV_DONTDUMP); }

Error memory_error(int error_number, std::string_view what, uint64_t bytes) {
  return Error(ErrorCode::kDeviceMemory, fmt::format("{} of {} bytes: {}", what, bytes, std::strerror(error_number)),
               "limits of address space (ulimit -v) or of the container are the usual reason");
}

/// A file beyond the limit of file sizes (ulimit -f) is not only refused: SIGXFSZ ends the process.
void refuse_if_limited(uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes) return;
  throw Error(ErrorCode::kDeviceMemory,
              fmt::format("device memory needs a sparse memory file of {} bytes, and files are limited to {} here", bytes, limit.rlim_cur),
              "raise or lift 'ulimit -f'");
}

}  // namespace

DeviceArena::DeviceArena(uint64_t user_bytes, uint64_t runtime_bytes)
    : user_bytes_(align_up(user_bytes, kDataOffset)), runtime_bytes_(align_up(runtime_bytes, kDataOffset)) {
  file_ = FileDescriptor(::memfd_create("tilewright-device", MFD_CLOEXEC));
  if (!file_) throw memory_error(errno, "cannot create device memory", mapped_bytes());
  refuse_if_limited(kDataOffset + mapped_bytes());
  if (::ftruncate(file_.get(), static_cast<off_t>(kDataOffset + mapped_bytes())) != 0) {
    throw memory_error(errno, "cannot size device memory", mapped_bytes());
  }
  for (int k = 0; k < kAddressCount && base_ == 0; ++k) {
    const uint64_t address = kFirstAddress + static_cast<uint64_t>(k) * kAddressStep;
    if (map_exactly(file_.get(), address, mapped_bytes())) base_ = address;
  }
  if (base_ == 0) {
    void* const anywhere = map_shared(file_.get(), 0, mapped_bytes(), 0);
    if (anywhere == MAP_FAILED) throw memory_error(errno, "cannot map device memory", mapped_bytes());
    base_ = reinterpret_cast<uint64_t>(anywhere);
  }
  keep_out_of_core_files(base_, mapped_bytes());
  const Header header{kMagic, base_, user_bytes_, runtime_bytes_};
  if (::pwrite(file_.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
    const int error_number = errno;
    ::munmap(reinterpret_cast<void*>(base_), mapped_bytes());
    throw memory_error(error_number, "cannot write the header of device memory", mapped_bytes());
  }
}

DeviceArena::DeviceArena(int fd) : file_(fd) {
  Header header{};
  if (::pread(file_.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) || header.magic != kMagic) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("file descriptor {} holds no device memory", file_.get()));
  }
  user_bytes_ = header.user_bytes;
  runtime_bytes_ = header.runtime_bytes;
  if (!map_exactly(file_.get(), header.base, mapped_bytes())) {
    throw Error(ErrorCode::kDeviceMemory,
                fmt::format("cannot map device memory: {} bytes at {:#x} are not free in this process", mapped_bytes(), header.base),
                "device addresses are pointers, so every process needs the same range; start again to get another one");
  }
  base_ = header.base;
  keep_out_of_core_files(base_, mapped_bytes());
}

DeviceArena::~DeviceArena() { ::munmap(reinterpret_cast<void*>(base_), mapped_bytes()); }

void DeviceArena::clear_runtime() { ::madvise(reinterpret_cast<void*>(runtime_base()), runtime_bytes_, MADV_REMOVE); }

uint64_t DeviceArena::allocate(uint64_t bytes) {
  const uint64_t wanted = bytes == 0 ? kAlignment : bytes;
  if (wanted <= user_bytes_) {
    const uint64_t rounded = align_up(wanted, kAlignment);
    uint64_t address = base_;
    for (const auto& [used, used_bytes] : allocations_) {
      if (used - address >= rounded) break;
      address = used + align_up(used_bytes, kAlignment);
    }
    if (base_ + user_bytes_ - address >= rounded) {
      allocations_.emplace(address, wanted);
      allocated_bytes_ += rounded;
      return address;
    }
  }
  throw Error(
      ErrorCode::kDeviceMemory,
      fmt::format("device memory: no room for {} bytes; {} of {} bytes are free", bytes, free_bytes(), user_bytes_),
      bytes > user_bytes_ ? "the request is larger than the device" : "free buffers that are no longer used, or use smaller tensors");
}

void DeviceArena::free(uint64_t address) {
  const auto found = allocations_.find(address);
  if (found == allocations_.end()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("free: {:#x} is not the address of a device buffer", address),
                "pass an address that malloc returned, once");
  }
  const uint64_t rounded = align_up(found->second, kAlignment);
  if (found->second >= kGiveBackBytes) {
    ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(kDataOffset + address - base_),
                static_cast<off_t>(rounded));
  }
  allocated_bytes_ -= rounded;
  allocations_.erase(found);
}

void DeviceArena::check_range(uint64_t address, uint64_t bytes) const {
  auto next = allocations_.upper_bound(address);
  if (next != allocations_.begin()) {
    const auto& [start, size] = *--next;
    if (address - start <= size && bytes <= size - (address - start)) return;
    if (address - start < size) {
      throw Error(ErrorCode::kOutOfBounds,
                  fmt::format("device range [{:#x}, +{} bytes) leaves the buffer [{:#x}, +{} bytes)", address, bytes, start, size));
    }
  }
  throw Error(ErrorCode::kOutOfBounds, fmt::format("device range [{:#x}, +{} bytes) is in no device buffer", address, bytes),
              "the address must come from the malloc of the same worker and not be freed");
}

}  // namespace tilewright
