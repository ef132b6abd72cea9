#include "trace/dependency_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

namespace tilewright {
namespace {

using testing::HasSubstr;
using testing::Not;

PTO2TaskId task(uint32_t n) { return PTO2TaskId::make(1, n); }

/// Pairs 0-1 (TensorMap twice, explicit), 0-2 (creator, TensorMap), 1-3 (explicit), 2-3 (creator).
RunReport diamond() {
  RunReport report;
  report.tasks = {{task(0), {-1, 0, -1}}, {task(1), {-1, 1, -1}}, {task(2), {2, 1, 1}}, {task(3), {-1, -1, -1}}};
  report.edges = {{task(1), task(3), EdgeSource::kExplicit, -1, 0},   {task(0), task(1), EdgeSource::kTensorMap, 0, 64},
                  {task(0), task(1), EdgeSource::kTensorMap, 1, 128}, {task(0), task(1), EdgeSource::kExplicit, -1, 0},
                  {task(0), task(2), EdgeSource::kCreator, 0, 0},     {task(0), task(2), EdgeSource::kTensorMap, 0, 64},
                  {task(2), task(3), EdgeSource::kCreator, 2, 0}};
  return report;
}

DependencyReport named(const RunReport& report) {
  return {report, {[](int32_t id) { return "k<" + std::to_string(id) + "\">"; }, {}}, "a \"b\" & c.json"};
}

TEST(DependencyReport, CountsPairsOnceAndSharesAsDefined) {
  const DependencyCounts counts = count_dependencies(diamond());
  EXPECT_EQ(counts.tasks, 4u);
  EXPECT_EQ(counts.pairs, 4u);
  EXPECT_EQ(counts.explicit_by_user, 2u);
  EXPECT_EQ(counts.explicit_by_compiler, 0u);
  EXPECT_EQ(counts.creator, 2u);
  EXPECT_EQ(counts.tensormap, 2u);
  EXPECT_DOUBLE_EQ(counts.unique_pair_coverage(), 0.5) << "0-1 of 0-1 and 0-2";
  EXPECT_DOUBLE_EQ(counts.explicit_share(), 2.0 / 3) << "0-1 and 1-3 of those and 0-2";
  EXPECT_EQ(counts.set_dependencies_calls, 0u) << "the edges were named otherwise";
}

TEST(DependencyReport, PairsThatUserAndCompilerNameCountForTheUser) {
  RunReport report = diamond();
  report.edges.push_back({task(0), task(1), EdgeSource::kDerived, -1, 0});  // the user too
  report.edges.push_back({task(0), task(2), EdgeSource::kDerived, -1, 0});  // the TensorMap too
  report.edges.push_back({task(0), task(3), EdgeSource::kDerived, -1, 0});
  const DependencyCounts counts = count_dependencies(report);
  EXPECT_EQ(counts.pairs, 5u);
  EXPECT_EQ(counts.explicit_by_user, 2u);
  EXPECT_EQ(counts.explicit_by_compiler, 2u);
  EXPECT_EQ(counts.tensormap_also_explicit, 2u);
  EXPECT_DOUBLE_EQ(counts.unique_pair_coverage(), 1);
  EXPECT_DOUBLE_EQ(counts.explicit_share(), 1);
  EXPECT_THAT(dependencies_as_dot(named(report)), HasSubstr("r1t0 -> r1t3 [color=orange, tooltip=\"derived\"];"));
  EXPECT_THAT(dependencies_as_html(named(report)), HasSubstr("<line class=\"derived\""));
}

TEST(DependencyReport, CallsOfSetDependenciesAreThoseThatNamedATask) {
  RunReport report = diamond();
  report.tasks[2].named_dependencies = 1;  // its predecessor had retired, say, or was only retained: no edge
  report.tasks[3].named_dependencies = 7;
  EXPECT_EQ(count_dependencies(report).set_dependencies_calls, 2u);
}

TEST(DependencyReport, ARunWithoutEdgesHasNothingToCover) {
  const DependencyCounts counts = count_dependencies(RunReport());
  EXPECT_EQ(counts.pairs, 0u);
  EXPECT_EQ(counts.unique_pair_coverage(), 1);
  EXPECT_EQ(counts.explicit_share(), 0);
}

TEST(DependencyReport, JsonHasTasksEdgesAndCounts) {
  const RunReport report = diamond();
  const nlohmann::json json = nlohmann::json::parse(dependencies_as_json(named(report)));
  ASSERT_EQ(json["tasks"].size(), 4u);
  EXPECT_EQ(json["tasks"][2]["kernels"], "k<2\">+k<1\">+k<1\">");
  ASSERT_EQ(json["dependencies"].size(), 7u);
  EXPECT_EQ(json["dependencies"][0]["source"], "creator");
  EXPECT_EQ(json["counts"]["tensormap_also_explicit"], 1);
  EXPECT_EQ(json["tracking_removed"], nlohmann::json::array());
}

TEST(DependencyReport, TensorsSayWhoOrdersThemAndWhy) {
  const RunReport report = diamond();
  DependencyReport with = named(report);
  EXPECT_TRUE(nlohmann::json::parse(dependencies_as_json(with))["tensors"].is_null()) << "the compiler was not asked";
  EXPECT_THAT(dependencies_as_html(with), Not(HasSubstr("<h2>")));
  const std::vector<TensorOrder> tensors = {{"x", "p.cpp:3", true, ""}, {"y<1>", "", false, "written in the loop at p.cpp:7 & read"}};
  with.tensors = &tensors;
  EXPECT_EQ(nlohmann::json::parse(dependencies_as_json(with))["tensors"],
            nlohmann::json::parse(
                R"([{"name": "x", "line": "p.cpp:3", "ordered_by": "named dependencies", "reason": null},
                    {"name": "y<1>", "line": "", "ordered_by": "runtime", "reason": "written in the loop at p.cpp:7 & read"}])"));
  const std::string html = dependencies_as_html(with);
  EXPECT_THAT(html, HasSubstr("<h2>tensors: 2 (ordered by named dependencies alone: 1)</h2>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>y&lt;1&gt;<td><td>the runtime: written in the loop at p.cpp:7 &amp; read</tr>"));
}

TEST(DependencyReport, DotDefinesEveryNodeThatAnEdgeNamesAndQuotesLabels) {
  const RunReport report = diamond();
  const std::string dot = dependencies_as_dot(named(report));
  EXPECT_THAT(dot, HasSubstr("digraph \"a \\\"b\\\" & c.json\" {"));
  // A statement a line: the grammar of what is written here.
  const std::regex node(R"RE(  (r\d+t\d+) \[label="([^"\\]|\\.)*"\];)RE"),
      edge(R"RE(  (r\d+t\d+) -> (r\d+t\d+) \[[a-z]+=[a-z]+(, [a-z]+=([a-z]+|"[^"]*"))*\];)RE");
  std::set<std::string> nodes;
  size_t edges = 0, begin = dot.find('\n') + 1;
  for (size_t end; (end = dot.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = dot.substr(begin, end - begin);
    std::smatch match;
    if (std::regex_match(line, match, node)) {
      nodes.insert(match[1]);
    } else if (std::regex_match(line, match, edge)) {
      EXPECT_TRUE(nodes.contains(match[1]) && nodes.contains(match[2])) << line;
      ++edges;
    } else {
      EXPECT_TRUE(line == "}" || line == "  rankdir=TB;" || line == "  node [shape=box];") << line;
    }
  }
  EXPECT_EQ(nodes.size(), 4u);
  EXPECT_EQ(edges, 6u) << "one for each pair and source";
}

TEST(DependencyReport, HtmlNeedsNothingFromOutsideAndEscapesNames) {
  const RunReport report = diamond();
  const std::string html = dependencies_as_html(named(report));
  EXPECT_THAT(html, testing::StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(html, HasSubstr("<title>Dependencies of a &quot;b&quot; &amp; c.json</title>"));
  EXPECT_THAT(html, HasSubstr("k&lt;1&quot;&gt;"));
  for (const char* outside : {"<script", "src=", "href=", "url(", "@import"}) EXPECT_THAT(html, Not(HasSubstr(outside)));
  const auto count = [&](const std::string& part) {
    size_t found = 0;
    for (size_t at = html.find(part); at != std::string::npos; at = html.find(part, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("<rect "), 4u);
  EXPECT_EQ(count("<line "), 6u);
  EXPECT_EQ(count("<tr><td>"), 7u);
  // Below all that it waits for.
  EXPECT_LT(html.find("r1t0 k"), html.find("r1t3 -"));
  const std::regex box(R"RE(<title>(r1t\d)[^<]*</title><rect x="\d+" y="(\d+)")RE");
  std::map<std::string, int> top;
  for (std::sregex_iterator it(html.begin(), html.end(), box), end; it != end; ++it) top[(*it)[1]] = std::stoi((*it)[2]);
  EXPECT_LT(top["r1t0"], top["r1t1"]);
  EXPECT_EQ(top["r1t1"], top["r1t2"]);
  EXPECT_LT(top["r1t2"], top["r1t3"]);
}

TEST(DependencyReport, GraphsThatNobodyCouldReadAreNotDrawn) {
  RunReport report;
  for (uint32_t n = 0; n < 1501; ++n) report.tasks.push_back({task(n), {-1, 0, -1}});
  const std::string html = dependencies_as_html(named(report));
  EXPECT_THAT(html, Not(HasSubstr("<svg")));
  EXPECT_THAT(html, HasSubstr("1501 tasks are too many to draw"));
}

}  // namespace
}  // namespace tilewright
