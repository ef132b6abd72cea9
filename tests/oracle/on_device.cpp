#include "on_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "batch.h"
#include "compiler/compile.h"
#include "text.h"
#include "tilewright/worker.h"
#include "toolchain/callable_spec.h"
#include "toolchain/store.h"

namespace tilewright::oracle {

using interpret::Event;

namespace {

constexpr const char* kPlatform = "a2a3sim";

/// Pairs (predecessor, successor) by number of the engine's task, those of the program and those of the compiler.
struct Named {
  std::set<std::pair<size_t, size_t>> by_user, by_compiler;
};

/// Tasks of the log have the numbers that the engine gives them: each create is a task that allocates.
Named named_in(const interpret::Log& log) {
  Named named;
  std::map<uint32_t, size_t> numbers;  // of events
  for (uint32_t i = 0; i < log.events.size(); ++i) {
    const Event& event = log.events[i];
    if (event.kind != Event::Kind::kTask && event.kind != Event::Kind::kCreate) continue;
    numbers[i] = numbers.size();
    for (const uint32_t earlier : event.after) named.by_user.emplace(numbers.at(earlier), numbers.at(i));
    for (const uint32_t earlier : event.derived) named.by_compiler.emplace(numbers.at(earlier), numbers.at(i));
  }
  // An id that the program names too is the program's.
  std::erase_if(named.by_compiler, [&](const auto& pair) { return named.by_user.contains(pair); });
  return named;
}

Named named_in(const RunReport& report) {
  Named named;
  const auto number_of = [&](PTO2TaskId id) {
    for (size_t i = 0; i < report.tasks.size(); ++i) {
      if (report.tasks[i].id == id) return i;
    }
    throw Error(ErrorCode::kInternal, "an edge of a task that was not submitted");
  };
  for (const DependencyEdge& edge : report.edges) {
    if (edge.source == EdgeSource::kExplicit) named.by_user.emplace(number_of(edge.predecessor), number_of(edge.successor));
    if (edge.source == EdgeSource::kDerived) named.by_compiler.emplace(number_of(edge.predecessor), number_of(edge.successor));
  }
  std::erase_if(named.by_compiler, [&](const auto& pair) { return named.by_user.contains(pair); });
  return named;
}

/// The first pair that is in one only; empty if there is none.
std::string difference(const char* whose, const std::set<std::pair<size_t, size_t>>& logged,
                       const std::set<std::pair<size_t, size_t>>& recorded) {
  for (const auto& pair : logged) {
    if (!recorded.contains(pair))
      return fmt::format("{}: the engine has no edge from task {} to task {}, which the interpreter logged", whose, pair.first,
                         pair.second);
  }
  for (const auto& pair : recorded) {
    if (!logged.contains(pair))
      return fmt::format("{}: the engine has an edge from task {} to task {}, which the interpreter did not log", whose, pair.first,
                         pair.second);
  }
  return "";
}

}  // namespace

struct Device::Prepared {
  uint64_t seed = 0;
  std::string wrong;
  Text text;
  Text device_text;  ///< the same, for arguments that the device changes
  interpret::Log log;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;  ///< that the log refers to
  interpret::Outcome outcome;
  ArtifactContent content;
  CallableSpec spec;
  std::vector<uint8_t> image;
};

Device::Device() : store_(std::make_unique<Store>()) {
  WorkerOptions options;
  options.platform = kPlatform;
  worker_ = std::make_unique<ChipWorker>(options);
}
Device::~Device() = default;

std::vector<std::string> Device::judge(const std::vector<Program>& programs) {
  std::vector<Prepared> all(programs.size());
  std::vector<Prepared*> good;
  for (size_t i = 0; i < programs.size(); ++i) {
    Prepared& prepared = all[i];
    prepared.seed = programs[i].seed;
    prepared.text = text_of(programs[i]);
    prepared.device_text = text_of(programs[i]);
    Case& example = prepared.text.example;
    try {
      prepared.context = make_context();
      prepared.module = compile(*prepared.context, example.text, true);
      prepared.outcome = interpret::interpret(*prepared.module, "", example.arguments, {.aliases = example.aliases, .log = &prepared.log});
      prepared.content =
          compile_program({.text = example.text, .name = "program.mlir", .platform = kPlatform, .derive_dependencies = true});
      if (alter) alter(prepared.content);
      prepared.spec = parse_callable_spec(prepared.content.files.at("callable.json"), "/");
      good.push_back(&prepared);
    } catch (const Error& error) {
      prepared.wrong = error.message();
    }
  }
  build(good);
  std::vector<std::string> wrong;
  for (Prepared& prepared : all) {
    if (prepared.wrong.empty()) run(prepared);
    wrong.push_back(prepared.wrong);
  }
  return wrong;
}

void Device::build(const std::vector<Prepared*>& programs) {
  if (programs.empty()) return;
  std::vector<BatchProgram> batch;
  for (const Prepared* each : programs) batch.push_back({each->content, each->spec});
  try {
    std::vector<std::vector<uint8_t>> images = build_batch(batch, *store_);
    for (size_t i = 0; i < programs.size(); ++i) programs[i]->image = std::move(images[i]);
  } catch (const Error& error) {
    if (programs.size() == 1) {
      programs.front()->wrong = error.message();
      return;
    }
    const auto middle = programs.begin() + static_cast<ptrdiff_t>(programs.size() / 2);
    build({programs.begin(), middle});
    build({middle, programs.end()});
  }
}

void Device::run(Prepared& prepared) {
  Case& example = prepared.device_text.example;
  TaskArguments arguments;
  std::vector<std::byte*> places;
  for (size_t i = 0; i < example.arguments.size(); ++i) {
    if (const auto* scalar = std::get_if<ScalarSpec>(&example.arguments[i])) {
      arguments.add_scalar_bits(scalar->bits);
      continue;
    }
    auto& tensor = std::get<HostTensor>(example.arguments[i]);
    places.push_back(tensor.data());
    for (const interpret::Alias& alias : example.aliases) {
      if (alias.inner == i) places.back() = places[alias.outer] + alias.first * static_cast<int64_t>(get_element_size(tensor.dtype()));
    }
    arguments.add_tensor(places.back(), tensor.dtype(), {tensor.shape().begin(), tensor.shape().end()},
                         prepared.spec.orchestration.signature[i]);
  }
  RunReport report;
  try {
    RunOptions options;
    options.track_war = prepared.spec.track_war;
    options.record_dependencies = true;
    options.check_races = true;
    options.sim_seed = prepared.seed + 1;
    const CallableHandle handle = worker_->register_callable(prepared.image);
    try {
      report = worker_->run(handle, arguments, {}, options);
    } catch (...) {
      worker_->unregister_callable(handle);
      throw;
    }
    worker_->unregister_callable(handle);
  } catch (const Error& error) {
    prepared.wrong = "the run: " + error.message();
    return;
  }
  const Named logged = named_in(prepared.log), recorded = named_in(report);
  prepared.wrong = difference("ids of the program", logged.by_user, recorded.by_user);
  if (prepared.wrong.empty()) prepared.wrong = difference("derived ids", logged.by_compiler, recorded.by_compiler);
  if (!prepared.wrong.empty()) return;
  if (!report.races.clean()) {
    prepared.wrong = format_race_report(report.races);
    return;
  }
  for (size_t i = 0; i < example.arguments.size() && prepared.outcome.unstable.empty(); ++i) {
    const auto* tensor = std::get_if<HostTensor>(&example.arguments[i]);
    const bool inner =
        std::any_of(example.aliases.begin(), example.aliases.end(), [&](const interpret::Alias& each) { return each.inner == i; });
    if (tensor == nullptr || inner) continue;  // what an inner one holds the outer one holds
    const auto& expected = std::get<HostTensor>(prepared.text.example.arguments[i]);
    const std::optional<std::string> differs = interpret::first_disagreement(*tensor, expected, prepared.outcome.tensors[i]);
    if (differs) {
      prepared.wrong = fmt::format("argument {}: {}", i, *differs);
      return;
    }
  }
  tasks += report.tasks.size();
  edges += recorded.by_user.size() + recorded.by_compiler.size();
}

}  // namespace tilewright::oracle
