// Random programs whose cores need each other in every way that the chip has, and that real hardware finishes.
//
// Why it does: a program is made in one total order, in which an operation that waits is appended only when what it waits for has
// been appended before. So there is an order in which nobody ever waits. Every counter has one consumer or only grows, and every pipe
// one producer and fixed consumers, so an operation that can go on can do so until its own core does it; and all blocks are resident.
// Hence every schedule gets to the end in which each core that can go on does so some time (Kahn, "The semantics of a simple language
// for parallel programming", 1974).
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <random>

#include "schedules_test_support.h"

namespace tilewright {
namespace {

using namespace schedules_test;

constexpr int kCoreWords = 1024, kHeaderWords = 1024, kFirstOp = 16;

/// Interprets the program of its core: x holds signals, then kCoreWords for each core: operations done, errors, length, operations.
std::string interpreter(const std::string& lane, const std::string& pipe_operation) {
  return "  const int lane = " + lane + R"(;
  int32_t *x = data_of(args[0]);
  int32_t *mine = x + 1024 + (get_block_idx(args) * 3 + lane) * 1024;
  using Pipe = TPipe<0, DIR_BOTH, 1024, 2>;
  Pipe pipe(nullptr, 0, 0);
  for (int i = 0; i < mine[2]; ++i) {
    const int32_t *op = mine + 16 + 3 * i;
    int32_t *word = x + op[1] % 64 * 16;
    comm::Signal signal(word);
    switch (op[0]) {
      case 1: ffts_cross_core_sync(PIPE_FIX, 1 | op[1] << 4 | op[2] << 8); break;
      case 2: wait_flag_dev(op[1]); break;
      case 3: SYNCALL<SyncCoreType::Mix>(); break;
      case 4: comm::TNOTIFY(signal, 1, comm::NotifyOp::AtomicAdd); break;
      case 5: comm::TWAIT(signal, op[2], comm::WaitCmp::GE); break;
      case 6:
        while (*reinterpret_cast<volatile int32_t *>(word) < op[2]) {
        }
        break;
      case 7:
        while (*reinterpret_cast<volatile int32_t *>(word) < op[2]) dcci(word, SINGLE_CACHE_LINE);
        break;
      case 8:
        while (!comm::TTEST(signal, op[2], comm::WaitCmp::GE)) {
        }
        break;
      case 10: __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST); break;
      case 9: {)" +
         pipe_operation + R"(
      } break;
    }
    ++mine[0];
  })";
}

std::vector<uint8_t> interpreters(int blocks, bool together) {
  return build(fmt::format("CoreTaskArgs args; args.add_inout(x); args.launch_spec.set_block_num({}); "
                           "args.launch_spec.set_require_sync_start({}); rt_submit_task(mixed(0, 1, 1), args);",
                           blocks, together),
               {{CoreType::AIC, "cube", interpreter("0", R"(
        Acc acc;
        TASSIGN(acc, 0);
        for (int k = 0; k < 256; ++k) acc.data()[k] = static_cast<float>(op[1]);
        TPUSH<Pipe, Acc, TILE_UP_DOWN>(pipe, acc);)")},
                {CoreType::AIV, "vector", interpreter("1 + get_sub_block_id(args)", R"(
        Half half;
        TPOP<Pipe, Half, TILE_UP_DOWN>(pipe, half);
        for (int k = 0; k < 128; ++k) mine[1] += half.data()[k] != static_cast<float>(op[1]);
        TFREE<Pipe, TILE_UP_DOWN>(pipe);)")}});
}

class RandomProgram {
 public:
  RandomProgram(std::mt19937_64& random, int blocks, int length, bool plain_loops)
      : random_(random),
        blocks_(blocks),
        plain_loops_(plain_loops),
        ops_(static_cast<size_t>(3 * blocks)),
        pipes_(static_cast<size_t>(blocks)) {
    while (length-- > 0) grow();
    for (int core = 0; core < 3 * blocks; ++core) {
      while (!pending_[core].empty()) settle(core);
    }
    for (int block = 0; block < blocks; ++block) {
      for (int lane : {1, 2}) {
        while (pipes_[block].popped[lane - 1] < pipes_[block].pushed) pop(block, lane);
      }
    }
  }
  /// Makes a core wait, last of all, for a flag that nobody sets.
  void add_deadlock(int core) { add(core, 2, 9); }

  std::vector<int32_t> memory() const {
    std::vector<int32_t> x(kHeaderWords + ops_.size() * kCoreWords);
    for (size_t core = 0; core < ops_.size(); ++core) {
      int32_t* const mine = x.data() + kHeaderWords + core * kCoreWords;
      mine[2] = static_cast<int32_t>(ops_[core].size());
      for (size_t i = 0; i < ops_[core].size(); ++i) std::copy(ops_[core][i].begin(), ops_[core][i].end(), mine + kFirstOp + 3 * i);
    }
    return x;
  }
  size_t unfinished(const std::vector<int32_t>& x) const {
    size_t count = 0;
    for (size_t core = 0; core < ops_.size(); ++core) {
      const int32_t* const mine = x.data() + kHeaderWords + core * kCoreWords;
      count += mine[0] != static_cast<int32_t>(ops_[core].size()) || mine[1] != 0;
    }
    return count;
  }

 private:
  using Op = std::array<int32_t, 3>;
  struct Pipe {
    int pushed = 0;
    int popped[2] = {};
  };

  int below(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  void add(int core, int32_t code, int32_t a = 0, int32_t b = 0) {
    if (ops_[static_cast<size_t>(core)].size() < 300) ops_[static_cast<size_t>(core)].push_back({code, a, b});
  }
  bool has_room() const {
    return std::all_of(ops_.begin(), ops_.end(), [](const auto& ops) { return ops.size() < 250; });
  }
  /// A core will wait for what has been produced, now or later.
  void owe(int core, Op wait) { pending_[core].push_back(wait); }
  void settle(int core) {
    const Op op = pending_[core].front();
    pending_[core].erase(pending_[core].begin());
    add(core, op[0], op[1], op[2]);
  }
  void pop(int block, int lane) { add(3 * block + lane, 9, pipes_[static_cast<size_t>(block)].popped[lane - 1]++); }

  void grow() {
    if (!has_room()) return;
    const int block = below(blocks_), aic = 3 * block, core = below(3 * blocks_);
    switch (below(9)) {
      case 0:  // mode 2: AIC to both AIV
        add(aic, 1, 2, 1);
        for (int lane : {1, 2}) owe(aic + lane, {2, 1, 0});
        break;
      case 1:  // and back
        for (int lane : {1, 2}) add(aic + lane, 1, 2, 2);
        owe(aic, {2, 2, 0});
        break;
      case 2:  // mode 1: the AIV of a block
        for (int lane : {1, 2}) add(aic + lane, 1, 1, 3);
        for (int lane : {1, 2}) owe(aic + lane, {2, 3, 0});
        break;
      case 3: {  // mode 0: the cores of a kind, of all blocks
        const bool cubes = below(2) == 0;
        for (int pass = 0; pass < 2; ++pass) {
          for (int b = 0; b < blocks_; ++b) {
            for (int lane = cubes ? 0 : 1; lane < (cubes ? 1 : 3); ++lane) {
              pass == 0 ? add(3 * b + lane, 1, 0, 4) : owe(3 * b + lane, {2, 4, 0});
            }
          }
        }
      } break;
      case 4:
        for (int each = 0; each < 3 * blocks_; ++each) add(each, 3);
        break;
      case 5:
      case 6: {
        const int signal = below(8);
        add(core, below(2) == 0 ? 4 : 10, signal);  // announced, or a plain store
        ++signals_[signal];
        for (int waiters = below(3); waiters > 0; --waiters) {
          constexpr int32_t kHow[] = {5, 7, 8, 6};
          owe(below(3 * blocks_), {kHow[below(plain_loops_ ? 4 : 3)], signal, signals_[signal]});
        }
      } break;
      case 7: {
        Pipe& pipe = pipes_[static_cast<size_t>(block)];
        if (pipe.pushed - std::min(pipe.popped[0], pipe.popped[1]) < 2) {
          add(aic, 9, pipe.pushed++);
        } else {
          pop(block, pipe.popped[0] < pipe.popped[1] ? 1 : 2);
        }
      } break;
      case 8:
        if (!pending_[core].empty()) settle(core);
        break;
    }
  }

  std::mt19937_64& random_;
  const int blocks_;
  const bool plain_loops_;
  std::vector<std::vector<Op>> ops_;
  std::map<int, std::vector<Op>> pending_;
  std::array<int, 8> signals_{};
  std::vector<Pipe> pipes_;
};

class Combinations : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("TW_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    random_.seed(seed_);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("random seed: TW_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }
  static constexpr int kBlocks = 4;
  uint64_t seed_ = 0;
  std::mt19937_64 random_;
};

TEST_F(Combinations, WhatHardwareFinishesEndsHere) {
  for (const bool together : {false, true}) {
    Program program(interpreters(kBlocks, together));
    for (int i = 0; i < 8; ++i) {
      const bool plain_loops = i % 2 != 0;
      const RandomProgram ops(random_, kBlocks, 20 + static_cast<int>(random_() % 60), plain_loops);
      for (const int threads : {1, 2, 4}) {
        RunOptions options;
        options.host_threads = threads;
        options.aic_cores = kBlocks + static_cast<int32_t>(random_() % 3);
        std::vector<int32_t> x = ops.memory();
        ASSERT_EQ(program.run(x, options), "") << "program " << i << ", " << threads << " threads";
        ASSERT_EQ(ops.unfinished(x), 0u) << "program " << i << ", " << threads << " threads";
      }
      for (int k = 0; k < 4 && !plain_loops; ++k) {
        const uint64_t seed = 1 + random_() % 1000000;
        std::vector<int32_t> x = ops.memory();
        ASSERT_EQ(program.run(x, with_seed(seed)), "") << "program " << i << ", seed " << seed;
        ASSERT_EQ(ops.unfinished(x), 0u) << "program " << i << ", seed " << seed;
      }
    }
  }
}

TEST_F(Combinations, ADeadlockIsReportedWithWhoWaitsForWhat) {
  Program program(interpreters(kBlocks, true));
  for (int i = 0; i < 8; ++i) {
    RandomProgram ops(random_, kBlocks, 40, i % 2 != 0);
    const int core = static_cast<int>(random_() % (3 * kBlocks));
    ops.add_deadlock(core);
    const std::string who = fmt::format("kernel {} (func_id {}) on ", core % 3 == 0 ? "cube" : "vector", core % 3 == 0 ? 0 : 1);
    const std::string what = fmt::format("(block {} of {}) waits for flag 9 in WAIT_FLAG_DEV", core / 3, kBlocks);
    for (const int threads : {1, 2, 4, 0}) {
      if (threads == 0 && i % 2 != 0) continue;  // plain loops do not end under a seed
      RunOptions options = threads == 0 ? with_seed(1 + random_() % 1000000) : RunOptions{};
      options.host_threads = threads;
      std::vector<int32_t> x = ops.memory();
      const std::string text = program.run(x, options);
      EXPECT_NE(text.find("1 kernels wait"), std::string::npos) << text;
      EXPECT_NE(text.find(who), std::string::npos) << who << " in " << text;
      EXPECT_NE(text.find(what), std::string::npos) << what << " in " << text;
    }
  }
}

}  // namespace
}  // namespace tilewright
