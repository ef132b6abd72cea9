#include "queue/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"

namespace tilewright::queue {
namespace {

QueueConfig parse(const std::string& text, const std::string& restrict_to = {}) {
  return parse_config(text, "queue.toml", "/nonexistent", restrict_to);
}

std::vector<int> ids(const QueueConfig& config) {
  std::vector<int> ids;
  for (const Device& device : config.devices) ids.push_back(device.id);
  return ids;
}

TEST(QueueConfig, DevicesGroupsSlotsAndPreferredOrder) {
  const QueueConfig config = parse(R"(
preferred = [2, 0]
visibility = "CUDA_VISIBLE_DEVICES"
[[device]]
id = 0
node = "/dev/davinci0"
group = "a"
[[device]]
id = 1
[[device]]
id = 2
slots = 4
)");
  EXPECT_EQ(ids(config), (std::vector<int>{2, 0, 1}));
  EXPECT_EQ(config.devices[0].slots, 4);
  EXPECT_EQ(config.devices[1].node, "/dev/davinci0");
  EXPECT_EQ(config.devices[1].group, "a");
  EXPECT_EQ(config.visibility, "CUDA_VISIBLE_DEVICES");
}

TEST(QueueConfig, TheVariableNamesDevicesWhereNothingElseDoes) {
  EXPECT_EQ(ids(parse("", "0-2,5")), (std::vector<int>{0, 1, 2, 5}));
  EXPECT_EQ(ids(parse("", "")), (std::vector<int>{}));
}

TEST(QueueConfig, TheVariableOnlyNarrowsWhatTheFileLists) {
  const std::string two = "[[device]]\nid = 3\n[[device]]\nid = 1\n";
  EXPECT_EQ(ids(parse(two, "1")), (std::vector<int>{1}));
  EXPECT_EQ(ids(parse(two, "1,3")), (std::vector<int>{3, 1}));
  EXPECT_THROW(parse(two, "2"), Error);
}

TEST(QueueConfig, NodesAreProbed) {
  const TemporaryDirectory directory;
  for (const char* name : {"davinci10", "davinci2", "davinci_manager", "davinci", "nvidiactl", "nvidia-uvm"})
    std::ofstream(directory.path() / name);
  const QueueConfig config = parse_config("", "queue.toml", directory.path(), "");
  EXPECT_EQ(ids(config), (std::vector<int>{2, 10}));
  EXPECT_EQ(config.devices[1].node, directory.path() / "davinci10");
  // The ids of the variable get the nodes.
  EXPECT_EQ(parse_config("", "queue.toml", directory.path(), "10").devices.at(0).node, directory.path() / "davinci10");
  std::ofstream(directory.path() / "nvidia0");
  EXPECT_THROW(parse_config("", "queue.toml", directory.path(), ""), Error) << "two kinds with the same numbers";
}

TEST(QueueConfig, WhatIsWrongIsRefused) {
  for (const char* text : {"= 1", "unknown = 1", "grace = -1", "grace = \"5\"", "isolation = \"some\"", "backend = \"pbs\"",
                           "[device]\nid = 0", "[[device]]\nnode = \"/dev/x\"", "[[device]]\nid = 0\n[[device]]\nid = 0",
                           "[[device]]\nid = 0\nslots = 0", "[[device]]\nid = 0\nnode = \"dev\"", "[[device]]\nid = 0\ncolour = 1",
                           "preferred = [1]\n[[device]]\nid = 0", "health_check = \"true\"", "infrastructure_codes = [\"3\"]"}) {
    EXPECT_THROW(parse(text), Error) << text;
  }
  EXPECT_THROW(parse("", "0-"), Error);
}

}  // namespace
}  // namespace tilewright::queue
