#include "task/callable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr size_t kCoreSignatureMax = std::extent_v<decltype(CoreCallable::signature_)>;
constexpr size_t kChipSignatureMax = std::extent_v<decltype(ChipCallable::signature_)>;
constexpr size_t kChildMax = std::extent_v<decltype(ChipCallable::child_offsets_)>;

/// Lies at storage_ of a CoreCallable, in bytes that the published layout leaves unused. All zero: nothing is said. The name
/// follows the kernel's bytes.
struct CoreTag {
  char magic[4];
  int32_t core_type;
  uint32_t name_bytes;
};
constexpr int32_t kAnyCore = -1;
constexpr size_t kNameMax = 255;
constexpr char kCoreTagMagic[4] = {'T', 'W', 'C', 'T'};
static_assert(sizeof(CoreCallable) + sizeof(CoreTag) <= CoreCallable::binary_data_offset());

[[noreturn]] void refuse(std::string message) { throw Error(ErrorCode::kInvalidArgument, "callable image: " + std::move(message)); }

void check_signature(const ArgDirection signature[], size_t count, size_t limit, const std::string& what) {
  if (count > limit) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{}: {} signature entries, at most {} fit a callable", what, count, limit));
  }
  for (size_t i = 0; i < count; ++i) {
    const auto direction = static_cast<int32_t>(signature[i]);
    if (direction < 0 || direction > 3) refuse(fmt::format("{}: signature[{}] is {}, not a direction (0..3)", what, i, direction));
  }
}

void check_symbol(std::string_view name, const char* field) {
  if (name.size() >= CALLABLE_FUNC_NAME_MAX) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("callable image: {} '{}' has {} characters, at most {} fit", field, name,
                                                       name.size(), CALLABLE_FUNC_NAME_MAX - 1));
  }
  // '$' and '.' occur in symbols that compilers make.
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.';
  };
  if (!std::all_of(name.begin(), name.end(), good)) refuse(fmt::format("{} '{}' is not the name of a symbol", field, name));
}

void check_size(size_t size, const std::string& what) {
  if (size == 0) refuse(what + " has no code");
  if (size > std::numeric_limits<uint32_t>::max()) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} has {} bytes, more than a callable can hold", what, size));
  }
}

std::string kernel_label(int32_t func_id) { return fmt::format("kernel func_id {}", func_id); }

size_t child_size(const KernelImage& kernel) { return CoreCallable::binary_data_offset() + kernel.binary.size() + kernel.name.size(); }

void check_name(std::string_view name, const std::string& label) {
  if (name.size() > kNameMax) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("callable image: the name of {} has {} bytes, at most {} fit", label, name.size(), kNameMax));
  }
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
    refuse(fmt::format("the name of {} has control characters", label));
  }
}

/// Writes one child at `at`, which is zeroed and has child_size() bytes.
void write_child(uint8_t* at, const KernelImage& kernel) {
  const auto put = [at](size_t offset, const void* data, size_t size) {
    if (size != 0) std::memcpy(at + offset, data, size);
  };
  const auto sig_count = static_cast<int32_t>(kernel.signature.size());
  const auto binary_size = static_cast<uint32_t>(kernel.binary.size());
  put(offsetof(CoreCallable, signature_), kernel.signature.data(), kernel.signature.size() * sizeof(ArgDirection));
  put(offsetof(CoreCallable, sig_count_), &sig_count, sizeof sig_count);
  put(offsetof(CoreCallable, binary_size_), &binary_size, sizeof binary_size);
  if (kernel.core_type || !kernel.name.empty()) {
    CoreTag tag{{}, kernel.core_type ? static_cast<int32_t>(*kernel.core_type) : kAnyCore, static_cast<uint32_t>(kernel.name.size())};
    std::memcpy(tag.magic, kCoreTagMagic, sizeof tag.magic);
    put(offsetof(CoreCallable, storage_), &tag, sizeof tag);
  }
  put(CoreCallable::binary_data_offset(), kernel.binary.data(), kernel.binary.size());
  put(CoreCallable::binary_data_offset() + kernel.binary.size(), kernel.name.data(), kernel.name.size());
}

void check_kernel(const KernelImage& kernel) {
  const std::string label = kernel_label(kernel.func_id);
  if (kernel.func_id < 0 || kernel.func_id >= RUNTIME_MAX_FUNC_ID) {
    refuse(fmt::format("func_id {} is outside 0..{}", kernel.func_id, RUNTIME_MAX_FUNC_ID - 1));
  }
  check_signature(kernel.signature.data(), kernel.signature.size(), kCoreSignatureMax, label);
  check_size(kernel.binary.size(), label);
  check_name(kernel.name, label);
}

/// Reads a CoreCallable header anywhere in memory; the caller has checked that sizeof(CoreCallable) bytes are there.
KernelImage read_child(std::span<const uint8_t> bytes, const std::string& label) {
  CoreCallable header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (bytes.size() < CoreCallable::binary_data_offset() || header.binary_size_ > bytes.size() - CoreCallable::binary_data_offset()) {
    refuse(fmt::format("{}: its {} bytes of code do not fit the {} bytes left in the image", label, header.binary_size_, bytes.size()));
  }
  if (header.binary_size_ == 0) refuse(label + " has no code");
  if (header.sig_count_ < 0 || static_cast<size_t>(header.sig_count_) > kCoreSignatureMax) {
    refuse(fmt::format("{}: sig_count {} is outside 0..{}", label, header.sig_count_, kCoreSignatureMax));
  }
  check_signature(header.signature_, static_cast<size_t>(header.sig_count_), kCoreSignatureMax, label);
  if (header.resolved_addr_ != 0)
    refuse(fmt::format("{}: resolved_addr is {:#x}, must be 0 until it is loaded", label, header.resolved_addr_));

  KernelImage kernel;
  kernel.signature.assign(header.signature_, header.signature_ + header.sig_count_);
  kernel.binary = bytes.subspan(CoreCallable::binary_data_offset(), header.binary_size_);
  const auto reserved = bytes.subspan(sizeof(CoreCallable), CoreCallable::binary_data_offset() - sizeof(CoreCallable));
  size_t used = 0;
  if (std::memcmp(reserved.data(), kCoreTagMagic, sizeof kCoreTagMagic) == 0) {
    CoreTag tag;
    std::memcpy(&tag, reserved.data(), sizeof tag);
    if (tag.core_type != 0 && tag.core_type != 1 && tag.core_type != kAnyCore)
      refuse(fmt::format("{}: core type {} is neither AIC (0) nor AIV (1)", label, tag.core_type));
    if (tag.core_type != kAnyCore) kernel.core_type = static_cast<CoreType>(tag.core_type);
    const auto behind = bytes.subspan(CoreCallable::binary_data_offset() + kernel.binary.size());
    if (tag.name_bytes > behind.size()) refuse(fmt::format("{}: its name of {} bytes leaves the image", label, tag.name_bytes));
    kernel.name.assign(reinterpret_cast<const char*>(behind.data()), tag.name_bytes);
    check_name(kernel.name, label);
    used = sizeof tag;
  }
  if (std::any_of(reserved.begin() + used, reserved.end(), [](uint8_t b) { return b != 0; }))
    refuse(label + ": reserved bytes are not zero");
  return kernel;
}

std::string read_name(const char (&name)[CALLABLE_FUNC_NAME_MAX], uint32_t length, const char* field) {
  if (length >= CALLABLE_FUNC_NAME_MAX || std::memchr(name, '\0', sizeof name) != name + length) {
    refuse(fmt::format("{}: its length {} is not that of the text", field, length));
  }
  check_symbol({name, length}, field);
  return {name, length};
}

}  // namespace

std::vector<uint8_t> build_chip_callable(const CallableParts& parts) {
  check_signature(parts.signature.data(), parts.signature.size(), kChipSignatureMax, "orchestration");
  if (parts.entry_name.empty()) refuse("the orchestration's entry has no name");
  check_symbol(parts.entry_name, "entry name");
  check_symbol(parts.config_name, "config name");
  check_size(parts.orchestration.size(), "orchestration");
  if (parts.kernels.size() > kChildMax) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("callable image: {} kernels, at most {} fit", parts.kernels.size(), kChildMax));
  }

  std::vector<const KernelImage*> kernels;
  for (const KernelImage& kernel : parts.kernels) {
    check_kernel(kernel);
    kernels.push_back(&kernel);
  }
  std::sort(kernels.begin(), kernels.end(), [](auto* a, auto* b) { return a->func_id < b->func_id; });
  size_t size = parts.orchestration.size();
  std::vector<uint32_t> offsets;
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (i > 0 && kernels[i]->func_id == kernels[i - 1]->func_id) refuse(fmt::format("func_id {} is used twice", kernels[i]->func_id));
    size = callable_align_up(size);
    offsets.push_back(static_cast<uint32_t>(size));
    size += child_size(*kernels[i]);
    check_size(size, "all code together");
  }

  std::vector<uint8_t> image(offsetof(ChipCallable, storage_) + size);
  const auto put = [&image](size_t offset, const void* data, size_t bytes) {
    if (bytes != 0) std::memcpy(image.data() + offset, data, bytes);
  };
  const auto put_number = [&put](size_t offset, size_t number) {
    const auto narrow = static_cast<uint32_t>(number);
    put(offset, &narrow, sizeof narrow);
  };
  put(offsetof(ChipCallable, signature_), parts.signature.data(), parts.signature.size() * sizeof(ArgDirection));
  put_number(offsetof(ChipCallable, sig_count_), parts.signature.size());
  put_number(offsetof(ChipCallable, binary_size_), parts.orchestration.size());
  put(offsetof(ChipCallable, func_name_), parts.entry_name.data(), parts.entry_name.size());
  put_number(offsetof(ChipCallable, func_name_len_), parts.entry_name.size());
  put_number(offsetof(ChipCallable, child_count_), kernels.size());
  put(offsetof(ChipCallable, config_name_), parts.config_name.data(), parts.config_name.size());
  put_number(offsetof(ChipCallable, config_name_len_), parts.config_name.size());
  put(offsetof(ChipCallable, storage_), parts.orchestration.data(), parts.orchestration.size());
  for (size_t i = 0; i < kernels.size(); ++i) {
    put_number(offsetof(ChipCallable, child_func_ids_) + i * sizeof(int32_t), static_cast<size_t>(kernels[i]->func_id));
    put_number(offsetof(ChipCallable, child_offsets_) + i * sizeof(uint32_t), offsets[i]);
    write_child(image.data() + offsetof(ChipCallable, storage_) + offsets[i], *kernels[i]);
  }
  return image;
}

CallableParts parse_chip_callable(std::span<const uint8_t> image) {
  if (image.size() < sizeof(ChipCallable)) {
    refuse(fmt::format("{} bytes are too few, the header alone has {}", image.size(), sizeof(ChipCallable)));
  }
  // A private copy: another process may still write to the bytes while they are checked here.
  const auto header = std::make_unique<ChipCallable>();
  std::memcpy(header.get(), image.data(), sizeof(ChipCallable));
  const std::span<const uint8_t> storage = image.subspan(offsetof(ChipCallable, storage_));

  if (header->sig_count_ < 0 || static_cast<size_t>(header->sig_count_) > kChipSignatureMax) {
    refuse(fmt::format("sig_count {} is outside 0..{}", header->sig_count_, kChipSignatureMax));
  }
  check_signature(header->signature_, static_cast<size_t>(header->sig_count_), kChipSignatureMax, "orchestration");
  if (header->binary_size_ == 0) refuse("the orchestration has no code");
  if (header->binary_size_ > storage.size()) {
    refuse(fmt::format("the orchestration's {} bytes do not fit the {} bytes of the image", header->binary_size_, image.size()));
  }
  if (header->child_count_ < 0 || static_cast<size_t>(header->child_count_) > kChildMax) {
    refuse(fmt::format("child_count {} is outside 0..{}", header->child_count_, kChildMax));
  }

  CallableParts parts;
  parts.signature.assign(header->signature_, header->signature_ + header->sig_count_);
  parts.entry_name = read_name(header->func_name_, header->func_name_len_, "entry name");
  if (parts.entry_name.empty()) refuse("the orchestration's entry has no name");
  parts.config_name = read_name(header->config_name_, header->config_name_len_, "config name");
  parts.orchestration = storage.first(header->binary_size_);

  std::vector<bool> seen(RUNTIME_MAX_FUNC_ID);
  std::vector<std::pair<size_t, size_t>> extents;  // begin and end of each part, in storage
  extents.emplace_back(0, header->binary_size_);
  for (int32_t i = 0; i < header->child_count_; ++i) {
    const int32_t func_id = header->child_func_ids_[i];
    if (func_id < 0 || func_id >= RUNTIME_MAX_FUNC_ID) {
      refuse(fmt::format("child {}: func_id {} is outside 0..{}", i, func_id, RUNTIME_MAX_FUNC_ID - 1));
    }
    if (seen[static_cast<size_t>(func_id)]) refuse(fmt::format("child {}: func_id {} is used twice", i, func_id));
    seen[static_cast<size_t>(func_id)] = true;
    const size_t offset = header->child_offsets_[i];
    if (offset % CALLABLE_ALIGN != 0 || offset > storage.size() || storage.size() - offset < sizeof(CoreCallable)) {
      refuse(fmt::format("{}: offset {} is not a multiple of {} inside the image", kernel_label(func_id), offset, CALLABLE_ALIGN));
    }
    KernelImage kernel = read_child(storage.subspan(offset), kernel_label(func_id));
    kernel.func_id = func_id;
    extents.emplace_back(offset, offset + child_size(kernel));
    parts.kernels.push_back(std::move(kernel));
  }
  std::sort(extents.begin(), extents.end());
  for (size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].first < extents[i - 1].second)
      refuse(fmt::format("the parts at offsets {} and {} overlap", extents[i - 1].first, extents[i].first));
  }
  if (extents.back().second != storage.size()) {
    refuse(fmt::format("{} bytes follow its content", storage.size() - extents.back().second));
  }
  return parts;
}

}  // namespace tilewright

// ---- the published factory functions ---------------------------------------------------------------------------

namespace {

std::vector<ArgDirection> copy_signature(const ArgDirection sig[], int32_t sig_count) {
  if (sig_count < 0 || (sig == nullptr && sig_count > 0)) {
    throw tilewright::Error(tilewright::ErrorCode::kInvalidArgument,
                            fmt::format("make_callable: no signature but sig_count is {}", sig_count));
  }
  return {sig, sig + sig_count};
}

std::span<const uint8_t> as_bytes(const void* binary, uint32_t binary_size) {
  if (binary == nullptr) return {};  // refused as "no code"
  return {static_cast<const uint8_t*>(binary), binary_size};
}

}  // namespace

template <size_t MaxSig>
std::vector<uint8_t> make_callable(const ArgDirection sig[], int32_t sig_count, const void* binary, uint32_t binary_size) {
  const tilewright::KernelImage kernel{0, std::nullopt, copy_signature(sig, sig_count), as_bytes(binary, binary_size)};
  tilewright::check_kernel(kernel);
  std::vector<uint8_t> bytes(tilewright::child_size(kernel));
  tilewright::write_child(bytes.data(), kernel);
  return bytes;
}
template std::vector<uint8_t> make_callable<32>(const ArgDirection[], int32_t, const void*, uint32_t);

template <typename Child, size_t MaxSig, size_t MaxChildren>
std::vector<uint8_t> make_callable(const ArgDirection sig[], int32_t sig_count, const char* func_name, const void* binary,
                                   uint32_t binary_size, const int32_t child_func_ids[], const std::vector<uint8_t> child_buffers[],
                                   int32_t child_count, const char* config_name) {
  if (child_count < 0 || (child_count > 0 && (child_func_ids == nullptr || child_buffers == nullptr))) {
    throw tilewright::Error(tilewright::ErrorCode::kInvalidArgument,
                            fmt::format("make_callable: no children but child_count is {}", child_count));
  }
  tilewright::CallableParts parts;
  parts.entry_name = func_name != nullptr ? func_name : "";
  parts.config_name = config_name != nullptr ? config_name : "";
  parts.signature = copy_signature(sig, sig_count);
  parts.orchestration = as_bytes(binary, binary_size);
  for (int32_t i = 0; i < child_count; ++i) {
    const std::string label = fmt::format("child {}", i);
    const std::span<const uint8_t> bytes(child_buffers[i]);
    if (bytes.size() < sizeof(CoreCallable)) tilewright::refuse(label + " is no CoreCallable: too few bytes");
    tilewright::KernelImage kernel = tilewright::read_child(bytes, label);
    kernel.func_id = child_func_ids[i];
    if (tilewright::child_size(kernel) != bytes.size()) tilewright::refuse(label + ": bytes follow its code");
    parts.kernels.push_back(std::move(kernel));
  }
  return tilewright::build_chip_callable(parts);
}
template std::vector<uint8_t> make_callable<CoreCallable, 256, 1024>(const ArgDirection[], int32_t, const char*, const void*, uint32_t,
                                                                     const int32_t[], const std::vector<uint8_t>[], int32_t, const char*);
