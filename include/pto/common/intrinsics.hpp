// Core intrinsics outside namespace pto: flags, barriers, cache control, registers, the core's place in the launch.
// The simulator runs a core's instructions in program order, so flags and barriers order nothing here; they reach the hook all
// the same, which is how missing ones are found. dcci and dsb let other cores run, so that a kernel that polls memory advances.
#pragma once

#include "pto/common/sim.hpp"
#include "pto/common/type.hpp"

enum mem_dsb_t : uint8_t { DSB_ALL = 0, DSB_DDR, DSB_UB, DSB_SEQ };
enum cache_line_t : uint8_t { SINGLE_CACHE_LINE = 0, ENTIRE_DATA_CACHE };
enum dcci_dst_t : uint8_t { CACHELINE_ALL = 0, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };

#pragma GCC visibility push(hidden)

namespace pto::detail {

PTO_FN void issue_control(Op op, pipe_t pipe, int first = 0, int second = 0, uint64_t scalar = 0) {
  PtoInstruction instruction;
  instruction.op = static_cast<uint16_t>(op);
  instruction.pipe = pipe;
  instruction.operand_count = 0;
  instruction.attributes = {};
  instruction.attributes.index[0] = first;
  instruction.attributes.index[1] = second;
  instruction.attributes.scalar = scalar;
  sim().execute(&instruction);
}

}  // namespace pto::detail

/// Sets event `id` from pipe `source` for pipe `destination`; runs on the source pipe.
PTO_FN void set_flag(pipe_t source, pipe_t destination, int id) {
  pto::detail::issue_control(pto::Op::SET_FLAG, source, source, destination, static_cast<uint64_t>(id));
}
/// Makes pipe `destination` wait for event `id` of pipe `source`.
PTO_FN void wait_flag(pipe_t source, pipe_t destination, int id) {
  pto::detail::issue_control(pto::Op::WAIT_FLAG, destination, source, destination, static_cast<uint64_t>(id));
}
PTO_FN void pipe_barrier(pipe_t pipe) { pto::detail::issue_control(pto::Op::PIPE_BARRIER, pipe, pipe, pipe); }

/// Cache maintenance: nothing to do for memory that all cores see, but it yields.
template <typename T>
PTO_FN void dcci(T* address, int what, int destination = CACHELINE_ALL) {
  pto::detail::issue_control(pto::Op::DCCI, PIPE_S, what, destination, reinterpret_cast<uint64_t>(address));
}
/// Orders all memory accesses of the core, and yields.
PTO_FN void dsb(mem_dsb_t what) { pto::detail::issue_control(pto::Op::DSB, PIPE_S, what); }

PTO_FN uint64_t get_ctrl() { return static_cast<uint64_t>(pto::detail::sim().core_query(kPtoControlRegister)); }
PTO_FN void set_ctrl(uint64_t value) { pto::detail::sim().set_control_register(value); }
PTO_FN constexpr uint64_t sbitset0(uint64_t value, int bit) { return value & ~(uint64_t{1} << bit); }
PTO_FN constexpr uint64_t sbitset1(uint64_t value, int bit) { return value | uint64_t{1} << bit; }

// The vector mask belongs to the vendor's element intrinsics; tile instructions work on valid regions and never read it.
PTO_FN void set_mask_norm() {}
PTO_FN void set_mask_count() {}
PTO_FN void set_vector_mask(uint64_t, uint64_t) {}

// Place of the core in the launch, for host test programs. Kernels run by the runtime use the forms that take args (intrinsic.h).
PTO_FN int64_t get_block_idx() { return pto::detail::sim().core_query(kPtoBlockIdx); }
PTO_FN int64_t get_block_num() { return pto::detail::sim().core_query(kPtoBlockNum); }
PTO_FN int64_t get_subblockid() { return pto::detail::sim().core_query(kPtoSubBlockId); }
PTO_FN int64_t get_subblockdim() { return pto::detail::sim().core_query(kPtoSubBlockNum); }
PTO_FN int64_t get_coreid() { return pto::detail::sim().core_query(kPtoCoreId); }

#pragma GCC visibility pop
