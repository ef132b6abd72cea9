#include "run.h"

#include <fmt/format.h>
#include <sys/resource.h>


#include "base/error.h"
#include "batch.h"
#include "compiler/builder/dtype.h"
#include "compiler/builder/recorder.h"
#include "compiler/compile.h"
#include "compiler/interpret/interpreter.h"
#include "data/element.h"
#include "tilewright/worker.h"
#include "toolchain/callable_spec.h"
#include "toolchain/store.h"
#include "../campaigns.h"

namespace tilewright::random_programs {

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

Verdict failed(Failure kind, const std::string& text) { return {kind, text, cause_of(text)}; }

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

void Runner::build(const std::vector<Prepared*>& programs) {
  if (programs.empty()) return;
  std::vector<BatchProgram> batch;
  for (const Prepared* each : programs) batch.push_back({each->content, each->spec});
  std::vector<std::vector<uint8_t>> images;
  try {
    const Stopwatch watch(times.build);
    images = build_batch(batch, *store_, alter);
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
  for (size_t p = 0; p < programs.size(); ++p) programs[p]->image = std::move(images[p]);
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
