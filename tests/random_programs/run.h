// Programs through the compiler onto a checked simulated device, many at a time, and what comes of each beside what the interpreter says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "record.h"

namespace tilewright {
class ChipWorker;
class Store;
}  // namespace tilewright

namespace tilewright::random_programs {

struct Verdict {
  enum class Kind : uint8_t {
    kAgrees,
    kUndecided,    ///< the interpreter says that a device may rightly take another way
    kTooLarge,     ///< the tiles of a kernel do not fit into a memory, and the compiler says so
    kGenerator,    ///< cannot be recorded, or is not defined: a mistake of the generator
    kCompile,      ///< the compiler refuses it
    kBuild,        ///< the C++ that the compiler wrote does not compile
    kRun,          ///< the run fails
    kCheck,        ///< the checker finds a fault
    kResult,       ///< a result differs
  } kind = Kind::kAgrees;
  std::string text = {};  ///< what is wrong
  /// Two failures that are likely to have one cause have one of these.
  std::string cause = {};

  bool failed() const { return kind >= Kind::kGenerator; }
};
const char* verdict_name(Verdict::Kind kind);

/// Seconds of processor time, of this process and its children.
struct Times {
  double record = 0, compile = 0, interpret = 0, build = 0, run = 0;
  int build_programs = 0;
};

class Runner {
 public:
  Runner();
  ~Runner();

  /// One verdict for each program. Their kernels are compiled together, without optimisation; where that fails, in halves.
  std::vector<Verdict> judge(const std::vector<Program>& programs);
  Verdict judge_one(const Program& program) { return judge({program}).front(); }

  /// The module of the last program that was judged, for what coverage counts; called once for each that was recorded.
  std::function<void(const Program&, const Recorded&)> on_recorded;
  /// Changes the source of a kernel before it is compiled: how tests plant mistakes of the compiler.
  std::function<void(std::string& kernel)> alter;
  Times times;

 private:
  struct Prepared;
  void prepare(const Program& program, Prepared& prepared, Verdict& verdict);
  void build(const std::vector<Prepared*>& programs);
  void run(const Program& program, Prepared& prepared, Verdict& verdict);
  ChipWorker& worker(const std::string& platform);

  std::map<std::string, std::unique_ptr<ChipWorker>> workers_;
  std::unique_ptr<Store> store_;
};

}  // namespace tilewright::random_programs
