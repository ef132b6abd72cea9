#include "queue/device_ids.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright::queue {
namespace {

TEST(DeviceIds, ListsAndRangesAreSortedWithoutDuplicates) {
  EXPECT_EQ(parse_device_ids("3"), (std::vector<int>{3}));
  EXPECT_EQ(parse_device_ids("0-3"), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(parse_device_ids("5,0,2-4,3"), (std::vector<int>{0, 2, 3, 4, 5}));
  EXPECT_EQ(parse_device_ids(""), (std::vector<int>{}));
  EXPECT_EQ(format_device_ids({0, 2, 5}), "0,2,5");
}

TEST(DeviceIds, AnythingElseIsRefused) {
  for (const char* text : {"a", "-1", "3-1", "1,", ",1", "1,,2", "1-", "0x1", "70000", "1 2", "1.5", "0-99999999999"}) {
    EXPECT_THROW(parse_device_ids(text), Error) << text;
  }
}

}  // namespace
}  // namespace tilewright::queue
