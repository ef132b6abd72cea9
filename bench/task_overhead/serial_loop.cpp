// The floor: one thread calls the task body in submission order. What the stamp itself costs; no dependencies, no queue.
#include "task_overhead/system.h"

namespace tilewright::bench {
namespace {

class SerialLoop : public System {
 public:
  std::string name() const override { return "serial_loop"; }
  bool sees_memory() const override { return false; }
  bool uses_threads() const override { return false; }

  void prepare(const Workload& workload, const Order&, const Conditions&) override { task_count_ = workload.task_count(); }

  std::vector<Field> describe() const override {
    return {{"discovery", "none"}, {"version", compiler_version()}, {"note", "the floor: no tasking at all"}};
  }

  RunTimes run(StampBoard& board) override {
    const auto start = Clock::now();
    for (uint32_t task = 0; task < task_count_; ++task) entry_(board, task);
    return {Clock::now() - start};
  }

 private:
  static void enter(StampBoard& board, uint32_t task) { board.run_task(task); }

  // volatile: a task is reached through a pointer that the compiler cannot see through, as everywhere.
  void (*volatile entry_)(StampBoard&, uint32_t) = enter;
  uint32_t task_count_ = 0;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::SerialLoop system;
  return tilewright::bench::system_main(argc, argv, system);
}
