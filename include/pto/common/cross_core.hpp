// Flags between cores. A flag is a counter that belongs to the core that waits for it: setting adds one, waiting takes one away and
// waits while there is none. All flags are zero when a task starts (spec/tile-isa-headers.md, "Core intrinsics"; what that leaves
// open is decided in docs/design/isa.md). Who takes part are the lanes and blocks of the task.
#pragma once

#include "pto/common/intrinsics.hpp"

#pragma GCC visibility push(hidden)

/// Keeps the address for hardware; the simulator's flags need no memory.
PTO_FN void set_ffts_base_addr(uint64_t address) { pto::detail::issue_control(pto::Op::SET_FFTS_BASE_ADDR, PIPE_S, 0, 0, address); }

/// Sets a flag of other cores when all of a group have called this. `config`: bit 0 is 1, bits 4-5 the mode, bits 8-11 the flag id.
///   mode 0  the cores of the caller's kind in all blocks: each gets the flag when all have called
///   mode 1  the AIVs of the block: each gets the flag when all have called
///   mode 2  AIC and AIVs of the block: the AIVs get it when the AIC has called, the AIC when all its AIVs have called
PTO_FN void ffts_cross_core_sync(pipe_t pipe, uint64_t config) {
  pto::detail::issue_control(pto::Op::FFTS_CROSS_CORE_SYNC, pipe, 0, 0, config);
}
/// Waits for flag `id`, 0 to 15, which ffts_cross_core_sync sets.
PTO_FN void wait_flag_dev(int id) { pto::detail::issue_control(pto::Op::WAIT_FLAG_DEV, PIPE_S, 0, 0, static_cast<uint64_t>(id)); }

#if __NPU_ARCH__ != 2201
/// A5: sets a flag between the AIC of a block and one of its AIVs. From an AIV: flag `id` (0 to 15) of the AIC, which knows it as
/// `id` if AIV0 sets it and as 16 + id if AIV1 does. From the AIC: `id` names flag id of AIV0, 16 + id flag id of AIV1.
PTO_FN void set_intra_block(pipe_t pipe, int id) {
  pto::detail::issue_control(pto::Op::SET_INTRA_BLOCK, pipe, 0, 0, static_cast<uint64_t>(id));
}
/// A5: waits for such a flag: 0 to 15 on an AIV, 0 to 31 on the AIC.
PTO_FN void wait_intra_block(pipe_t pipe, int id) {
  pto::detail::issue_control(pto::Op::WAIT_INTRA_BLOCK, pipe, 0, 0, static_cast<uint64_t>(id));
}
/// A5: pipe `pipe` takes (get_buf) or gives back (rls_buf) buffer `id`. They order pipes of one core, which runs in program order
/// here, so they only report themselves.
PTO_FN void get_buf(pipe_t pipe, int id, int mode = 0) {
  pto::detail::issue_control(pto::Op::GET_BUF, pipe, mode, 0, static_cast<uint64_t>(id));
}
PTO_FN void rls_buf(pipe_t pipe, int id, int mode = 0) {
  pto::detail::issue_control(pto::Op::RLS_BUF, pipe, mode, 0, static_cast<uint64_t>(id));
}
#else
#define PTO_DETAIL_ONLY_A5(NAME, ADVICE)                                                      \
  template <typename Pipe>                                                                    \
  PTO_FN void NAME(Pipe, int, int = 0) {                                                      \
    static_assert(sizeof(Pipe) == 0, #NAME ": a2a3 does not have this instruction; " ADVICE); \
  }
PTO_DETAIL_ONLY_A5(set_intra_block, "ffts_cross_core_sync sets its flags")
PTO_DETAIL_ONLY_A5(wait_intra_block, "wait_flag_dev waits for its flags")
PTO_DETAIL_ONLY_A5(get_buf, "set_flag and wait_flag order its pipes")
PTO_DETAIL_ONLY_A5(rls_buf, "set_flag and wait_flag order its pipes")
#undef PTO_DETAIL_ONLY_A5
#endif

#pragma GCC visibility pop
