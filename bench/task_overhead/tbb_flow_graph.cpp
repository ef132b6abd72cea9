// oneTBB flow graph: one continue_node per task, one edge per dependency. The edges are told, so this system is spared the
// discovery that the others do; building nodes and edges is part of the time, as submitting is elsewhere.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/version.h>

#include <deque>
#include <optional>

#include "task_overhead/system.h"

namespace tilewright::bench {
namespace {

namespace flow = oneapi::tbb::flow;

class TbbFlowGraph : public System {
 public:
  std::string name() const override { return "tbb_flow_graph"; }
  bool sees_memory() const override { return false; }

  void prepare(const Workload& workload, const Order& order, const Conditions& conditions) override {
    parallelism_.emplace(oneapi::tbb::global_control::max_allowed_parallelism, static_cast<size_t>(conditions.threads));
    task_count_ = workload.task_count();
    order_ = &order;
  }

  std::vector<Field> describe() const override {
    return {{"discovery", "edges"},
            {"version", std::string("oneTBB ") + TBB_runtime_version()},
            {"compiler", compiler_version()},
            {"note", "edges are told, so memory layout plays no part; the graph is built whole, then run"}};
  }

  RunTimes run(StampBoard& board) override {
    RunTimes times;
    flow::graph graph;
    // A deque, because nodes cannot move. The default policy: a lightweight body runs inside its predecessor's put, which
    // takes the parallelism out of wide shapes and recurses once per task of a chain.
    std::deque<flow::continue_node<flow::continue_msg>> nodes;
    std::vector<uint32_t> roots;
    const auto start = Clock::now();
    for (uint32_t task = 0; task < task_count_; ++task) {
      nodes.emplace_back(graph, [&board, task](const flow::continue_msg&) { board.run_task(task); });
      const auto preds = order_->preds_of(task);
      for (uint32_t pred : preds) flow::make_edge(nodes[pred], nodes[task]);
      if (preds.empty()) roots.push_back(task);
    }
    times.build = Clock::now() - start;
    for (uint32_t root : roots) nodes[root].try_put(flow::continue_msg());
    graph.wait_for_all();
    times.elapsed = Clock::now() - start;
    return times;
  }

 private:
  std::optional<oneapi::tbb::global_control> parallelism_;
  uint32_t task_count_ = 0;
  const Order* order_ = nullptr;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::TbbFlowGraph system;
  return tilewright::bench::system_main(argc, argv, system);
}
