// Part of tilewright/language.h: loops and branches.
#pragma once

#include <concepts>
#include <exception>
#include <type_traits>

#include "tilewright/language/values.h"

namespace tilewright {

namespace detail {

/// What `for` runs over, once: the body is recorded, and the loop is closed when its turn ends.
class Loop {
 public:
  Loop(IndexArg first, IndexArg end, IndexArg step, twb_loop kind, int64_t stages, Where where)
      : first_(first), end_(end), step_(step), kind_(kind), stages_(stages), where_(where) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    if (!open_) return;
    twb_builder* b = detail::at(where_);
    if (std::uncaught_exceptions() == 0) {
      twb_error(b,
                "the loop is left early (break, return, goto), which cannot be recorded: its body was recorded once, for all turns; use "
                "if_ or while_");
    }
    twb_end_for(b);
  }

  struct End {};
  class Turn {
   public:
    explicit Turn(Loop* loop) : loop_(loop) {}
    bool operator!=(End) const { return loop_->open_; }
    Turn& operator++() {
      twb_builder* b = detail::at(loop_->where_);
      twb_check_loop_text(b, loop_->where_.file_name(), loop_->where_.line());
      twb_end_for(b);
      loop_->open_ = false;
      return *this;
    }
    IndexValue operator*() const { return IndexValue(loop_->index_); }

   private:
    Loop* loop_;
  };
  Turn begin() {
    twb_builder* b = detail::at(where_);
    const twb_value first = first_.read(b), end = end_.read(b), step = step_.read(b);
    index_ = twb_begin_for(b, first, end, step, kind_, stages_);
    open_ = index_ != 0;
    return Turn(this);
  }
  End end() { return {}; }

 private:
  IndexArg first_, end_, step_;
  twb_loop kind_;
  int64_t stages_;
  Where where_;
  twb_value index_ = 0;
  bool open_ = false;
};

/// What if_() began; ends it with the statement.
class Branch {
 public:
  explicit Branch(Where where) : where_(where) {}
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch() { twb_end_if(detail::at(where_)); }
  template <std::invocable<> Body>
  void else_(Body&& body) {
    twb_begin_else(detail::at(where_));
    body();
  }

 private:
  Where where_;
};

}  // namespace detail

/// for (Index i : range(0, n, 64)): turns one after the other.
inline detail::Loop range(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_SEQUENTIAL, 0, first.where()}; }
inline detail::Loop range(IndexArg end) {
  return {IndexArg(0, end.where()), end, IndexArg(1, end.where()), TWB_SEQUENTIAL, 0, end.where()};
}
/// Turns that do not depend on each other: a promise.
inline detail::Loop parallel(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_PARALLEL, 0, first.where()}; }
/// A copy of the body for each turn; the bounds are known while recording.
inline detail::Loop unroll(IndexArg first, IndexArg end, IndexArg step = 1) { return {first, end, step, TWB_UNROLLED, 0, first.where()}; }
/// In a task: several turns in flight, each with tiles of its own, so that one loads while another computes. Needs the room for them.
inline detail::Loop pipeline(IndexArg first, IndexArg end, IndexArg step = 1, int64_t stages = 2) {
  return {first, end, step, TWB_PIPELINED, stages, first.where()};
}

/// if_(n > 4, [&] { ... }).else_([&] { ... });  variables that are assigned in it are what it results in.
template <std::invocable<> Body>
detail::Branch if_(ConditionArg condition, Body&& body) {
  twb_builder* b = detail::at(condition.where());
  twb_begin_if(b, condition.read(b));
  body();
  return detail::Branch(condition.where());
}
/// while_([&] { return n < 4; }, [&] { ... });
template <typename Test, std::invocable<> Body>
  requires std::convertible_to<std::invoke_result_t<Test>, ConditionArg>
void while_(Test&& test, Body&& body, Where where = Where::current()) {
  twb_begin_while(detail::at(where));
  const ConditionArg condition(test(), where);
  twb_builder* b = detail::at(where);
  twb_while_do(b, condition.read(b));
  body();
  twb_end_while(detail::at(where));
}

}  // namespace tilewright
