// Programs in the language, from their text to what they compute. Each runs everywhere, under the checker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
#include "data/small_float.h"
#include "data/tensor_spec.h"

namespace tilewright {
namespace {

constexpr const char* kVariants[][2] = {{"a2a3sim", "tensormap_and_ringbuffer"},
                                        {"a2a3sim", "host_build_graph"},
                                        {"a5sim", "tensormap_and_ringbuffer"},
                                        {"a5sim", "host_build_graph"}};

HostTensor make(const std::string& spec) { return make_tensor(parse_tensor_spec(spec)); }

/// Tensors and scalars of a program in the order of its parameters: "f32[64,128]=randn:1", "i64:5".
using Arguments = std::vector<std::string>;

class Programs : public testing::Test {
 protected:
  /// Runs the program everywhere; `check` gets the tensors named by `outputs`, by their numbers, as each run leaves them.
  void run(const std::string& program, const Arguments& arguments, const std::vector<size_t>& outputs,
           const std::function<void(const std::map<size_t, HostTensor>&)>& check) const {
    for (const auto& [platform, runtime] : kVariants) {
      SCOPED_TRACE(program + " on " + platform + " with " + runtime);
      std::vector<std::string> command = {"env",
                                          "TW_CACHE_DIR=" TW_TEST_CACHE,
                                          TW_PROGRAM,
                                          "run",
                                          TW_PROGRAMS "/" + program,
                                          "--platform",
                                          platform,
                                          "--runtime",
                                          runtime,
                                          "--check"};
      for (size_t i = 0; i < arguments.size(); ++i) {
        command.push_back(arguments[i].find('[') == std::string::npos ? "--scalar" : "--arg");
        command.push_back("arg" + std::to_string(i) + "=" + arguments[i]);
      }
      const auto file = [&](size_t i) { return (directory_.path() / (std::to_string(i) + ".npy")).string(); };
      for (const size_t i : outputs) {
        command.push_back("--output");
        command.push_back("arg" + std::to_string(i) + "=" + file(i));
      }
      const ProcessResult result = run_process(command);
      ASSERT_EQ(result.exit_code, 0) << result.output;
      std::map<size_t, HostTensor> tensors;
      for (const size_t i : outputs) tensors.emplace(i, read_npy(file(i)));
      check(tensors);
      if (HasFatalFailure()) return;
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(Programs, TensorsAreMadeWhereTheyArePutOrCopiedThere) {
  const HostTensor x = make("f32[192,100]=randn:1");
  run("halves.cpp", {"f32[192,100]=randn:1", "f32[192,200]"}, {1}, [&](const auto& out) {
    const auto y = out.at(1).template elements<float>();
    for (size_t i = 0; i < 192 * 200; ++i) {
      const float from = x.elements<float>()[i / 200 * 100 + i % 100];
      ASSERT_EQ(y[i], i % 200 < 100 ? 2 * from : from) << i / 200 << ", " << i % 200;
    }
  });
}

TEST_F(Programs, MasksSelectInEachWidth) {
  constexpr size_t kRows = 32, kCount = kRows * 64;
  const Arguments arguments = {"f32[32,64]=arange:-1024",
                               "f32[32,64]=arange:1024:-1",
                               "f16[32,64]=randn:3",
                               "f16[32,64]=randn:4",
                               "i32[32,64]=uniform:0:3:5",
                               "i32[32,64]=uniform:0:3:6",
                               "i16[32,64]=uniform:-5:9:7",
                               "f32[32,64]",
                               "f32[32,1]",
                               "f16[32,64]",
                               "i32[32,64]",
                               "i16[32,64]"};
  const HostTensor x = make(arguments[0]), y = make(arguments[1]), h = make(arguments[2]), g = make(arguments[3]), i = make(arguments[4]),
                   j = make(arguments[5]), s = make(arguments[6]);
  run("masks.cpp", arguments, {7, 8, 9, 10, 11}, [&](const auto& out) {
    for (size_t n = 0; n < kCount; ++n) {
      const float a = x.elements<float>()[n], b = y.elements<float>()[n];
      ASSERT_EQ(out.at(7).template elements<float>()[n],
                float{1} * (a == b) + 2 * (a != b) + 4 * (a < b) + 8 * (a > b) + 16 * (a >= b) + 32 * (a <= b));
      const uint16_t one = h.elements<uint16_t>()[n], other = g.elements<uint16_t>()[n];
      ASSERT_EQ(out.at(9).template elements<uint16_t>()[n], half_to_float(one) > half_to_float(other) ? one : other);
      const int32_t left = i.elements<int32_t>()[n];
      ASSERT_EQ(out.at(10).template elements<int32_t>()[n], left == j.elements<int32_t>()[n] ? left : -1);
      const int16_t number = s.elements<int16_t>()[n];
      ASSERT_EQ(out.at(11).template elements<int16_t>()[n], number > 3 ? number : 0);
    }
    for (size_t r = 0; r < kRows; ++r) {
      const auto row = x.elements<float>().subspan(r * 64, 64);
      const float largest = *std::max_element(row.begin(), row.end());
      ASSERT_EQ(out.at(8).template elements<float>()[r], largest > 2 ? largest : -1);
    }
  });
}

}  // namespace
}  // namespace tilewright
