// Programs in the language, from their text to what they compute. Each runs everywhere, under the checker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
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

}  // namespace
}  // namespace tilewright
