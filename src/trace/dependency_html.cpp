// The dependencies of a run as one HTML page with a drawing: tasks in layers, each below all that it waits for.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "trace/dependency_report.h"

namespace tilewright {
namespace {

constexpr size_t kDrawn = 1500;  ///< tasks: beyond that nobody sees anything
constexpr int kWidth = 120, kHeight = 36, kStepX = 140, kStepY = 80, kMargin = 20;

std::string html_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

struct Box {
  size_t layer = 0;
  double x = 0;  ///< place within the layer
};

/// Layers by the longest way from a task that waits for nothing; within a layer, tasks are near those they wait for.
std::map<uint64_t, Box> lay_out(const RunReport& report) {
  std::map<uint64_t, std::set<uint64_t>> predecessors;
  for (const DependencyEdge& edge : report.edges) {
    if (edge.predecessor != edge.successor) predecessors[edge.successor.raw].insert(edge.predecessor.raw);
  }
  std::map<uint64_t, Box> boxes;
  for (const TaskRecord& task : report.tasks) boxes[task.id.raw];
  // Edges may lead backwards in the order of submission (rt_add_dependency), but in no cycle: as many rounds as there are tasks at most.
  bool changed = true;
  for (size_t round = 0; changed && round <= boxes.size(); ++round) {
    changed = false;
    for (const TaskRecord& task : report.tasks) {
      for (const uint64_t predecessor : predecessors[task.id.raw]) {
        const size_t below = boxes[predecessor].layer + 1;
        if (boxes[task.id.raw].layer >= below) continue;
        boxes[task.id.raw].layer = below;
        changed = true;
      }
    }
  }
  std::map<size_t, std::vector<uint64_t>> layers;
  for (const TaskRecord& task : report.tasks) layers[boxes[task.id.raw].layer].push_back(task.id.raw);
  for (auto& [layer, tasks] : layers) {
    std::vector<std::pair<double, uint64_t>> wanted;
    for (size_t i = 0; i < tasks.size(); ++i) {
      double sum = 0;
      const std::set<uint64_t>& before = predecessors[tasks[i]];
      for (const uint64_t predecessor : before) sum += boxes[predecessor].x;
      wanted.emplace_back(before.empty() ? static_cast<double>(i) : sum / static_cast<double>(before.size()), tasks[i]);
    }
    std::stable_sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < wanted.size(); ++i) boxes[wanted[i].second].x = static_cast<double>(i);
  }
  return boxes;
}

std::string drawing(const DependencyReport& report) {
  std::map<uint64_t, Box> boxes = lay_out(report.report);
  size_t layers = 0;
  double widest = 0;
  for (const auto& [task, box] : boxes) {
    layers = std::max(layers, box.layer + 1);
    widest = std::max(widest, box.x + 1);
  }
  const auto left = [](const Box& box) { return kMargin + static_cast<int>(box.x * kStepX); };
  const auto top = [](const Box& box) { return kMargin + static_cast<int>(box.layer) * kStepY; };
  std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">\n",
                                2 * kMargin + static_cast<int>(widest * kStepX), 2 * kMargin + static_cast<int>(layers) * kStepY);
  std::set<std::tuple<EdgeSource, uint64_t, uint64_t>> drawn;
  for (const DependencyEdge& edge : sorted_edges(report.report)) {
    if (!drawn.insert({edge.source, edge.predecessor.raw, edge.successor.raw}).second) continue;
    const Box &from = boxes[edge.predecessor.raw], &to = boxes[edge.successor.raw];
    const int shift = 8 * (static_cast<int>(edge.source) - 1);  // edges of one pair lie side by side
    svg += fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"><title>{} to {}, {}</title></line>\n",
                       edge_source_name(edge.source), left(from) + kWidth / 2 + shift, top(from) + kHeight, left(to) + kWidth / 2 + shift,
                       top(to), task_name(edge.predecessor), task_name(edge.successor), edge_source_name(edge.source));
  }
  for (const TaskRecord& task : report.report.tasks) {
    const Box& box = boxes[task.id.raw];
    const std::string name = task_name(task.id), kernels = html_escaped(kernels_text(task.kernel_ids, report.names));
    svg += fmt::format(
        "<g><title>{0} {1}</title><rect x=\"{2}\" y=\"{3}\" width=\"{4}\" height=\"{5}\"/><text x=\"{6}\" y=\"{7}\">{0}</text>"
        "<text x=\"{6}\" y=\"{8}\">{1}</text></g>\n",
        name, kernels, left(box), top(box), kWidth, kHeight, left(box) + kWidth / 2, top(box) + 15, top(box) + 29);
  }
  return svg + "</svg>\n";
}

}  // namespace

std::string dependencies_as_html(const DependencyReport& report) {
  const std::string title = "Dependencies of " + html_escaped(report.callable);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<style>\n"
      "body {{ font: 14px sans-serif; margin: 2em; }}\n"
      "td, th {{ text-align: left; padding: 1px 12px 1px 0; }}\n"
      "rect {{ fill: #f4f4f0; stroke: #555; }}\n"
      "svg text {{ font: 11px sans-serif; text-anchor: middle; }}\n"
      "line {{ stroke-width: 1.5; }}\n"
      "line.explicit {{ stroke: #c22; }} line.derived {{ stroke: #e80; }} line.tensormap {{ stroke: #25c; }}\n"
      "line.creator {{ stroke: #999; stroke-dasharray: 4 3; }}\n"
      "</style>\n</head>\n<body>\n<h1>{0}</h1>\n<pre>{1}</pre>\n",
      title, html_escaped(dependency_counts_text(count_dependencies(report.report))));
  if (report.tensors != nullptr) {
    page += fmt::format("<h2>{}</h2>\n<table>\n<tr><th>tensor<th>line<th>ordered by</tr>\n", tensor_orders_heading(*report.tensors));
    for (const TensorOrder& tensor : *report.tensors) {
      page += fmt::format("<tr><td>{}<td>{}<td>{}</tr>\n", html_escaped(tensor.name), html_escaped(tensor.line),
                          html_escaped(tensor_order_text(tensor)));
    }
    page += "</table>\n";
  }
  page += "<p>Red: explicit. Orange: derived, explicit by the compiler. Blue: TensorMap. Dashed: creator.</p>\n";
  if (report.report.tasks.size() <= kDrawn) {
    page += drawing(report);
  } else {
    page += fmt::format("<p>{} tasks are too many to draw.</p>\n", report.report.tasks.size());
  }
  page += "<details><summary>All edges</summary>\n<table>\n<tr><th>source<th>predecessor<th>successor<th>argument<th>overlap bytes</tr>\n";
  for (const DependencyEdge& edge : sorted_edges(report.report)) {
    page += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}<td>{}</tr>\n", edge_source_name(edge.source), task_name(edge.predecessor),
                        task_name(edge.successor), edge.argument < 0 ? "-" : std::to_string(edge.argument),
                        edge.overlap_bytes == 0 ? "-" : std::to_string(edge.overlap_bytes));
  }
  return page + "</table>\n</details>\n</body>\n</html>\n";
}

}  // namespace tilewright
