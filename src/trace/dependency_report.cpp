#include "trace/dependency_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

/// Inside double quotes of a Graphviz text.
std::string dot_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

DependencyCounts count_dependencies(const RunReport& report) {
  std::map<std::pair<uint64_t, uint64_t>, uint32_t> sources;  // a bit for each
  for (const DependencyEdge& edge : report.edges) {
    sources[{edge.predecessor.raw, edge.successor.raw}] |= 1u << static_cast<uint32_t>(edge.source);
  }
  DependencyCounts counts;
  counts.tasks = report.tasks.size();
  counts.pairs = sources.size();
  for (const auto& [pair, mask] : sources) {
    const auto has = [bits = mask](EdgeSource source) { return (bits >> static_cast<uint32_t>(source) & 1) != 0; };
    const bool named = has(EdgeSource::kExplicit) || has(EdgeSource::kDerived);
    counts.explicit_by_user += has(EdgeSource::kExplicit);
    counts.explicit_by_compiler += named && !has(EdgeSource::kExplicit);
    counts.creator += has(EdgeSource::kCreator);
    counts.tensormap += has(EdgeSource::kTensorMap);
    counts.tensormap_also_explicit += has(EdgeSource::kTensorMap) && named;
  }
  for (const TaskRecord& task : report.tasks) counts.set_dependencies_calls += task.named_dependencies != 0;
  return counts;
}

std::vector<DependencyEdge> sorted_edges(const RunReport& report) {
  std::vector<DependencyEdge> edges = report.edges;
  const auto key = [](const DependencyEdge& edge) {
    return std::tuple(edge.source, edge.successor.raw, edge.predecessor.raw, edge.argument, edge.overlap_bytes);
  };
  std::sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return edges;
}

std::string dependency_counts_text(const DependencyCounts& counts) {
  return fmt::format(
      "tasks                 {}\n"
      "pairs                 {}\n"
      "explicit by user      {}\n"
      "explicit by compiler  {}\n"
      "creator               {}\n"
      "tensormap             {}, of which {} are explicit too\n"
      "unique-pair coverage  {:.2f} %\n"
      "explicit share        {:.2f} %\n"
      "set_dependencies      {} call{}\n"
      "tracking removed      {} tensors\n",
      counts.tasks, counts.pairs, counts.explicit_by_user, counts.explicit_by_compiler, counts.creator, counts.tensormap,
      counts.tensormap_also_explicit, 100 * counts.unique_pair_coverage(), 100 * counts.explicit_share(), counts.set_dependencies_calls,
      counts.set_dependencies_calls == 1 ? "" : "s", counts.tracking_removed);
}

std::string tensor_orders_heading(const std::vector<TensorOrder>& tensors) {
  const auto ordered = std::count_if(tensors.begin(), tensors.end(), [](const TensorOrder& tensor) { return tensor.ordered; });
  return fmt::format("tensors: {} (ordered by named dependencies alone: {})", tensors.size(), ordered);
}

std::string tensor_order_text(const TensorOrder& tensor) { return tensor.ordered ? "named dependencies" : "the runtime: " + tensor.reason; }

std::string dependencies_as_json(const DependencyReport& report) {
  Json tasks = Json::array(), edges = Json::array();
  for (const TaskRecord& task : report.report.tasks) {
    tasks.push_back({{"task", task_name(task.id)}, {"kernels", kernels_text(task.kernel_ids, report.names)}});
  }
  for (const DependencyEdge& edge : sorted_edges(report.report)) {
    edges.push_back({{"predecessor", task_name(edge.predecessor)},
                     {"successor", task_name(edge.successor)},
                     {"source", edge_source_name(edge.source)},
                     {"argument", edge.argument < 0 ? Json() : Json(edge.argument)},
                     {"overlap_bytes", edge.overlap_bytes}});
  }
  Json tensors;
  if (report.tensors != nullptr) {
    tensors = Json::array();
    for (const TensorOrder& tensor : *report.tensors) {
      tensors.push_back({{"name", tensor.name},
                         {"line", tensor.line},
                         {"ordered_by", tensor.ordered ? "named dependencies" : "runtime"},
                         {"reason", tensor.ordered ? Json() : Json(tensor.reason)}});
    }
  }
  const DependencyCounts counts = count_dependencies(report.report);
  const Json json = {{"callable", report.callable},
                     {"tasks", tasks},
                     {"dependencies", edges},
                     {"counts",
                      {{"tasks", counts.tasks},
                       {"pairs", counts.pairs},
                       {"explicit_by_user", counts.explicit_by_user},
                       {"explicit_by_compiler", counts.explicit_by_compiler},
                       {"creator", counts.creator},
                       {"tensormap", counts.tensormap},
                       {"tensormap_also_explicit", counts.tensormap_also_explicit},
                       {"unique_pair_coverage", counts.unique_pair_coverage()},
                       {"explicit_share", counts.explicit_share()},
                       {"set_dependencies_calls", counts.set_dependencies_calls}}},
                     {"tensors", tensors},
                     {"tracking_removed", Json::array()}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string dependencies_as_dot(const DependencyReport& report) {
  std::string text = fmt::format("digraph {} {{\n  rankdir=TB;\n  node [shape=box];\n", dot_quoted(report.callable));
  for (const TaskRecord& task : report.report.tasks) {
    const std::string name = task_name(task.id), kernels = kernels_text(task.kernel_ids, report.names);
    std::string label = dot_quoted(kernels == "-" ? name : name + "\n" + kernels);
    if (const size_t line = label.find('\n'); line != std::string::npos) label.replace(line, 1, "\\n");
    text += fmt::format("  {} [label={}];\n", name, label);
  }
  constexpr const char* kStyles[] = {"color=gray, style=dashed", "color=blue", "color=red", "color=orange"};  // by EdgeSource
  const DependencyEdge* last = nullptr;
  const std::vector<DependencyEdge> edges = sorted_edges(report.report);
  for (const DependencyEdge& edge : edges) {
    const bool again =
        last != nullptr && last->source == edge.source && last->predecessor == edge.predecessor && last->successor == edge.successor;
    last = &edge;
    if (again) continue;
    text += fmt::format("  {} -> {} [{}, tooltip=\"{}\"];\n", task_name(edge.predecessor), task_name(edge.successor),
                        kStyles[static_cast<size_t>(edge.source)], edge_source_name(edge.source));
  }
  return text + "}\n";
}

}  // namespace tilewright
