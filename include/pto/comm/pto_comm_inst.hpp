// Instructions on signals in device memory (spec/tile-isa.md, 2.10). TPUT, TGET and the collectives are not in this version.
#pragma once

#include "pto/comm/comm_types.hpp"
#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto::comm {

namespace detail {

template <typename GlobalData>
PTO_FN bool access_signal(Op op, GlobalData& signal, int32_t value, uint8_t how) {
  static_assert(std::is_same_v<std::remove_cv_t<typename GlobalData::RawDType>, int32_t>, "a signal is an int32_t in device memory");
  static_assert(GlobalData::layout == Layout::ND, "a signal tensor has layout ND");
  PtoSignalAccess access = {value, how, 0};
  PtoAttributes attributes = {};
  attributes.scalar = reinterpret_cast<uint64_t>(&access);
  pto::detail::issue(op, PIPE_S, attributes, signal);
  return access.result != 0;
}

}  // namespace detail

/// Sets every element of the signal to `value`, or adds it atomically. What the core wrote before is visible to whoever sees it.
template <pto::detail::GlobalArgument GlobalSignalData, pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TNOTIFY(GlobalSignalData& signal, int32_t value, NotifyOp op, WaitEvents&... events) {
  TSYNC(events...);
  detail::access_signal(Op::TNOTIFY, signal, value, static_cast<uint8_t>(op));
  return {};
}

/// Returns when every element satisfies `element cmp value`. Other cores run meanwhile.
template <pto::detail::GlobalArgument GlobalSignalData, pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TWAIT(GlobalSignalData& signal, int32_t value, WaitCmp cmp, WaitEvents&... events) {
  TSYNC(events...);
  detail::access_signal(Op::TWAIT, signal, value, static_cast<uint8_t>(cmp));
  return {};
}

/// Whether every element satisfies `element cmp value` now. Lets other cores run, so that a loop around it ends.
template <pto::detail::GlobalArgument GlobalSignalData, pto::detail::EventArgument... WaitEvents>
PTO_FN bool TTEST(GlobalSignalData& signal, int32_t value, WaitCmp cmp, WaitEvents&... events) {
  TSYNC(events...);
  return detail::access_signal(Op::TTEST, signal, value, static_cast<uint8_t>(cmp));
}

}  // namespace pto::comm

#pragma GCC visibility pop
