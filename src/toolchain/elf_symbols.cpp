#include "toolchain/elf_symbols.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <cstdlib>
#include <memory>

#include "base/error.h"

namespace tilewright {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(ErrorCode::kInvalidArgument, "not a readable shared object: " + problem);
}

std::string elf_problem() {
  const char* text = elf_errmsg(-1);
  return text != nullptr ? text : "damaged";
}

}  // namespace

std::vector<std::string> exported_functions(std::span<const uint8_t> object) {
  if (elf_version(EV_CURRENT) == EV_NONE) throw Error(ErrorCode::kInternal, "libelf is older than its header");
  if (object.empty()) refuse("empty");
  // libelf takes a mutable image but writes only through elf_update, which is not used here.
  const std::unique_ptr<Elf, decltype(&elf_end)> elf(
      elf_memory(const_cast<char*>(reinterpret_cast<const char*>(object.data())), object.size()), &elf_end);
  GElf_Ehdr header;
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) refuse("no ELF file");
  if (gelf_getehdr(elf.get(), &header) == nullptr) refuse(elf_problem());
  if (gelf_getclass(elf.get()) != ELFCLASS64 || header.e_type != ET_DYN) refuse("not a 64-bit shared object");

  std::vector<std::string> names;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr shape;
    if (gelf_getshdr(section, &shape) == nullptr) refuse(elf_problem());
    if (shape.sh_type != SHT_DYNSYM || shape.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) refuse(elf_problem());
    const size_t count = data->d_size / shape.sh_entsize;
    for (size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) refuse(elf_problem());
      const bool shared = GELF_ST_BIND(symbol.st_info) == STB_GLOBAL || GELF_ST_BIND(symbol.st_info) == STB_WEAK;
      if (!shared || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      const char* name = elf_strptr(elf.get(), shape.sh_link, symbol.st_name);
      if (name == nullptr) refuse(elf_problem());
      names.emplace_back(name);
    }
  }
  return names;
}

std::string demangle(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && plain != nullptr ? plain.get() : symbol;
}

}  // namespace tilewright
