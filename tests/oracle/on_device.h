// Random programs of tasks through the whole compiler onto a simulated device: what the engine did beside what the interpreter says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "program.h"

namespace tilewright {
class ChipWorker;
class Store;
struct ArtifactContent;
}  // namespace tilewright

namespace tilewright::oracle {

/// Compiles with derive-dependencies for a2a3sim and runs under a seed of the schedule. Programs are compiled together.
class Device {
 public:
  Device();
  ~Device();

  /// For each program what is wrong, empty if nothing is: it does not compile or run, the ids that tasks were given are not those that the
  /// interpreter logged, tasks race (run_options.h, check_races), or a result differs from the interpreter's.
  std::vector<std::string> judge(const std::vector<Program>& programs);

  /// Changes what the compiler made of a program: how tests plant mistakes.
  std::function<void(ArtifactContent& content)> alter;
  uint64_t tasks = 0, edges = 0;  ///< of programs that nothing was wrong with; edges by name

 private:
  struct Prepared;
  void run(Prepared& prepared);
  void build(const std::vector<Prepared*>& programs);

  std::unique_ptr<ChipWorker> worker_;
  std::unique_ptr<Store> store_;
};

}  // namespace tilewright::oracle
