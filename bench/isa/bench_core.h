// The core that the forms run on.
#pragma once

#include <string>

#include "base/error.h"
#include "isa/core.h"
#include "isa/launch.h"

namespace tilewright::bench {

/// An A5 core (three tiles of 64 KiB and vectors fit its UB) that serves as cube and vector core, current on the calling thread while it lives.
/// What a kernel does wrong is thrown as an Error.
class BenchCore {
 public:
  BenchCore() : memory_(CoreArch::a5()), core_{.kind = CoreKind::kAiv, .arch = &CoreArch::a5(), .memory = &memory_, .host = &host_} {
    core_.launch = &launch_;
    set_current_core(&core_);
  }
  ~BenchCore() { set_current_core(nullptr); }
  BenchCore(const BenchCore&) = delete;
  BenchCore& operator=(const BenchCore&) = delete;

 private:
  class Host : public CoreHost {
   public:
    void yield() override {}
    void notify() override {}
    void wait(const CoreWait& condition) override {
      if (!condition.ready(condition.data)) fail(0, "waits for " + condition.describe(condition.data));
    }
    void fail(int, const std::string& text) override { throw Error(ErrorCode::kInvalidArgument, text); }
  };

  CoreMemory memory_;
  Host host_;
  LaunchSlot launch_;
  CoreContext core_;
};

}  // namespace tilewright::bench
