#include "platform/code_object.h"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

namespace tilewright {
namespace {

/// A copy of an ELF file in which the loader finds nothing to share. Every access is checked: the bytes are input.
class PrivateImage {
 public:
  PrivateImage(std::span<const uint8_t> bytes, const std::string& name) : bytes_(bytes.begin(), bytes.end()), name_(name) {
    const auto* header = at<Elf64_Ehdr>(0);
    if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_type != ET_DYN) {
      throw malformed("it is no 64-bit ELF shared object");
    }
    if (header->e_machine != EM_X86_64) throw malformed(fmt::format("it is for ELF machine {}, not x86-64", header->e_machine));
    for (uint32_t i = 0; i < header->e_phnum; ++i) {
      const auto* segment = at<Elf64_Phdr>(header->e_phoff + uint64_t{i} * sizeof(Elf64_Phdr));
      if (segment == nullptr) throw malformed("its program headers are cut off");
      if (segment->p_type == PT_LOAD && (segment->p_offset > bytes_.size() || segment->p_filesz > bytes_.size() - segment->p_offset)) {
        throw malformed("a segment is cut off");  // the loader would map it and die of SIGBUS
      }
      if (segment->p_type == PT_DYNAMIC) prefer_own_symbols(segment->p_offset, segment->p_filesz / sizeof(Elf64_Dyn));
    }
    for (uint32_t i = 0; i < header->e_shnum; ++i) {
      const auto* section = at<Elf64_Shdr>(header->e_shoff + uint64_t{i} * sizeof(Elf64_Shdr));
      if (section == nullptr) throw malformed("its section headers are cut off");
      if (section->sh_type == SHT_DYNSYM) make_unique_symbols_ordinary(section->sh_offset, section->sh_size / sizeof(Elf64_Sym));
    }
  }

  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  template <typename T>
  T* at(uint64_t offset) {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T) || offset % alignof(T) != 0) return nullptr;
    return reinterpret_cast<T*>(bytes_.data() + offset);
  }

  Error malformed(const std::string& why) const {
    return Error(ErrorCode::kInvalidArgument, fmt::format("cannot load {} ({} bytes): {}", name_, bytes_.size(), why));
  }

  /// STB_GNU_UNIQUE symbols (statics of inline functions and templates) exist once in a process, even with RTLD_LOCAL.
  void make_unique_symbols_ordinary(uint64_t offset, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      auto* symbol = at<Elf64_Sym>(offset + i * sizeof(Elf64_Sym));
      if (symbol == nullptr) throw malformed("its symbol table is cut off");
      if (ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE) symbol->st_info = ELF64_ST_INFO(STB_WEAK, ELF64_ST_TYPE(symbol->st_info));
    }
  }

  /// -Bsymbolic after the fact: in DT_FLAGS, or in one of the spare entries that linkers leave behind the last one.
  void prefer_own_symbols(uint64_t offset, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      auto* entry = at<Elf64_Dyn>(offset + i * sizeof(Elf64_Dyn));
      if (entry == nullptr) throw malformed("its dynamic section is cut off");
      if (entry->d_tag == DT_FLAGS) {
        entry->d_un.d_val |= DF_SYMBOLIC;
        return;
      }
      if (entry->d_tag == DT_NULL) {
        const auto* next = i + 1 < count ? at<Elf64_Dyn>(offset + (i + 1) * sizeof(Elf64_Dyn)) : nullptr;
        if (next != nullptr && next->d_tag == DT_NULL) entry->d_tag = DT_SYMBOLIC;
        return;
      }
    }
  }

  std::vector<uint8_t> bytes_;
  const std::string& name_;
};

/// A spelling of /proc/self/fd/N that was never used before. The loader takes an equal path for an equal object, and
/// descriptor numbers come back; an object that cannot be unloaded would then be found instead of the new one.
std::string unused_path(int fd) {
  static std::atomic<uint64_t> counter{0};
  std::string path = "/proc/self/fd/";
  for (uint64_t rest = counter.fetch_add(1) + 1; rest != 0; rest >>= 1) path += (rest & 1) != 0 ? "./" : ".//";
  return path + std::to_string(fd);
}

FileDescriptor write_to_memory(const std::vector<uint8_t>& bytes, const std::string& name) {
  FileDescriptor file(::memfd_create(name.substr(0, 200).c_str(), MFD_CLOEXEC));
  if (!file) throw errno_error(errno, fmt::format("cannot load {}: memfd_create", name));
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t put = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw errno_error(errno, fmt::format("cannot load {}: write", name));
    written += static_cast<size_t>(put);
  }
  return file;
}

std::string write_to_directory(const std::vector<uint8_t>& bytes, const std::string& name, const std::filesystem::path& directory) {
  static std::atomic<uint64_t> counter{0};
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto path = directory / fmt::format("{}.{}.{}.{}.so", std::filesystem::path(name).filename().string(),
                                            sha256(content).hex().substr(0, 12), ::getpid(), counter.fetch_add(1));
  write_file_atomically(path, content);
  return std::filesystem::absolute(path).string();
}

}  // namespace

CodeObject::CodeObject(std::span<const uint8_t> bytes, std::string name, const std::filesystem::path& debug_directory)
    : name_(std::move(name)) {
  const PrivateImage image(bytes, name_);
  FileDescriptor memory;
  std::string path;
  if (debug_directory.empty()) {
    memory = write_to_memory(image.bytes(), name_);
    path = unused_path(memory.get());
  } else {
    path = write_to_directory(image.bytes(), name_, debug_directory);
  }
  handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ != nullptr) return;
  std::string why = ::dlerror();
  for (size_t at = why.find(path); at != std::string::npos; at = why.find(path)) why.replace(at, path.size(), name_);
  const bool undefined = why.find("undefined symbol") != std::string::npos;
  throw Error(undefined ? ErrorCode::kSymbolMissing : ErrorCode::kInvalidArgument, fmt::format("cannot load {}: {}", name_, why),
              undefined ? "kernels and orchestrations link against nothing but the C++ runtime; define the symbol in their sources" : "");
}

CodeObject::~CodeObject() { ::dlclose(handle_); }

void* CodeObject::find(const char* symbol) const { return ::dlsym(handle_, symbol); }

void* CodeObject::get(const char* symbol) const {
  void* const address = find(symbol);
  if (address == nullptr) {
    throw Error(ErrorCode::kSymbolMissing, fmt::format("{} does not define '{}'", name_, symbol),
                "declare it extern \"C\" with default visibility, or correct the name in the callable");
  }
  return address;
}

}  // namespace tilewright
