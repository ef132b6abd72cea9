// Events between instructions: what an instruction returns, and what the next one waits for (spec/tile-isa.md, 2.8).
#pragma once

#include <type_traits>

#include "pto/common/intrinsics.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

constexpr pipe_t op_pipe(Op op) {
  constexpr pipe_t kPipes[] = {
#define PTO_OP_PIPE(name, pipe) pipe,
      PTO_OP_LIST(PTO_OP_PIPE)
#undef PTO_OP_PIPE
  };
  return op < Op::OP_COUNT ? kPipes[static_cast<int>(op)] : PIPE_S;
}

/// Event ids that a pipe pair hands out in turn; one counter per pair of pipes and object.
template <pipe_t Source, pipe_t Destination>
PTO_DATA inline unsigned next_event_id = 0;

}  // namespace detail

/// The result of every instruction: assign it to an Event to order later instructions after this one.
struct RecordEvent {};

/// Orders instructions of DstOp's pipe after those of SrcOp's pipe. Recorded by assignment from an instruction's result, waited
/// for by passing it to an instruction, to TSYNC, or by Wait(). With AutoToken the ids 0..7 are taken in turn, otherwise EventID.
template <Op SrcOp, Op DstOp, bool AutoToken = true, event_t EventID = EVENT_ID0>
class Event {
 public:
  static constexpr pipe_t kSource = detail::op_pipe(SrcOp);
  static constexpr pipe_t kDestination = detail::op_pipe(DstOp);

  Event() = default;
  PTO_FN Event(RecordEvent) { Record(); }
  PTO_FN Event& operator=(RecordEvent) {
    Record();
    return *this;
  }

  /// Declares that the event has been recorded before (first trip of a loop).
  PTO_FN Event& Init() {
    Record();
    return *this;
  }

  PTO_FN Event& Record() {
    PTO_CPU_ASSERT(!recorded_, "this event was recorded before and nobody has waited for it; wait first, or use another event");
    recorded_ = true;
    if constexpr (kSource != kDestination) {
      if constexpr (AutoToken) id_ = detail::next_event_id<kSource, kDestination> ++&7u;
      set_flag(kSource, kDestination, static_cast<int>(id_));
    }
    return *this;
  }

  PTO_FN Event& Wait() {
    if (!recorded_) return *this;
    recorded_ = false;
    if constexpr (kSource == kDestination) {
      pipe_barrier(kSource);
    } else {
      wait_flag(kSource, kDestination, static_cast<int>(id_));
    }
    return *this;
  }

 private:
  bool recorded_ = false;
  unsigned id_ = EventID;
};

namespace detail {

template <typename T>
struct is_event : std::false_type {};
template <Op S, Op D, bool A, event_t I>
struct is_event<Event<S, D, A, I>> : std::true_type {};
template <>
struct is_event<RecordEvent> : std::true_type {};

template <typename T>
concept EventArgument = is_event<std::remove_cvref_t<T>>::value;

PTO_FN void wait_for(const RecordEvent&) {}
template <Op S, Op D, bool A, event_t I>
PTO_FN void wait_for(Event<S, D, A, I>& event) {
  event.Wait();
}

}  // namespace detail

/// Waits for all events.
template <detail::EventArgument... WaitEvents>
PTO_FN void TSYNC(WaitEvents&... events) {
  (detail::wait_for(events), ...);
}

/// Waits until the pipe of OpCode has drained.
template <Op OpCode>
PTO_FN void TSYNC() {
  pipe_barrier(detail::op_pipe(OpCode));
}

}  // namespace pto

#pragma GCC visibility pop
