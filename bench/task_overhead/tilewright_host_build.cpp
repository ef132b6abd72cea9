// Tilewright's host_build_graph: the graph is built whole, with dependencies found from the accesses, before any task runs.
#include <bit>

#include "task_overhead/tilewright_system.h"

namespace tilewright::bench {
namespace {

class HostBuild : public Tilewright {
 public:
  HostBuild() : Tilewright({"tilewright_host_build", "host_build.cpp", RuntimeVariant::kHostBuildGraph}) {}

  void prepare(const Workload& workload, const Order& order, const Conditions& conditions) override {
    Tilewright::prepare(workload, order, conditions);
    config().runtime_env.ring_task_window[0] = std::max<uint64_t>(16384, std::bit_ceil(workload.inout.size()));
  }
  RunTimes run(StampBoard& board) override {
    RunTimes times = Tilewright::run(board);
    times.build = std::chrono::nanoseconds(input().measured_ns);
    return times;
  }
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::HostBuild system;
  return tilewright::bench::system_main(argc, argv, system);
}
