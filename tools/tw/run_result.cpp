#include "run_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <tuple>

#include "text_table.h"
#include "trace/dependency_report.h"

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

constexpr EdgeSource kSources[] = {EdgeSource::kCreator, EdgeSource::kTensorMap, EdgeSource::kExplicit};

uint64_t edges_of(const RunReport& report) {
  uint64_t edges = 0;
  for (const uint64_t count : report.edge_count) edges += count;
  return edges;
}

}  // namespace

RaceNames report_names(const RunResult& result) {
  return {[&result](int32_t id) {
            const auto found = result.kernel_names.find(id);
            return found == result.kernel_names.end() ? fmt::format("func_id {}", id) : found->second;
          },
          [&result](int32_t index) { return result.tensor_names.at(static_cast<size_t>(index)); }};
}

namespace {

std::map<uint64_t, std::string> kernels_by_task(const RunResult& result, const RunReport& report) {
  std::map<uint64_t, std::string> kernels;
  for (const TaskRecord& task : report.tasks) kernels[task.id.raw] = kernels_text(task.kernel_ids, report_names(result));
  return kernels;
}

}  // namespace

std::string tensor_orders_text(const RunResult& result) {
  if (!result.tensor_orders) return "";
  TextTable table({"TENSOR", "LINE", "ORDERED BY"});
  for (const TensorOrder& tensor : *result.tensor_orders) {
    table.add({tensor.name, tensor.line.empty() ? "-" : tensor.line, tensor_order_text(tensor)});
  }
  return tensor_orders_heading(*result.tensor_orders) + (result.tensor_orders->empty() ? "\n" : "\n" + table.text());
}

std::string dependencies_text(const RunResult& result) {
  const RunReport& report = result.rounds.back().report;
  std::map<uint64_t, std::string> kernels = kernels_by_task(result, report);
  const auto label = [&](PTO2TaskId id) {
    const std::string& names = kernels[id.raw];
    return names.empty() || names == "-" ? task_name(id) : fmt::format("{} {}", task_name(id), names);
  };
  TextTable table({"SOURCE", "PREDECESSOR", "SUCCESSOR", "ARGUMENT", "OVERLAP BYTES"});
  for (const DependencyEdge& edge : sorted_edges(report)) {
    table.add({edge_source_name(edge.source), label(edge.predecessor), label(edge.successor),
               edge.argument < 0 ? "-" : std::to_string(edge.argument),
               edge.overlap_bytes == 0 ? "-" : std::to_string(edge.overlap_bytes)});
  }
  return report.edges.empty() ? "dependencies: none\n" : "dependencies of the last round:\n" + table.text();
}

namespace {

/// The report of the first round that has one, with the kernels' names; every round runs the same kernels.
CheckReport check_report(const RunResult& result) {
  CheckReport report;
  for (const RunRound& round : result.rounds) {
    if (report.clean()) report = round.report.check;
  }
  for (CheckFault& fault : report.faults) {
    for (const auto& [id, name] : result.kernel_names) {
      if (fault.kernel == fmt::format("func_id {}", id)) {
        fault.kernel = name;
        break;
      }
    }
  }
  return report;
}

std::string check_text(const RunResult& result) {
  const CheckReport report = check_report(result);
  return report.clean() ? "check: no faults\n" : format_check_report(report);
}

Json instruction_json(const CheckedInstruction& i) {
  if (i.name.empty()) return nullptr;
  Json json = {{"name", i.name}, {"pipe", i.pipe}, {"core", i.core}, {"place", i.place}};
  if (!i.operand.empty()) {
    json["access"] = i.access;
    json["operand"] = i.operand;
  }
  return json;
}

Json check_json(const RunResult& result) {
  const CheckReport report = check_report(result);
  Json faults = Json::array();
  for (const CheckFault& fault : report.faults) {
    Json json = {{"kind", fault.kind},
                 {"kernel", fault.kernel},
                 {"problem", fault.problem},
                 {"first", instruction_json(fault.first)},
                 {"second", instruction_json(fault.second)}};
    json["bytes"] = nullptr;
    if (!fault.memory.empty()) {
      json["bytes"] = {{"memory", fault.memory}, {"begin", fault.begin}, {"end", fault.end}, {"count", fault.bytes}};
    }
    json["remedy"] = fault.remedy;
    json["seen"] = fault.count;
    faults.push_back(std::move(json));
  }
  return {{"faults", faults}, {"unlisted", report.unlisted}};
}

/// As for faults: of the first round that has some.
const RaceReport& race_report(const RunResult& result) {
  for (const RunRound& round : result.rounds) {
    if (!round.report.races.clean()) return round.report.races;
  }
  return result.rounds.front().report.races;
}

Json race_access_json(const RunResult& result, const RaceAccess& access) {
  const bool by_task = access.task.is_valid();
  return {{"task", by_task ? Json(task_name(access.task)) : Json()},
          {"kernels", by_task ? Json(kernels_text(access.kernel_ids, report_names(result))) : Json()},
          {"access", access.access},
          {"argument", access.argument < 0 ? Json() : Json(access.argument)},
          {"elements", access.argument < 0 ? Json() : Json(access.elements)},
          {"places", access.places},
          {"submitted", access.submitted.empty() ? Json() : Json(access.submitted)}};
}

Json races_json(const RunResult& result) {
  const RaceReport& report = race_report(result);
  Json races = Json::array();
  for (const Race& race : report.races) {
    races.push_back(
        {{"first", race_access_json(result, race.first)},
         {"second", race_access_json(result, race.second)},
         {"bytes",
          {{"memory", memory_text(race, report_names(result))}, {"begin", race.begin}, {"end", race.end}, {"count", race.bytes}}}});
  }
  return {{"pairs", races}, {"unlisted", report.unlisted}};
}

Json schedule_json(const RunReport& report) {
  if (report.sim_events == 0) return {};
  return {{"events", report.sim_events}, {"digest", fmt::format("{:016x}", report.sim_digest)}};
}

Json round_json(const RunRound& round, size_t number) {
  Json edges = {{"total", edges_of(round.report)}};
  for (const EdgeSource source : kSources) edges[edge_source_name(source)] = round.report.edge_count[static_cast<int>(source)];
  Json comparisons = Json::array();
  for (const NamedComparison& comparison : round.comparisons) {
    comparisons.push_back(Json::parse(report_as_json(comparison.report, comparison.name)));
  }
  Json timing_slots = Json::array();
  for (size_t slot = 0; slot < std::size(round.report.timing_slots); ++slot) {
    const TimingSlot& times = round.report.timing_slots[slot];
    if (times.last_finish_ns == 0) continue;
    timing_slots.push_back({{"slot", slot}, {"first_dispatch_ns", times.first_dispatch_ns}, {"last_finish_ns", times.last_finish_ns}});
  }
  return {{"round", number},
          {"run_ns", round.report.run_ns},
          {"tasks", round.report.task_count},
          {"edges", edges},
          {"aic_cores_used", round.report.aic_cores_used},
          {"aiv_cores_used", round.report.aiv_cores_used},
          {"task_window", round.report.task_window},
          {"heap_bytes", round.report.heap_bytes},
          {"staged_early", round.report.staged_early},
          {"schedule", schedule_json(round.report)},
          {"timing_slots", timing_slots},
          {"comparisons", comparisons}};
}

}  // namespace

bool RunResult::passed() const {
  for (const RunRound& round : rounds) {
    if (!round.report.check.clean() || !round.report.races.clean()) return false;
    for (const NamedComparison& comparison : round.comparisons) {
      if (!comparison.report.passed()) return false;
    }
  }
  return true;
}

std::string findings_text(const RunResult& result) {
  std::string text;
  if (result.checked) text += check_text(result);
  if (!result.looked_for_races) return text;
  const RaceReport& races = race_report(result);
  return text + (races.clean() ? "races: none\n" : format_race_report(races, report_names(result)));
}

std::string format_result(const RunResult& result) {
  const RunReport& last = result.rounds.back().report;
  std::string text = fmt::format("callable  {} (SHA-256 {})\n", result.callable, result.callable_id);
  text += fmt::format("ran on    {} device {}, runtime {}\n", result.platform, result.device, runtime_name(result.runtime));
  text +=
      fmt::format("built in  {} ({} of {} sources from the store)\n", duration_text(result.build_ns), result.units_cached, result.units);
  text += fmt::format("tasks     {}\n", last.task_count);
  text += fmt::format("edges     {}", edges_of(last));
  for (const EdgeSource source : kSources) {
    text += fmt::format("{} {} {}", source == kSources[0] ? ":" : ",", edge_source_name(source), last.edge_count[static_cast<int>(source)]);
  }
  text += fmt::format("\ncores     {} AIC, {} AIV\n", last.aic_cores_used, last.aiv_cores_used);
  if (result.rounds.size() == 1) {
    text += fmt::format("run time  {}\n", duration_text(last.run_ns));
  } else {
    for (size_t i = 0; i < result.rounds.size(); ++i) {
      text += fmt::format("run time  {} in round {}\n", duration_text(result.rounds[i].report.run_ns), i + 1);
    }
  }
  if (last.sim_events != 0)
    text += fmt::format("schedule  {} events, digest {:016x}; times are virtual\n", last.sim_events, last.sim_digest);
  for (size_t slot = 0; slot < std::size(last.timing_slots); ++slot) {
    const TimingSlot& times = last.timing_slots[slot];
    if (times.last_finish_ns == 0) continue;
    text +=
        fmt::format("slot {:<4} {} (from {} to {} after the start)\n", slot, duration_text(times.last_finish_ns - times.first_dispatch_ns),
                    duration_text(times.first_dispatch_ns), duration_text(times.last_finish_ns));
  }
  if (result.lists_dependencies) text += dependencies_text(result);
  text += findings_text(result);
  for (size_t i = 0; i < result.rounds.size(); ++i) {
    for (const NamedComparison& comparison : result.rounds[i].comparisons) {
      if (result.rounds.size() > 1) text += fmt::format("round {}, ", i + 1);
      text += format_report(comparison.report, comparison.name);
    }
  }
  for (const WrittenOutput& output : result.outputs)
    text += fmt::format("{}: {} written to {}\n", output.name, output.description, output.file);
  return text;
}

std::string result_as_json(const RunResult& result) {
  Json rounds = Json::array();
  for (size_t i = 0; i < result.rounds.size(); ++i) rounds.push_back(round_json(result.rounds[i], i + 1));
  Json outputs = Json::array();
  for (const WrittenOutput& output : result.outputs) {
    outputs.push_back({{"name", output.name}, {"tensor", output.description}, {"file", output.file}});
  }
  Json json = {{"callable", result.callable},
               {"callable_id", result.callable_id},
               {"platform", result.platform},
               {"device", result.device},
               {"runtime", runtime_name(result.runtime)},
               {"build", {{"ns", result.build_ns}, {"sources", result.units}, {"from_store", result.units_cached}}},
               {"passed", result.passed()},
               {"rounds", rounds},
               {"outputs", outputs}};
  if (result.checked) json["check"] = check_json(result);
  if (result.looked_for_races) json["races"] = races_json(result);
  if (result.lists_dependencies) {
    const Json dependencies = Json::parse(dependencies_as_json({result.rounds.back().report, report_names(result), result.callable}));
    json["tasks"] = dependencies["tasks"];
    json["dependencies"] = dependencies["dependencies"];
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tilewright
