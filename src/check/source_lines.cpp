#include "check/source_lines.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace tilewright::check {
namespace {

struct Line {
  std::string file;
  int number = 0;
};

/// include/pto and include/orchestration, wherever they are installed and whatever prefix the toolchain maps them to.
bool is_instruction_header(std::string_view file) {
  for (const std::string_view part : {"pto/inst/", "pto/common/", "pto/comm/"}) {
    if (file.find(part) != std::string_view::npos) return true;
  }
  for (const std::string_view header : {"/pipe_sync.h", "/intrinsic.h", "/pto-inst.hpp", "/pto_async_kernel_api.h",
                                        "/pto_orchestration_api.h", "/pto_arg_with_deps.h", "/runtime_ops.h"}) {
    if (file.ends_with(header)) return true;
  }
  return false;
}

/// The line that an inlined function was called from.
Line call_line(Dwarf_Die& compile_unit, Dwarf_Die& inlined) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0, line = 0;
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_file, &attribute), &file) != 0 ||
      dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_line, &attribute), &line) != 0 ||
      dwarf_getsrcfiles(&compile_unit, &files, &count) != 0 || file >= count) {
    return {};
  }
  const char* name = dwarf_filesrc(files, file, nullptr, nullptr);
  return {name != nullptr ? name : "", static_cast<int>(line)};
}

bool find_unit(Dwarf* dwarf, Dwarf_Addr address, Dwarf_Die& unit) {
  if (dwarf_addrdie(dwarf, address, &unit) != nullptr) return true;
  // clang writes no .debug_aranges.
  Dwarf_CU* cursor = nullptr;
  while (dwarf_get_units(dwarf, cursor, &cursor, nullptr, nullptr, &unit, nullptr) == 0) {
    if (dwarf_haspc(&unit, address) > 0) return true;
  }
  return false;
}

/// The lines of an address, from the innermost inlined function outwards.
std::vector<Line> lines_of(Dwarf* dwarf, Dwarf_Addr address) {
  std::vector<Line> lines;
  Dwarf_Die unit;
  if (!find_unit(dwarf, address, unit)) return lines;
  if (Dwarf_Line* const line = dwarf_getsrc_die(&unit, address); line != nullptr) {
    int number = 0;
    const char* file = dwarf_linesrc(line, nullptr, nullptr);
    if (file != nullptr && dwarf_lineno(line, &number) == 0) lines.push_back({file, number});
  }
  // dwarf_getscopes goes on from an inlined function with the scopes of its definition; the scopes it was inlined into are the parents of
  // the innermost one.
  Dwarf_Die *by_definition = nullptr, *scopes = nullptr;
  const int found = dwarf_getscopes(&unit, address, &by_definition);
  const int count = found > 0 ? dwarf_getscopes_die(&by_definition[0], &scopes) : 0;
  std::free(by_definition);
  for (int i = 0; i < count; ++i) {
    if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine) continue;
    if (Line line = call_line(unit, scopes[i]); !line.file.empty()) lines.push_back(std::move(line));
  }
  std::free(scopes);
  return lines;
}

const link_map* link_map_of(const void* address) {
  Dl_info info;
  void* map = nullptr;
  return dladdr1(address, &info, &map, RTLD_DL_LINKMAP) != 0 ? static_cast<const link_map*>(map) : nullptr;
}

}  // namespace

struct SourceLines::Object {
  explicit Object(const link_map& map) : name(map.l_name), base(map.l_addr) {}
  ~Object() {
    if (dwarf != nullptr) dwarf_end(dwarf);
    if (elf != nullptr) elf_end(elf);
    if (file >= 0) close(file);
  }

  const std::string name;  ///< empty for the program itself
  const uint64_t base;  ///< an address minus this is the address in the file
  int file = -1;
  Elf* elf = nullptr;
  Dwarf* dwarf = nullptr;
};

SourceLines::SourceLines() { elf_version(EV_CURRENT); }
SourceLines::~SourceLines() = default;

void SourceLines::add_object(const void* address, std::span<const uint8_t> bytes) {
  const link_map* const map = link_map_of(address);
  if (map == nullptr) return;
  std::unique_ptr<Object>& object = objects_[map];
  object = std::make_unique<Object>(*map);
  // libelf does not write to an image that is only read.
  object->elf = elf_memory(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())), bytes.size());
  if (object->elf != nullptr) object->dwarf = dwarf_begin_elf(object->elf, DWARF_C_READ, nullptr);
}

SourceLines::Object* SourceLines::object_of(const void* address) {
  const link_map* const map = link_map_of(address);
  if (map == nullptr) return nullptr;
  std::unique_ptr<Object>& object = objects_[map];
  if (object != nullptr) return object.get();
  object = std::make_unique<Object>(*map);
  object->file = open(object->name.empty() ? "/proc/self/exe" : object->name.c_str(), O_RDONLY | O_CLOEXEC);
  if (object->file >= 0) object->elf = elf_begin(object->file, ELF_C_READ_MMAP, nullptr);
  if (object->elf != nullptr) object->dwarf = dwarf_begin_elf(object->elf, DWARF_C_READ, nullptr);
  return object.get();
}

std::string SourceLines::place(CallStack stack) {
  std::string fallback = "an unknown place";
  const Object* kernel = nullptr;
  for (size_t i = 0; i < stack.size(); ++i) {
    Object* const object = object_of(stack[i]);
    if (object == nullptr || (i != 0 && object != kernel)) break;  // beyond the kernel's own code
    kernel = object;
    const uint64_t call = reinterpret_cast<uint64_t>(stack[i]) - 1 - object->base;
    if (object->dwarf != nullptr) {
      for (const Line& line : lines_of(object->dwarf, call)) {
        if (is_instruction_header(line.file)) continue;
        const std::string_view file(line.file);
        return fmt::format("{}:{}", file.starts_with("./") ? file.substr(2) : file, line.number);
      }
    }
    if (i == 0) {
      const size_t slash = object->name.rfind('/');
      const std::string file = object->name.empty() ? "the program" : object->name.substr(slash == std::string::npos ? 0 : slash + 1);
      fallback = fmt::format("{}+{:#x} (built without lines)", file, call + 1);
    }
  }
  return fallback;
}

}  // namespace tilewright::check
