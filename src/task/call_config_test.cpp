#include "tilewright/call_config.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "base/error.h"

namespace {

TEST(CallConfig, DefaultsAreValid) { EXPECT_NO_THROW(CallConfig{}.validate()); }

TEST(CallConfig, LayoutIsTheAbi) {
  EXPECT_EQ(offsetof(CallConfig, runtime_env), 24u);
  EXPECT_EQ(offsetof(CallConfig, output_prefix), 120u);
}

TEST(CallConfig, BadRingSizesAreNamed) {
  for (const auto& [ring, set] :
       {std::pair<const char*, void (*)(RuntimeEnv&)>{"ring_task_window[1] = 6", [](RuntimeEnv& e) { e.ring_task_window[1] = 6; }},
        {"ring_task_window[0] = 2", [](RuntimeEnv& e) { e.ring_task_window[0] = 2; }},
        {"ring_heap[2] = 1023", [](RuntimeEnv& e) { e.ring_heap[2] = 1023; }},
        {"ring_dep_pool[3] = 3", [](RuntimeEnv& e) { e.ring_dep_pool[3] = 3; }}}) {
    CallConfig config;
    set(config.runtime_env);
    try {
      config.validate();
      FAIL() << ring;
    } catch (const tilewright::Error& error) {
      EXPECT_EQ(error.code(), tilewright::ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find(ring), std::string::npos) << error.what();
    }
  }
}

TEST(CallConfig, ADiagnosticNeedsAPrefix) {
  CallConfig config;
  config.enable_pmu = 1;
  EXPECT_THROW(config.validate(), tilewright::Error);
  config.output_prefix[0] = 'x';
  EXPECT_NO_THROW(config.validate());
}

}  // namespace
