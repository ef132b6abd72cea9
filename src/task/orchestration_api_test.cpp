// The orchestration header against a recording runtime: every wrapper reaches the table's entry it names.
#include "pto_orchestration_api.h"

#include <gtest/gtest.h>

#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

namespace {

std::vector<std::string> calls;

std::string printed(const char* format, va_list list) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, list);
  return text;
}

void record_fatal(PTO2Runtime*, int32_t code, const char* func, const char* format, ...) {
  va_list list;
  va_start(list, format);
  calls.push_back("fatal " + std::to_string(code) + " " + func + " " + printed(format, list));
  va_end(list);
}

PTO2RuntimeOps recording_ops() {
  PTO2RuntimeOps ops{};
  ops.submit_task = [](PTO2Runtime*, const MixedKernels& kernels, const CoreTaskArgs& args) {
    calls.push_back("submit " + std::to_string(kernels.aic_kernel_id) + "," + std::to_string(kernels.aiv0_kernel_id) + "," +
                    std::to_string(kernels.aiv1_kernel_id) + " deps " + std::to_string(args.explicit_dep_count()));
    TaskOutputTensors out;
    out.set_task_id(PTO2TaskId::make(1, 2));
    return out;
  };
  ops.scope_begin = [](PTO2Runtime* rt) {
    calls.push_back(rt->pending_scope_mode == PTO2ScopeMode::MANUAL ? "begin manual" : "begin auto");
  };
  ops.scope_end = [](PTO2Runtime*) { calls.push_back("end"); };
  ops.report_fatal = record_fatal;
  ops.get_tensor_data = [](PTO2Runtime*, const ChipTensor&, uint32_t, const uint32_t*) { return to_u64(2.5f); };
  ops.alloc_tensors = [](PTO2Runtime*, const CoreTaskArgs& args) {
    calls.push_back("alloc " + std::to_string(args.tensor_count()));
    return TaskOutputTensors();
  };
  return ops;
}

class OrchestrationApi : public testing::Test {
 protected:
  void SetUp() override {
    calls.clear();
    framework_bind_runtime(&runtime_);
  }
  PTO2RuntimeOps ops_ = recording_ops();
  PTO2Runtime runtime_{&ops_, PTO2ScopeMode::AUTO};
};

TEST_F(OrchestrationApi, SubmitNamesTheLane) {
  CoreTaskArgs args;
  EXPECT_EQ(rt_submit_aic_task(3, args).task_id(), PTO2TaskId::make(1, 2));
  rt_submit_aiv_task(4, args);
  rt_submit_task(MixedKernels{1, 2, 3}, args);
  EXPECT_EQ(calls, (std::vector<std::string>{"submit 3,-1,-1 deps 0", "submit -1,4,-1 deps 0", "submit 1,2,3 deps 0"}));
}

TEST_F(OrchestrationApi, ScopesNestAndEndInReverse) {
  PTO2_SCOPE() {
    PTO2_SCOPE_GUARD(PTO2ScopeMode::MANUAL);
  }
  EXPECT_EQ(calls, (std::vector<std::string>{"begin auto", "begin manual", "end", "end"}));
}

TEST_F(OrchestrationApi, FatalCarriesCodeFunctionAndText) {
  rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "bad %d", 7);
  rt_report_fatal(5, "plain");
  EXPECT_EQ(calls, (std::vector<std::string>{"fatal 9 TestBody bad 7", "fatal 5 TestBody plain"}));
}

TEST_F(OrchestrationApi, OwnedDependenciesReachSubmitAndSurviveResubmission) {
  CoreTaskArgsWithDeps<2> args;
  args.add_dep(PTO2TaskId::make(0, 1));
  args.add_dep_wait(PTO2TaskId::make(0, 2));
  rt_submit_aiv_task(0, args);
  rt_submit_aiv_task(0, args);
  EXPECT_EQ(calls, (std::vector<std::string>{"submit -1,0,-1 deps 2", "submit -1,0,-1 deps 2"}));
  args.add_dep(PTO2TaskId::make(0, 3));
  EXPECT_TRUE(args.has_error);
}

TEST_F(OrchestrationApi, AllocAndDataCallsPassTheirValues) {
  const uint32_t shape[] = {4};
  const TensorCreateInfo info(shape, 1);
  alloc_tensors(info, info, info);
  EXPECT_EQ(calls, (std::vector<std::string>{"alloc 3"}));
  const ChipTensor t = make_tensor_external(nullptr, shape, 1);
  EXPECT_EQ(get_tensor_data<float>(t, 1, shape), 2.5f);
}

TEST(GraphKey, IsFnv1aWithThePublishedBasis) {
  static_assert(GRAPH_KEY("") == 1469598103934665603ULL);
  static_assert(GRAPH_KEY("a") == (1469598103934665603ULL ^ 'a') * 1099511628211ULL);
  EXPECT_NE(rt_graph_make_key(1, 2), rt_graph_make_key(1, 3));
}

}  // namespace
