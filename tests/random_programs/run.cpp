#include "run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "compiler/builder/dtype.h"
#include "compiler/builder/recorder.h"
#include "compiler/compile.h"
#include "compiler/interpret/interpreter.h"
#include "data/element.h"
#include "task/callable.h"
#include "tilewright/worker.h"
#include "toolchain/callable_spec.h"
#include "toolchain/compiler.h"
#include "toolchain/paths.h"
#include "toolchain/store.h"

namespace tilewright::random_programs {

namespace fs = std::filesystem;
using Failure = Verdict::Kind;

namespace {

double processor_seconds() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    total += static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
             static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  }
  return total;
}

class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), begin_(processor_seconds()) {}
  ~Stopwatch() { sum_ += processor_seconds() - begin_; }

 private:
  double& sum_;
  double begin_;
};

/// The byte of an e4m3 number that is exactly one.
uint8_t fp8_bits(float value) {
  for (int bits = 0; bits < 256; ++bits) {
    if (fp8e4m3fn_to_float(static_cast<uint8_t>(bits)) == value) return static_cast<uint8_t>(bits);
  }
  throw Error(ErrorCode::kInternal, fmt::format("{} is no e4m3 number", value));
}

void set_element(HostTensor& tensor, size_t at, double value) {
  visit_element_type(tensor.dtype(), [&](auto element) {
    using E = decltype(element);
    auto elements = tensor.elements<typename E::Storage>();
    if constexpr (requires { E::store(typename E::Value{}); }) {
      elements[at] = E::store(static_cast<typename E::Value>(value));
    } else {
      elements[at] = fp8_bits(static_cast<float>(value));
    }
  });
}

using Arguments = std::vector<interpret::Argument>;

Arguments make_arguments(const std::vector<Parameter>& parameters) {
  Arguments arguments;
  for (const Parameter& parameter : parameters) {
    switch (parameter.role) {
      case Parameter::Role::kInput: {
        HostTensor tensor(data_type_of(parameter.dtype), {kInputRows, kInputColumns});
        for (int row = 0; row < kInputRows; ++row) {
          for (int column = 0; column < kInputColumns; ++column)
            set_element(tensor, static_cast<size_t>(row * kInputColumns + column), element_of(parameter.input, row, column));
        }
        arguments.emplace_back(std::move(tensor));
        break;
      }
      case Parameter::Role::kResults:
        arguments.emplace_back(HostTensor(data_type_of(parameter.dtype), {static_cast<uint32_t>(parameter.rows), kResultColumns}));
        break;
      case Parameter::Role::kNumber:
        arguments.emplace_back(parameter.dtype == TWB_F32   ? ScalarSpec{DataType::FLOAT32, to_u64(static_cast<float>(parameter.number))}
                               : parameter.dtype == TWB_I32 ? ScalarSpec{DataType::INT32, to_u64(static_cast<int32_t>(parameter.number))}
                                                            : ScalarSpec{DataType::INT64, to_u64(static_cast<int64_t>(parameter.number))});
        break;
    }
  }
  return arguments;
}

/// The message without what differs from program to program, so that equal mistakes have equal texts.
std::string cause_of(const std::string& message) {
  std::string cause;
  for (const char c : message.substr(0, message.find('\n'))) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
      cause += c;
    } else if (cause.empty() || cause.back() != '#') {
      cause += '#';
    }
  }
  return cause;
}

Verdict failed(Failure kind, const std::string& text) { return {kind, text, cause_of(text)}; }

// ---- sources of many programs as one

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

}  // namespace

const char* verdict_name(Failure kind) {
  constexpr const char* kNames[] = {"agrees", "undecided", "too large", "generator", "compile", "build", "run", "check", "result"};
  return kNames[static_cast<int>(kind)];
}

struct Runner::Prepared {
  const Program* program = nullptr;
  Verdict* verdict = nullptr;
  std::optional<Recorded> recorded;
  ArtifactContent content;
  CallableSpec spec;
  Arguments expected;
  interpret::Outcome outcome;
  std::vector<uint8_t> image;
};

Runner::Runner() : store_(std::make_unique<Store>()) {}
Runner::~Runner() = default;

std::vector<Verdict> Runner::judge(const std::vector<Program>& programs) {
  std::vector<Verdict> verdicts(programs.size());
  std::vector<Prepared> prepared(programs.size());
  std::map<std::string, std::vector<Prepared*>> by_platform;
  for (size_t i = 0; i < programs.size(); ++i) {
    prepared[i].program = &programs[i];
    prepared[i].verdict = &verdicts[i];
    prepare(programs[i], prepared[i], verdicts[i]);
    if (verdicts[i].kind == Failure::kAgrees) by_platform[programs[i].platform].push_back(&prepared[i]);
  }
  for (auto& [platform, list] : by_platform) build(list);
  for (size_t i = 0; i < programs.size(); ++i) {
    if (verdicts[i].kind == Failure::kAgrees) run(programs[i], prepared[i], verdicts[i]);
  }
  return verdicts;
}

void Runner::prepare(const Program& program, Prepared& prepared, Verdict& verdict) {
  try {
    const Stopwatch watch(times.record);
    prepared.recorded = record(program);
    if (on_recorded) on_recorded(program, *prepared.recorded);
  } catch (const Error& error) {
    verdict = failed(Failure::kGenerator, error.message());
    return;
  }
  try {
    const Stopwatch watch(times.interpret);
    prepared.expected = make_arguments(prepared.recorded->parameters);
    prepared.outcome = interpret::interpret(*prepared.recorded->builder->module, kProgramName, prepared.expected);
  } catch (const Error& error) {
    verdict = failed(Failure::kGenerator, "the interpreter: " + error.message());
    return;
  }
  for (size_t i = 0; i < prepared.outcome.tensors.size(); ++i) {
    const std::vector<uint8_t>& undefined = prepared.outcome.tensors[i].undefined;
    if (std::find(undefined.begin(), undefined.end(), 1) == undefined.end()) continue;
    verdict = failed(Failure::kGenerator, fmt::format("argument {} has elements that are not defined", i));
    return;
  }
  try {
    const Stopwatch watch(times.compile);
    prepared.content =
        compile_program({prepared.recorded->text, fmt::format("seed{}.mlir", program.seed), program.platform, program.runtime});
    prepared.spec = parse_callable_spec(prepared.content.files.at("callable.json"), "/");
  } catch (const Error& error) {
    verdict = failed(Failure::kCompile, error.message());
    const auto says = [&](const char* words) { return verdict.cause.find(words) != std::string::npos; };
    if (says("at once, which has") || says("lie together; at the peak")) verdict.kind = Failure::kTooLarge;
  }
}

void Runner::build(std::vector<Prepared*> programs) {
  if (programs.empty()) return;
  std::string kernels[2] = {"#include <pto/pto-inst.hpp>\n\n#include \"intrinsic.h\"\n#include \"tensor.h\"\n\n", ""};
  kernels[1] = kernels[0];
  std::string entries[2], orchestrations = "#include \"pto_orchestration_api.h\"\n";
  int counts[2] = {0, 0};
  std::vector<std::vector<int>> numbers(programs.size());  // of each kernel in its batch
  for (size_t p = 0; p < programs.size(); ++p) {
    const Prepared& prepared = *programs[p];
    for (size_t k = 0; k < prepared.spec.incores.size(); ++k) {
      const KernelSpec& kernel = prepared.spec.incores[k];
      const int core = kernel.core_type == CoreType::AIC ? 0 : 1;
      std::string text = without_includes(prepared.content.files.at(kernel.source.relative_path().string()));
      if (alter) alter(text);
      text = replaced(text, "extern \"C\" __aicore__ void kernel_entry", "static AICORE void kernel_entry");
      kernels[core] += fmt::format("namespace p{}_k{} {{\n{}}}\n", p, k, text);
      entries[core] += fmt::format("  p{}_k{}::kernel_entry,\n", p, k);
      numbers[p].push_back(counts[core]++);
    }
    std::string text = without_includes(prepared.content.files.at(prepared.spec.orchestration.source.relative_path().string()));
    text = replaced(text, "aicpu_orchestration_", fmt::format("p{}_", p));
    orchestrations += fmt::format("namespace p{} {{\n{}}}\n", p, text);
  }
  std::vector<uint8_t> objects[2], orchestration;
  try {
    const Stopwatch watch(times.build);
    const std::string& arch = programs.front()->content.platform;
    for (const int core : {0, 1}) {
      if (counts[core] == 0) continue;
      kernels[core] += fmt::format(
          "static void (*const tw_entries[])(__gm__ int64_t *) = {{\n{}}};\n"
          "extern \"C\" {{ extern const volatile uint64_t tw_selected[2]; }}\n"
          "extern \"C\" {{ __attribute__((used)) const volatile uint64_t tw_selected[2] = {{{:#x}ULL, 0}}; }}\n"
          "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *args) {{ tw_entries[tw_selected[1]](args); }}\n",
          entries[core], kSelectedMark);
      objects[core] = compile_quickly(kernels[core], core == 0 ? UnitKind::kAicKernel : UnitKind::kAivKernel, arch, *store_);
    }
    orchestration = compile_quickly(orchestrations, UnitKind::kOrchestration, arch, *store_);
  } catch (const Error& error) {
    if (programs.size() == 1) {
      *programs.front()->verdict = failed(Failure::kBuild, error.message());
      const size_t at = error.message().find("error:");
      if (at != std::string::npos) programs.front()->verdict->cause = cause_of(error.message().substr(at));
      return;
    }
    const auto middle = programs.begin() + static_cast<ptrdiff_t>(programs.size() / 2);
    build({programs.begin(), middle});
    build({middle, programs.end()});
    return;
  }
  times.build_programs += static_cast<int>(programs.size());
  for (size_t p = 0; p < programs.size(); ++p) {
    Prepared& prepared = *programs[p];
    std::vector<std::vector<uint8_t>> copies;
    copies.reserve(prepared.spec.incores.size());
    CallableParts parts;
    parts.entry_name = fmt::format("p{}_entry", p);
    parts.config_name = fmt::format("p{}_config", p);
    parts.signature = prepared.spec.orchestration.signature;
    parts.orchestration = orchestration;
    for (size_t k = 0; k < prepared.spec.incores.size(); ++k) {
      const KernelSpec& kernel = prepared.spec.incores[k];
      std::vector<uint8_t>& copy = copies.emplace_back(objects[kernel.core_type == CoreType::AIC ? 0 : 1]);
      // One object for all kernels: the number that it calls by is written into a copy.
      uint64_t mark = kSelectedMark;
      void* const at = ::memmem(copy.data(), copy.size(), &mark, sizeof(mark));
      if (at == nullptr) throw Error(ErrorCode::kInternal, "a batch without its number");
      const auto number = static_cast<uint64_t>(numbers[p][k]);
      std::memcpy(static_cast<uint8_t*>(at) + sizeof(mark), &number, sizeof(number));
      parts.kernels.push_back({kernel.func_id, kernel.core_type, kernel.signature, copy, kernel.name});
    }
    prepared.image = build_chip_callable(parts);
  }
}

ChipWorker& Runner::worker(const std::string& platform) {
  std::unique_ptr<ChipWorker>& worker = workers_[platform];
  if (worker == nullptr) {
    WorkerOptions options;
    options.platform = platform;
    worker = std::make_unique<ChipWorker>(options);
  }
  return *worker;
}

void Runner::run(const Program& program, Prepared& prepared, Verdict& verdict) {
  const Stopwatch watch(times.run);
  Arguments actual = make_arguments(prepared.recorded->parameters);
  TaskArguments arguments;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (const auto* scalar = std::get_if<ScalarSpec>(&actual[i])) {
      arguments.add_scalar_bits(scalar->bits);
      continue;
    }
    auto& tensor = std::get<HostTensor>(actual[i]);
    arguments.add_tensor(tensor.data(), tensor.dtype(), {tensor.shape().begin(), tensor.shape().end()},
                         prepared.recorded->parameters[i].role == Parameter::Role::kInput ? ArgDirection::IN : ArgDirection::INOUT);
  }
  ChipWorker& device = worker(program.platform);
  RunReport report;
  try {
    RunOptions options;
    options.runtime = program.runtime;
    options.track_war = true;
    options.check = true;
    options.sim_seed = program.seed % 3 == 0 ? program.seed + 1 : 0;
    options.deadline_ms = 20'000;
    const CallableHandle handle = device.register_callable(prepared.image);
    try {
      report = device.run(handle, arguments, {}, options);
    } catch (...) {
      device.unregister_callable(handle);
      throw;
    }
    device.unregister_callable(handle);
  } catch (const Error& error) {
    verdict = failed(Failure::kRun, error.message());
    return;
  }
  if (!report.check.clean()) {
    verdict = failed(Failure::kCheck, format_check_report(report.check));
    verdict.cause = report.check.faults.empty() ? "" : report.check.faults.front().kind + " " + report.check.faults.front().second.name;
    return;
  }
  if (!prepared.outcome.unstable.empty()) {
    verdict = {Failure::kUndecided, prepared.outcome.unstable, ""};
    return;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    const auto* tensor = std::get_if<HostTensor>(&actual[i]);
    if (tensor == nullptr || prepared.recorded->parameters[i].role == Parameter::Role::kInput) continue;
    const std::optional<std::string> difference =
        interpret::first_disagreement(*tensor, std::get<HostTensor>(prepared.expected[i]), prepared.outcome.tensors[i]);
    if (!difference) continue;
    verdict = failed(Failure::kResult, fmt::format("results of {}: {}", dtype_name(prepared.recorded->parameters[i].dtype), *difference));
    verdict.cause = fmt::format("results of {}", dtype_name(prepared.recorded->parameters[i].dtype));
    return;
  }
}

}  // namespace tilewright::random_programs
