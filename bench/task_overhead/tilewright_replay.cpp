// Tilewright's recorded graphs: the workload is recorded as one graph, and what is timed is its replay with another argument.
#include "base/error.h"
#include "task_overhead/tilewright_system.h"

namespace tilewright::bench {
namespace {

class Replay : public Tilewright {
 public:
  Replay() : Tilewright({"tilewright_replay", "replay.cpp"}) {}

  void prepare(const Workload& workload, const Order& order, const Conditions& conditions) override {
    if (conditions.layout != Layout::kOneBuffer && conditions.layout != Layout::kTiles) {
      throw Error(ErrorCode::kUnsupported, "a graph has at most 128 tensors as arguments; its nodes use views of them");
    }
    Tilewright::prepare(workload, order, conditions);
    scratch_.emplace(workload.task_count(), StampMode::kCount);
    input().recording_board = &*scratch_;
  }
  std::vector<Field> describe() const override {
    std::vector<Field> fields = Tilewright::describe();
    fields.push_back({"note", std::string("recorded before the clock starts")});
    return fields;
  }
  RunTimes run(StampBoard& board) override {
    Tilewright::run(board);
    return {std::chrono::nanoseconds(input().measured_ns)};
  }

 private:
  std::optional<StampBoard> scratch_;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Replay system;
  return tilewright::bench::system_main(argc, argv, system);
}
