// Launches of host test programs: every block on a thread of its own, with a core that serves as all lanes of the block.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "isa/core.h"
#include "isa/hook.h"
#include "isa/launch.h"

namespace tilewright {
namespace {

/// The blocks of one launch. Blocks that wait sleep on one condition; when everybody waits and nothing is ready, that is a deadlock.
class HostBlocks {
 public:
  HostBlocks(int32_t block_num, void (*kernel)(void*), void* data) : running_(block_num), kernel_(kernel), data_(data) {
    for (int32_t i = 0; i < block_num; ++i) blocks_.push_back(std::make_unique<Block>(*this, i, block_num));
  }

  void run() {
    std::vector<std::thread> threads;
    for (const auto& block : blocks_) {
      threads.emplace_back([this, &block] {
        set_current_core(&block->context);
        kernel_(data_);
        report_core_end(block->context);
        set_current_core(nullptr);
        const std::lock_guard lock(mutex_);
        --running_;
        changed_.notify_all();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  struct Block : CoreHost {
    Block(HostBlocks& launch_of_block, int32_t index, int32_t block_num)
        : owner(launch_of_block),
          memory(default_core_arch()),
          context{.kind = CoreKind::kAiv,
                  .arch = &default_core_arch(),
                  .memory = &memory,
                  .host = this,
                  .block_idx = index,
                  .block_num = block_num,
                  .core_id = index,
                  .launch = &owner.launch_,
                  .lanes = 1 << kLaneAic | 1 << kLaneAiv0} {}
    void yield() override { std::this_thread::yield(); }
    void wait(const CoreWait& condition) override { owner.wait(condition); }
    void notify() override {
      const std::lock_guard lock(owner.mutex_);
      owner.changed_.notify_all();
    }
    void fail(int code, const std::string& text) override { abort_kernel(code, text); }

    HostBlocks& owner;
    CoreMemory memory;
    CoreContext context;
  };

  void wait(const CoreWait& condition) {
    std::unique_lock lock(mutex_);
    waiting_.insert(&condition);
    while (!condition.ready(condition.data)) {
      bool hope = static_cast<int32_t>(waiting_.size()) < running_;
      for (const CoreWait* other : waiting_) hope = hope || other->ready(other->data);
      if (!hope) {
        std::string text = "every block waits:";
        for (const CoreWait* other : waiting_) text += "\n  for " + other->describe(other->data);
        abort_kernel(static_cast<int>(ErrorCode::kDeadlock), text);
      }
      changed_.wait(lock);
    }
    waiting_.erase(&condition);
  }

  LaunchSlot launch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<const CoreWait*> waiting_;  ///< guarded by mutex_, as running_
  int32_t running_;
  void (*const kernel_)(void*);
  void* const data_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace
}  // namespace tilewright

extern "C" [[gnu::visibility("default")]] void pto_sim_run_blocks(int32_t block_num, void (*kernel)(void*), void* data) {
  using namespace tilewright;
  if (block_num < 1 || kernel == nullptr) {
    abort_kernel(static_cast<int>(ErrorCode::kInvalidArgument),
                 "RunBlocks: " + std::to_string(block_num) + " blocks of a kernel were asked for; give a kernel and at least one block");
  }
  HostBlocks(block_num, kernel, data).run();
}
