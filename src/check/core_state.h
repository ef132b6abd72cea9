// What the checker knows of one core while it runs a kernel, and of the task that the kernel belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "check/shadow.h"
#include "check/tensors.h"
#include "check/vector_clock.h"
#include "isa/core.h"
#include "pto/common/op.hpp"

namespace tilewright::check {

inline size_t index_of(int pipe) { return static_cast<size_t>(pipe); }

/// set_flag from one pipe to another.
struct Flag {
  bool set = false;
  Clock clock;
  uint32_t site = 0;
};

struct FlagKey {
  uint8_t source, destination, id;
  friend auto operator<=>(const FlagKey&, const FlagKey&) = default;
};

/// A flag between cores that somebody has set.
struct CrossFlag {
  Times times;
  uint32_t site;
};

class TaskState;

/// One block and lane of a task.
struct CoreState {
  CoreState(TaskState& task, CoreContext& core, std::string kernel, Tensors tensors, PTO2TaskId task_id)
      : task(task), number(number_of(core)), core(&core), kernel(std::move(kernel)), tensors(std::move(tensors)), task_id(task_id) {}

  /// Of a core within its task.
  static int32_t number_of(const CoreContext& core) { return core.block_idx * 4 + (core.lane >= 0 ? core.lane : 3); }

  Clock& clock(int pipe) { return clocks[index_of(pipe)]; }
  /// Starts an instruction on a pipe: it comes after what the scalar pipe has done, which issued it. PIPE_ALL waits for all pipes.
  uint32_t issue(int pipe);
  /// What all pipes know together.
  Clock joined() const;
  /// All pipes wait for all pipes.
  void barrier();

  TaskState& task;
  const int32_t number;
  CoreContext* core;  ///< null once it has returned
  const std::string kernel;
  const Tensors tensors;
  const PTO2TaskId task_id;  ///< for the races between tasks; may be invalid
  std::array<Clock, kPipes> clocks;
  std::array<uint32_t, kPipes> time{};  ///< instructions given to each pipe
  std::array<Shadow, kSpaceCount> on_chip;
  std::map<FlagKey, Flag> flags;
  std::map<std::pair<uint8_t, uint8_t>, uint32_t> ids_used;  ///< mask of event ids, by pair of pipes
  std::map<uint64_t, Clock> buffers;                         ///< of get_buf and rls_buf
  Clock unit_flag;                                           ///< what M and FIX know of each other through unit flags
  uint64_t slot = 0;  ///< of the pipe instruction under way
  std::shared_ptr<Times> meeting_result;  ///< of the SYNCALL under way: filled when it takes place
};

/// The cores of one task, and what orders them.
class TaskState {
 public:
  TaskState(int32_t blocks, uint8_t lanes) : blocks(blocks), lanes(lanes) {}

  /// Before an instruction executes: what it makes known to other cores. `site` is where it is.
  void release(CoreState& core, const PtoInstruction& instruction, uint32_t site);
  /// After it has executed: what it has learned from other cores.
  void acquire(CoreState& core, const PtoInstruction& instruction);

  struct LeftFlag {
    std::string name;  ///< "flag 3 of AIV0"
    std::string remedy;
    uint32_t site;
    uint64_t times;
  };
  /// Flags between cores that are still set.
  std::vector<LeftFlag> left_flags() const;

  /// "AIV1 of block 3"
  std::string core_name(int32_t number) const;

  const int32_t blocks;
  const uint8_t lanes;
  Shadow device;
  int32_t kernels_ended = 0;
  std::map<int32_t, std::unique_ptr<CoreState>> cores;
  std::map<int32_t, Shadow> ub_of_later;  ///< what the cube core wrote into the UB of a vector core that has not begun

  /// The shadow of the UB of a core of the task.
  Shadow& ub_of(int32_t number) {
    const auto found = cores.find(number);
    return found != cores.end() ? found->second->on_chip[0] : ub_of_later[number];
  }

 private:
  struct Receiver {
    int32_t block;
    int lane;
    int id;
    friend auto operator<=>(const Receiver&, const Receiver&) = default;
  };
  struct Caller {
    int mode, id;
    int32_t block;
    int lane;
    friend auto operator<=>(const Caller&, const Caller&) = default;
  };
  /// One direction of a pipe of a block; times by slot number, by producer and consumer.
  struct Ring {
    std::array<std::map<uint64_t, Times>, 2> pushed, freed;
    std::array<uint64_t, 2> taken{}, pushes{}, pops{}, frees{};
  };
  struct PipeEnd {
    Ring& ring;
    size_t index;
    uint64_t slots;
  };
  struct Meeting {
    int32_t arrived = 0;
    Times times;
    std::shared_ptr<Times> result;
  };

  void call_ffts(CoreState& core, const PtoInstruction& instruction, uint32_t site);
  void take_flag(CoreState& core, std::map<Receiver, std::deque<CrossFlag>>& flags, int id, int pipe);
  void set_intra(CoreState& core, const PtoInstruction& instruction, uint32_t site);
  void arrive(CoreState& core, const PtoInstruction& instruction);
  PipeEnd pipe_end(const CoreState& core, const PtoInstruction& instruction, bool producer);
  static Times at(const std::array<std::map<uint64_t, Times>, 2>& times, uint64_t slot);
  static void forget_before(Ring& ring, uint64_t slot);
  void pipe_release(CoreState& core, const PtoInstruction& instruction);
  void pipe_acquire(CoreState& core, const PtoInstruction& instruction);
  void signals(CoreState& core, const PtoInstruction& instruction, bool set);
  bool has(int lane) const { return (lanes >> lane & 1) != 0; }

  std::map<Caller, std::deque<Times>> calls_;
  std::map<Receiver, std::deque<CrossFlag>> flags_, intra_;
  std::map<std::tuple<int32_t, uint64_t, bool>, Ring> rings_;
  std::map<std::pair<int, const void*>, Meeting> meetings_;
  std::map<uint64_t, Times> signals_;  ///< by address
  Times memory_;                       ///< what dsb and dcci have made known
};

}  // namespace tilewright::check
