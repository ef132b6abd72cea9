// A team of cores for tests of instructions that wait for other cores: every lane of every block runs on a thread of its own, and
// a team in which everybody waits ends with the deadlock that a scheduler would report.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "isa/isa_test_support.h"
#include "isa/launch.h"

namespace tilewright::isa_test {

/// The generation that the test program's kernels are compiled for.
inline const CoreArch& compiled_arch() { return __NPU_ARCH__ == 2201 ? CoreArch::a2a3() : CoreArch::a5(); }

class Team {
 public:
  struct Lane {
    int32_t block;
    int lane;
  };
  using Kernel = std::function<void(const Lane&)>;

  Team(int32_t blocks, uint8_t lanes) : blocks_(blocks), lanes_(lanes) {}

  /// Runs the kernel on every core. The first error, code 0 if none.
  KernelError run(const Kernel& kernel) {
    std::vector<std::thread> threads;
    std::vector<std::unique_ptr<Member>> members;
    for (int32_t block = 0; block < blocks_; ++block) {
      for (int lane = 0; lane < kLaneCount; ++lane) {
        if ((lanes_ >> lane & 1) != 0) members.push_back(std::make_unique<Member>(*this, Lane{block, lane}));
      }
    }
    running_ = static_cast<int>(members.size());
    for (auto& member : members) {
      threads.emplace_back([this, &kernel, &member] {
        set_current_core(&member->context);
        try {
          kernel(member->lane);
        } catch (const KernelError& error) {
          const std::lock_guard lock(mutex_);
          if (error_.code == 0) error_ = error;
          stopped_ = true;
        }
        set_current_core(nullptr);
        const std::lock_guard lock(mutex_);
        --running_;
        changed_.notify_all();
      });
    }
    for (std::thread& thread : threads) thread.join();
    return error_;
  }

 private:
  struct Member : CoreHost {
    Member(Team& owner, Lane place) : team(owner), lane(place), memory(compiled_arch()) {
      context = {.kind = place.lane == kLaneAic ? CoreKind::kAic : CoreKind::kAiv,
                 .arch = &compiled_arch(),
                 .memory = &memory,
                 .host = this,
                 .block_idx = place.block,
                 .block_num = owner.blocks_,
                 .sub_block_id = place.lane == kLaneAiv1 ? 1 : 0,
                 .launch = &owner.launch_,
                 .lane = place.lane,
                 .lanes = owner.lanes_};
    }
    void yield() override { std::this_thread::yield(); }
    void wait(const CoreWait& condition) override { team.wait(condition, *this); }
    void notify() override {
      const std::lock_guard lock(team.mutex_);
      team.changed_.notify_all();
    }
    void fail(int code, const std::string& text) override { throw KernelError{code, text}; }

    Team& team;
    const Lane lane;
    CoreMemory memory;
    CoreContext context;
  };

  void wait(const CoreWait& condition, Member& member) {
    std::unique_lock lock(mutex_);
    waiting_.insert(&condition);
    while (!condition.ready(condition.data)) {
      bool hope = static_cast<int>(waiting_.size()) < running_;
      for (const CoreWait* other : waiting_) hope = hope || other->ready(other->data);
      if (!hope && !stopped_) {
        stopped_ = true;
        std::string text;
        for (const CoreWait* other : waiting_) text += "waits for " + other->describe(other->data) + "\n";
        if (error_.code == 0) error_ = {static_cast<int>(ErrorCode::kDeadlock), text};
        changed_.notify_all();
      }
      if (stopped_) {
        waiting_.erase(&condition);
        lock.unlock();
        member.fail(static_cast<int>(ErrorCode::kDeadlock), "stopped");
      }
      changed_.wait(lock);
    }
    waiting_.erase(&condition);
  }

  const int32_t blocks_;
  const uint8_t lanes_;
  LaunchSlot launch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<const CoreWait*> waiting_;
  int running_ = 0;
  bool stopped_ = false;
  KernelError error_{0, ""};
};

constexpr uint8_t kAic = 1 << kLaneAic, kAiv0 = 1 << kLaneAiv0, kAiv1 = 1 << kLaneAiv1;

}  // namespace tilewright::isa_test
