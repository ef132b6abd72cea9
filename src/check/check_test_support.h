// For tests of the checker: a kernel that runs on a core of its own, or on the cores of a task, and what the checker says of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "check/checker.h"
#include "isa/team_test_support.h"

namespace tilewright::check_test {

/// A row-major tensor over memory of the test.
template <typename T>
ChipTensor tensor_over(std::vector<T>& data, std::vector<uint32_t> shape, DataType dtype) {
  ChipTensor tensor;
  tensor.init_external(data.data(), data.size() * sizeof(T), shape.data(), static_cast<uint32_t>(shape.size()), dtype, 0);
  return tensor;
}

/// The report on a kernel that a core runs alone, as block 0 of 1 and AIV0 or AIC.
inline CheckReport check(const std::function<void()>& kernel, const CheckedKernel& given = {.kernel = "test"}, bool cube = false,
                         const CheckOptions& options = {}, std::string* ended_with = nullptr) {
  const CoreArch& arch = isa_test::compiled_arch();
  CoreMemory memory(arch);
  isa_test::ThrowingHost host;
  LaunchSlot launch;
  CoreContext core{.kind = cube ? CoreKind::kAic : CoreKind::kAiv, .arch = &arch, .memory = &memory, .host = &host};
  core.launch = &launch;
  core.lane = cube ? kLaneAic : kLaneAiv0;
  core.lanes = static_cast<uint8_t>(1 << core.lane);
  Checker checker(options);
  set_current_core(&core);
  checker.begin_kernel(core, given);
  try {
    kernel();
    checker.end_kernel(core);
  } catch (const isa_test::KernelError& error) {
    if (ended_with != nullptr) *ended_with = error.text;
  }
  CheckReport report = checker.report();
  set_current_core(nullptr);
  return report;
}

/// The report on a task of several cores.
inline CheckReport check_team(int32_t blocks, uint8_t lanes, const std::function<void(const isa_test::Team::Lane&)>& kernel,
                              const CheckedKernel& given = {.kernel = "test"}) {
  Checker checker;
  isa_test::Team team(blocks, lanes);
  const isa_test::KernelError error = team.run([&](const isa_test::Team::Lane& lane) {
    checker.begin_kernel(*current_core(), given);
    kernel(lane);
    checker.end_kernel(*current_core());
  });
  EXPECT_EQ(error.code, 0) << error.text;
  return checker.report();
}

/// The fault, if there is one and no other; else a failure that shows what there is.
inline CheckFault only_fault(const CheckReport& report, const std::string& kind) {
  EXPECT_EQ(report.faults.size(), 1u) << format_check_report(report);
  EXPECT_EQ(report.unlisted, 0u);
  if (report.faults.empty()) return {};
  EXPECT_EQ(report.faults.front().kind, kind) << format_check_report(report);
  return report.faults.front();
}

inline void expect_clean(const CheckReport& report) { EXPECT_TRUE(report.clean()) << format_check_report(report); }

/// Whether an instruction is named with its pipe and line of this file.
inline void expect_instruction(const CheckedInstruction& instruction, const std::string& name, const std::string& pipe, int line,
                               const char* file = __builtin_FILE()) {
  EXPECT_EQ(instruction.name, name);
  EXPECT_EQ(instruction.pipe, pipe);
  const std::string path(file);
  const std::string expected = path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
  EXPECT_TRUE(instruction.place.ends_with(expected)) << instruction.place << " is not " << expected;
}

}  // namespace tilewright::check_test
