// CoreTaskArgsWithDeps: task arguments that own the list of their explicit dependencies (spec/api.md, A.2).
#pragma once

#include "pto_orchestration_api.h"

template <size_t MAX_DEP_COUNT = 16>
class CoreTaskArgsWithDeps : private CoreTaskArgs {
 public:
  using CoreTaskArgs::add_inout;
  using CoreTaskArgs::add_input;
  using CoreTaskArgs::add_no_dep;
  using CoreTaskArgs::add_output;
  using CoreTaskArgs::add_scalar;
  using CoreTaskArgs::add_scalars;
  using CoreTaskArgs::add_scalars_i32;
  using CoreTaskArgs::allow_early_resolve;
  using CoreTaskArgs::copy_scalars_from;
  using CoreTaskArgs::error_msg;
  using CoreTaskArgs::has_error;
  using CoreTaskArgs::launch_spec;
  using CoreTaskArgs::set_allow_early_resolve;
  using CoreTaskArgs::set_error;
  using CoreTaskArgs::set_task_timing_slot;
  using CoreTaskArgs::task_timing_slot;

  /// Waits for each task and keeps its outputs alive until this one is done.
  template <typename... Ids>
  void add_dep(Ids... ids) {
    (add_one(ids, DEP_WAIT | DEP_RETAIN), ...);
  }
  /// Waits only. tensormap_and_ringbuffer.
  template <typename... Ids>
  void add_dep_wait(Ids... ids) {
    (add_one(ids, DEP_WAIT), ...);
  }
  void reset() {
    CoreTaskArgs::reset();
    count_ = 0;
  }
  CoreTaskArgs &finalize_for_submit() {
    CoreTaskArgs::set_dependencies(nullptr, 0);
    CoreTaskArgs::set_dependencies_with_kinds(ids_, kinds_, count_);
    return *this;
  }

 private:
  void add_one(PTO2TaskId id, DepFlags kind) {
    if (count_ == MAX_DEP_COUNT) return set_error("add_dep: more dependencies than CoreTaskArgsWithDeps<N> holds; raise N");
    ids_[count_] = id;
    kinds_[count_++] = kind;
  }
  uint32_t count_ = 0;
  PTO2TaskId ids_[MAX_DEP_COUNT];
  DepFlags kinds_[MAX_DEP_COUNT];
};

template <size_t N>
TaskOutputTensors rt_submit_task(const MixedKernels &kernels, CoreTaskArgsWithDeps<N> &args) {
  return rt_submit_task(kernels, args.finalize_for_submit());
}
template <size_t N>
TaskOutputTensors rt_submit_aic_task(int32_t kernel_id, CoreTaskArgsWithDeps<N> &args) {
  return rt_submit_aic_task(kernel_id, args.finalize_for_submit());
}
template <size_t N>
TaskOutputTensors rt_submit_aiv_task(int32_t kernel_id, CoreTaskArgsWithDeps<N> &args) {
  return rt_submit_aiv_task(kernel_id, args.finalize_for_submit());
}
