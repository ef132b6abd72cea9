// Instructions on signals and tensors that other cores or other chips see (spec/tile-isa.md, 2.10). The collectives (TGATHER, TSCATTER,
// TBROADCAST, TREDUCE of a ParallelGroup) are not in this version.
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

namespace detail {

template <AtomicType Atomic, typename GlobalDst, typename GlobalSrc, typename... Staging>
PTO_FN RecordEvent copy_global(Op op, GlobalDst& dst, GlobalSrc& src) {
  static_assert(std::is_same_v<std::remove_cv_t<typename GlobalDst::RawDType>, std::remove_cv_t<typename GlobalSrc::RawDType>>,
                "both tensors have one element type");
  static_assert(std::is_same_v<typename GlobalDst::RawDType, std::remove_cv_t<typename GlobalDst::RawDType>>, "the destination is const");
  static_assert((std::is_same_v<typename Staging::DType, std::remove_cv_t<typename GlobalSrc::RawDType>> && ...) &&
                    ((Staging::Loc == TileType::Vec) && ...),
                "staging tiles are Vec tiles of the tensors' element type");
  static_assert(Atomic == AtomicType::AtomicNone || pto::detail::is_arithmetic_v<std::remove_cv_t<typename GlobalDst::RawDType>>,
                "no atomic addition on this element type");
  static_assert((GlobalDst::layout == Layout::ND || GlobalDst::layout == Layout::DN) && GlobalDst::layout == GlobalSrc::layout,
                "both tensors have layout ND, or both DN");
  static_assert(!pto::detail::has_twins<GlobalDst>(), PTO_DETAIL_NO_TWINS);
  PtoAttributes attributes = {};
  attributes.atomic_add = Atomic == AtomicType::AtomicAdd;
  return pto::detail::issue(op, PIPE_ALL, attributes, dst, src);
}

}  // namespace detail

/// Copies src, in this core's memory, to dst, in memory that another chip sees, or adds it there element by element and atomically. The
/// staging tiles are what hardware copies through: the simulator needs and changes none of them.
template <AtomicType Atomic = AtomicType::AtomicNone, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::TileArgument Staging, pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUT(GlobalDst& dst, GlobalSrc& src, Staging&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_global<Atomic, GlobalDst, GlobalSrc, Staging>(Op::TPUT, dst, src);
}
template <AtomicType Atomic = AtomicType::AtomicNone, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::TileArgument Ping, pto::detail::TileArgument Pong, pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUT(GlobalDst& dst, GlobalSrc& src, Ping&, Pong&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_global<Atomic, GlobalDst, GlobalSrc, Ping, Pong>(Op::TPUT, dst, src);
}

/// Copies src, in memory of another chip, to dst, in this core's.
template <pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc, pto::detail::TileArgument Staging,
          pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGET(GlobalDst& dst, GlobalSrc& src, Staging&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_global<AtomicType::AtomicNone, GlobalDst, GlobalSrc, Staging>(Op::TGET, dst, src);
}
template <pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc, pto::detail::TileArgument Ping,
          pto::detail::TileArgument Pong, pto::detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGET(GlobalDst& dst, GlobalSrc& src, Ping&, Pong&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_global<AtomicType::AtomicNone, GlobalDst, GlobalSrc, Ping, Pong>(Op::TGET, dst, src);
}

/// Prepares asynchronous copies of one engine. The scratch tile and the workspace (get_dma_workspace; null here) are hardware's; so are the
/// numbers: which event to use, bytes of a block, where blocks are counted from, how many queues, and which group of channels.
template <DmaEngine Engine = DmaEngine::SDMA, pto::detail::TileArgument Scratch>
PTO_FN bool BuildAsyncSession(Scratch&, __gm__ void*, AsyncSession& session, uint32_t = 0, uint64_t = 0, uint64_t = 0, uint32_t = 0,
                              uint32_t = 0) {
  session = {Engine, true};
  return true;
}

namespace detail {

template <DmaEngine Engine, typename GlobalDst, typename GlobalSrc>
PTO_FN AsyncEvent copy_async(Op op, GlobalDst& dst, GlobalSrc& src, const AsyncSession& session) {
  PTO_CPU_ASSERT(session.valid, "the session was not built; call BuildAsyncSession first");
  PTO_CPU_ASSERT(session.engine == Engine, "the session was built for another engine");
  copy_global<AtomicType::AtomicNone, GlobalDst, GlobalSrc>(op, dst, src);
  return {1, Engine};
}

}  // namespace detail

/// TPUT and TGET through a DMA engine: they return an event that says when the copy is complete. The simulator copies at once. `peer` is the
/// other chip's number, which the engine URMA needs.
template <DmaEngine Engine = DmaEngine::SDMA, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::EventArgument... WaitEvents>
PTO_FN AsyncEvent TPUT_ASYNC(GlobalDst& dst, GlobalSrc& src, const AsyncSession& session, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_async<Engine>(Op::TPUT_ASYNC, dst, src, session);
}
template <DmaEngine Engine = DmaEngine::SDMA, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::EventArgument... WaitEvents>
PTO_FN AsyncEvent TPUT_ASYNC(GlobalDst& dst, GlobalSrc& src, const AsyncSession& session, uint32_t, WaitEvents&... events) {
  return TPUT_ASYNC<Engine>(dst, src, session, events...);
}
template <DmaEngine Engine = DmaEngine::SDMA, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::EventArgument... WaitEvents>
PTO_FN AsyncEvent TGET_ASYNC(GlobalDst& dst, GlobalSrc& src, const AsyncSession& session, WaitEvents&... events) {
  TSYNC(events...);
  return detail::copy_async<Engine>(Op::TGET_ASYNC, dst, src, session);
}
template <DmaEngine Engine = DmaEngine::SDMA, pto::detail::GlobalArgument GlobalDst, pto::detail::GlobalArgument GlobalSrc,
          pto::detail::EventArgument... WaitEvents>
PTO_FN AsyncEvent TGET_ASYNC(GlobalDst& dst, GlobalSrc& src, const AsyncSession& session, uint32_t, WaitEvents&... events) {
  return TGET_ASYNC<Engine>(dst, src, session, events...);
}

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

namespace pto {

/// What prefetches of a kernel have in common.
struct PrefetchAsyncContext {
  comm::AsyncSession session;
};

/// A hint that the tensor, one-dimensional and contiguous, will be needed; nothing is loaded.
template <detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN comm::AsyncEvent TPREFETCH_ASYNC(GlobalData& srcGlobalData, PrefetchAsyncContext& ctx, WaitEvents&... events) {
  TSYNC(events...);
  detail::issue<Op::TPREFETCH_ASYNC>(srcGlobalData);
  return {1, ctx.session.engine};
}

}  // namespace pto

#pragma GCC visibility pop
