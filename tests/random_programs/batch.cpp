#include "batch.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "task/callable.h"
#include "toolchain/compiler.h"
#include "toolchain/paths.h"
#include "toolchain/store.h"

namespace tilewright {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kSelectedMark = 0x5457'7261'6e64'6f6dULL;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

std::string without_includes(const std::string& text) {
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1);
    if (text.compare(at, 8, "#include") != 0) kept.append(text, at, end + 1 - at);
    at = end + 1;
  }
  return kept;
}

/// Compiles one source as the toolchain would, but without optimisation. Throws Error(kCompileFailed).
std::vector<uint8_t> compile_quickly(const std::string& text, UnitKind kind, const std::string& arch, Store& store) {
  const TemporaryDirectory directory;
  CompileUnit unit;
  unit.kind = kind;
  unit.source = directory.path() / "batch.cpp";
  unit.include_dirs = find_toolchain_paths().include_dirs();
  unit.arch = arch;
  unit.target_level = "x86-64-v3";
  std::ofstream(unit.source) << text;
  std::vector<std::string> command = compile_command(unit, find_compiler(store));
  for (std::string& word : command) {
    if (word == "-O2") word = "-O0";
  }
  const fs::path object = directory.path() / "batch.so";
  command.insert(command.end(), {"-fmax-errors=5", "-o", object.string()});
  const ProcessResult result = run_process(command);
  if (result.exit_code != 0) {
    if (const char* keep = std::getenv("TW_RANDOM_KEEP")) std::ofstream(keep) << text;
    throw Error(ErrorCode::kCompileFailed, result.output);
  }
  const std::string bytes = read_file(object);
  return {bytes.begin(), bytes.end()};
}

/// A copy of an object with the number of the kernel that it calls.
std::vector<uint8_t> with_number(std::vector<uint8_t> object, uint64_t number) {
  const uint64_t mark = kSelectedMark;
  void* const at = ::memmem(object.data(), object.size(), &mark, sizeof(mark));
  if (at == nullptr) throw Error(ErrorCode::kInternal, "a batch without its number");
  std::memcpy(static_cast<uint8_t*>(at) + sizeof(mark), &number, sizeof(number));
  return object;
}

}  // namespace

std::vector<std::vector<uint8_t>> build_batch(const std::vector<BatchProgram>& programs, Store& store,
                                              const std::function<void(std::string& kernel)>& alter) {
  std::string kernels[2] = {"#include <pto/pto-inst.hpp>\n\n#include \"intrinsic.h\"\n#include \"tensor.h\"\n\n", ""};
  kernels[1] = kernels[0];
  std::string entries[2], orchestrations = "#include \"pto_orchestration_api.h\"\n";
  uint64_t counts[2] = {0, 0};
  std::vector<std::vector<uint64_t>> numbers(programs.size());  // of each kernel in its batch
  for (size_t p = 0; p < programs.size(); ++p) {
    const auto& [content, spec] = programs[p];
    for (size_t k = 0; k < spec.incores.size(); ++k) {
      const KernelSpec& kernel = spec.incores[k];
      const int core = kernel.core_type == CoreType::AIC ? 0 : 1;
      std::string text = without_includes(content.files.at(kernel.source.relative_path().string()));
      if (alter) alter(text);
      text = replaced(text, "extern \"C\" __aicore__ void kernel_entry", "static AICORE void kernel_entry");
      kernels[core] += fmt::format("namespace p{}_k{} {{\n{}}}\n", p, k, text);
      entries[core] += fmt::format("  p{}_k{}::kernel_entry,\n", p, k);
      numbers[p].push_back(counts[core]++);
    }
    std::string text = without_includes(content.files.at(spec.orchestration.source.relative_path().string()));
    text = replaced(text, "aicpu_orchestration_", fmt::format("p{}_", p));
    orchestrations += fmt::format("namespace p{} {{\n{}}}\n", p, text);
  }
  const std::string& arch = programs.front().content.platform;
  std::vector<uint8_t> objects[2];
  for (const int core : {0, 1}) {
    if (counts[core] == 0) continue;
    kernels[core] += fmt::format(
        "static void (*const tw_entries[])(__gm__ int64_t *) = {{\n{}}};\n"
        "extern \"C\" {{ extern const volatile uint64_t tw_selected[2]; }}\n"
        "extern \"C\" {{ __attribute__((used)) const volatile uint64_t tw_selected[2] = {{{:#x}ULL, 0}}; }}\n"
        "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *args) {{ tw_entries[tw_selected[1]](args); }}\n",
        entries[core], kSelectedMark);
    objects[core] = compile_quickly(kernels[core], core == 0 ? UnitKind::kAicKernel : UnitKind::kAivKernel, arch, store);
  }
  const std::vector<uint8_t> orchestration = compile_quickly(orchestrations, UnitKind::kOrchestration, arch, store);

  std::vector<std::vector<uint8_t>> images;
  for (size_t p = 0; p < programs.size(); ++p) {
    const CallableSpec& spec = programs[p].spec;
    std::vector<std::vector<uint8_t>> copies;
    copies.reserve(spec.incores.size());
    CallableParts parts;
    parts.entry_name = fmt::format("p{}_entry", p);
    parts.config_name = fmt::format("p{}_config", p);
    parts.signature = spec.orchestration.signature;
    parts.orchestration = orchestration;
    for (size_t k = 0; k < spec.incores.size(); ++k) {
      const KernelSpec& kernel = spec.incores[k];
      copies.push_back(with_number(objects[kernel.core_type == CoreType::AIC ? 0 : 1], numbers[p][k]));
      parts.kernels.push_back({kernel.func_id, kernel.core_type, kernel.signature, copies.back(), kernel.name});
    }
    images.push_back(build_chip_callable(parts));
  }
  return images;
}

}  // namespace tilewright
