// The Callable image: an orchestration and its kernels in one relocatable buffer (spec/api.md, section C; layout in
// spec/l3-runtime.md, 3.1). Plain data of a published layout, so that it crosses processes as bytes. What builds
// images from compiled objects and checks images from elsewhere is src/task/callable.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>
#include <type_traits>
#include <vector>

#include "task_args.h"

constexpr size_t CALLABLE_ALIGN = 64;        ///< of kernel bytes within a child, and of child offsets within storage_
constexpr size_t CALLABLE_CHILD_ALIGN = 16;  ///< of storage_, and so of a child in memory
constexpr size_t CALLABLE_FUNC_NAME_MAX = 64;  ///< bytes of a symbol name, the closing NUL included
constexpr int32_t MAX_REGISTERED_CALLABLE_IDS = 64;
constexpr int32_t RUNTIME_MAX_FUNC_ID = 1024;  ///< func_ids are 0 .. RUNTIME_MAX_FUNC_ID - 1

constexpr size_t callable_align_up(size_t size) { return (size + CALLABLE_ALIGN - 1) / CALLABLE_ALIGN * CALLABLE_ALIGN; }

template <typename Child, size_t MaxSig, size_t MaxChildren>
struct Callable;

/// A kernel. The member functions trust their object: use them on images that were checked.
template <size_t MaxSig>
struct Callable<void, MaxSig, 0> {
  ArgDirection signature_[MaxSig];
  int32_t sig_count_;
  uint32_t binary_size_;    ///< bytes of the kernel
  uint64_t resolved_addr_;  ///< 0 in an image; a platform fills it in its private copy
  char storage_[];          ///< the kernel's bytes from binary_data_offset() of this object; reserved bytes before

  /// From the start of this object, in bytes.
  static constexpr size_t binary_data_offset() { return callable_align_up(sizeof(Callable)); }
  int32_t sig_count() const { return sig_count_; }
  ArgDirection sig(int32_t i) const { return signature_[i]; }
  uint32_t binary_size() const { return binary_size_; }
  const void *binary_data() const { return reinterpret_cast<const char *>(this) + binary_data_offset(); }
};

/// An orchestration and its kernels. The member functions trust their object, as above.
template <typename Child, size_t MaxSig, size_t MaxChildren>
struct Callable {
  ArgDirection signature_[MaxSig];
  int32_t sig_count_;
  uint32_t binary_size_;  ///< bytes of the orchestration's shared object
  char func_name_[CALLABLE_FUNC_NAME_MAX];
  uint32_t func_name_len_;
  int32_t child_func_ids_[MaxChildren];
  uint32_t child_offsets_[MaxChildren];  ///< from storage_, multiples of CALLABLE_ALIGN
  int32_t child_count_;
  char config_name_[CALLABLE_FUNC_NAME_MAX];  ///< empty: the orchestration has no config function
  uint32_t config_name_len_;
  alignas(CALLABLE_CHILD_ALIGN) char storage_[];  ///< the orchestration's shared object, then the children

  int32_t sig_count() const { return sig_count_; }
  ArgDirection sig(int32_t i) const { return signature_[i]; }
  std::string_view func_name() const { return {func_name_, func_name_len_}; }
  std::string_view config_name() const { return {config_name_, config_name_len_}; }
  uint32_t binary_size() const { return binary_size_; }
  const void *binary_data() const { return storage_; }
  int32_t child_count() const { return child_count_; }
  int32_t child_func_id(int32_t i) const { return child_func_ids_[i]; }
  const Child &child(int32_t i) const { return *reinterpret_cast<const Child *>(storage_ + child_offsets_[i]); }
};

using CoreCallable = Callable<void, 32, 0>;
using ChipCallable = Callable<CoreCallable, 256, 1024>;

static_assert(std::is_standard_layout_v<CoreCallable> && std::is_trivial_v<CoreCallable>, "crosses processes as bytes");
static_assert(std::is_standard_layout_v<ChipCallable> && std::is_trivial_v<ChipCallable>, "crosses processes as bytes");
static_assert(offsetof(CoreCallable, sig_count_) == 128 && offsetof(CoreCallable, binary_size_) == 132 &&
                  offsetof(CoreCallable, resolved_addr_) == 136 && offsetof(CoreCallable, storage_) == 144 && sizeof(CoreCallable) == 144 &&
                  CoreCallable::binary_data_offset() == 192,
              "published layout");
static_assert(offsetof(ChipCallable, sig_count_) == 1024 && offsetof(ChipCallable, binary_size_) == 1028 &&
                  offsetof(ChipCallable, func_name_) == 1032 && offsetof(ChipCallable, func_name_len_) == 1096 &&
                  offsetof(ChipCallable, child_func_ids_) == 1100 && offsetof(ChipCallable, child_offsets_) == 5196 &&
                  offsetof(ChipCallable, child_count_) == 9292 && offsetof(ChipCallable, config_name_) == 9296 &&
                  offsetof(ChipCallable, config_name_len_) == 9360 && offsetof(ChipCallable, storage_) == 9376 &&
                  sizeof(ChipCallable) == 9376,
              "published layout");

/// The bytes of a CoreCallable; make_callable<32>. All copies are deep, the buffer owns what it holds.
/// Throws tilewright::Error: kInvalidArgument (sig null with sig_count > 0, a bad direction, no binary), kLimitExceeded
/// (more than MaxSig signature entries).
template <size_t MaxSig>
std::vector<uint8_t> make_callable(const ArgDirection sig[], int32_t sig_count, const void *binary, uint32_t binary_size);
extern template std::vector<uint8_t> make_callable<32>(const ArgDirection[], int32_t, const void *, uint32_t);

/// The bytes of a ChipCallable; make_callable<CoreCallable, 256, 1024>. `child_buffers` are results of make_callable<32>.
/// Throws as above, and kInvalidArgument for a func_id that is repeated or outside 0..1023, for a name that is no symbol
/// or has more than 63 characters (it is never cut off: that would name another symbol), and for a malformed child.
template <typename Child, size_t MaxSig, size_t MaxChildren>
std::vector<uint8_t> make_callable(const ArgDirection sig[], int32_t sig_count, const char *func_name, const void *binary,
                                   uint32_t binary_size, const int32_t child_func_ids[], const std::vector<uint8_t> child_buffers[],
                                   int32_t child_count, const char *config_name = "");
extern template std::vector<uint8_t> make_callable<CoreCallable, 256, 1024>(const ArgDirection[], int32_t, const char *, const void *,
                                                                            uint32_t, const int32_t[], const std::vector<uint8_t>[],
                                                                            int32_t, const char *);
