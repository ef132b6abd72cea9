// Devices whose processes are killed, stopped and starved while they run: a short campaign, and what it leaves behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "campaign.h"
#include "processes.h"
#include "tilewright/worker.h"

namespace tilewright::faults {
namespace {

uint64_t test_seed() {
  const char* const given = std::getenv("TW_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
}

#ifdef TW_LONG_CAMPAIGN
constexpr CampaignOptions kSize{.devices = 10, .runs = 400};
#else
constexpr CampaignOptions kSize{.devices = 3, .runs = 25};
#endif

class FaultCampaign : public testing::Test {
 protected:
  FaultCampaign() {
    static const TemporaryDirectory directory;
    ::setenv("TMPDIR", directory.path().c_str(), 1);  // of nobody else, for belongings()
    campaign_image();                                 // built before, so that what building leaves open does not count
  }
};

TEST_F(FaultCampaign, EveryRunEndsRightOrWithAnErrorThatIsTrue) {
  CampaignOptions options = kSize;
  options.seed = test_seed();
  SCOPED_TRACE("TW_TEST_SEED=" + std::to_string(options.seed));
  run_campaign({.devices = 1, .runs = 0, .seed = 0});
  const auto before = belongings();
  const CampaignResult result = run_campaign(options);
  std::printf("seed %llu, %s\n", static_cast<unsigned long long>(options.seed), result.describe().c_str());
  EXPECT_TRUE(result.wrong.empty()) << result.describe();
  EXPECT_EQ(belongings(), before) << "no process, thread, descriptor, memory file or other file is left";
  EXPECT_GT(result.outcomes.at("right"), options.runs * options.devices / 10);
}

TEST_F(FaultCampaign, NothingThatOutlivesProcessesIsOpen) {
  WorkerOptions options;
  options.device_id = 77;
  ChipWorker worker(options);
  std::vector<float> x(1024);
  const CallableHandle handle = worker.register_callable(campaign_image());
  worker.run(
      handle,
      TaskArguments().add_tensor(x.data(), DataType::FLOAT32, {1024}, ArgDirection::INOUT).add_scalar(uint64_t{1}).add_scalar(uint64_t{0}));
  EXPECT_EQ(named_shared_memory(device_process(77)), std::vector<std::string>());
  EXPECT_EQ(named_shared_memory(::getpid()), std::vector<std::string>());
}

}  // namespace
}  // namespace tilewright::faults
