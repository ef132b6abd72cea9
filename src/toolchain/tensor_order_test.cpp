#include "toolchain/tensor_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace tilewright {
namespace {

using ::testing::HasSubstr;

const std::vector<TensorOrder> kTwo = {{"x", "softmax.cpp:12", true, ""}, {"created", "", false, "used in a loop (softmax.cpp:14)"}};

TEST(TensorOrderTest, ComesBackAsItWasWritten) {
  EXPECT_EQ(parse_tensor_orders(format_tensor_orders(kTwo), "d.json"), kTwo);
  EXPECT_EQ(parse_tensor_orders(format_tensor_orders({}), "d.json"), std::vector<TensorOrder>());
}

TEST(TensorOrderTest, IsTextInAFixedOrder) {
  EXPECT_EQ(format_tensor_orders({kTwo[1]}), R"json({
  "tensors": [
    {
      "name": "created",
      "line": "",
      "ordered": false,
      "reason": "used in a loop (softmax.cpp:14)"
    }
  ]
}
)json");
}

TEST(TensorOrderTest, TakesNamesThatAreNoUtf8) {
  EXPECT_EQ(parse_tensor_orders(format_tensor_orders({{"\xff", "", true, ""}}), "d.json").at(0).name, "\xef\xbf\xbd");
}

TEST(TensorOrderTest, RefusesWhatItDoesNotWrite) {
  for (const char* text : {"", "{", "[]", "{}", R"({"tensors": {}})", R"({"tensors": [1]})", R"({"tensors": [{"name": "x"}]})",
                           R"({"tensors": [{"name": "x", "line": "", "ordered": 1, "reason": ""}]})",
                           R"({"tensors": [{"name": 3, "line": "", "ordered": true, "reason": ""}]})"}) {
    try {
      parse_tensor_orders(text, "some/dependencies.json");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kParseError) << text;
      EXPECT_THAT(error.what(), HasSubstr("some/dependencies.json: ")) << text;
    }
  }
}

TEST(TensorOrderTest, IsReadFromADirectoryThatHasIt) {
  const TemporaryDirectory directory;
  EXPECT_EQ(load_tensor_orders(directory.path()), std::nullopt);
  write_file_atomically(directory.path() / "dependencies.json", format_tensor_orders(kTwo));
  EXPECT_EQ(load_tensor_orders(directory.path()), kTwo);
}

}  // namespace
}  // namespace tilewright
