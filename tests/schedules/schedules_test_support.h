// What the tests of schedules share: callables from pieces of source, on a device.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../callable_from_pieces.h"
#include "base/error.h"
#include "tilewright/worker.h"

namespace tilewright::schedules_test {

using Kernel = KernelPiece;

/// A callable with one tensor, x, of int32.
inline std::vector<uint8_t> build(const std::string& submit, const std::vector<Kernel>& kernels, const std::string& platform = "a2a3sim") {
  static constexpr const char* kHead = R"(
template <typename T = int32_t> [[maybe_unused]] static T *data_of(int64_t argument) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(argument);
  return t.data_as<T>() + t.start_offset;
}
using Acc = TileAcc<float, 16, 16>;
using Half = Tile<TileType::Vec, float, 8, 16>;
using Row = Tile<TileType::Vec, int32_t, 1, 64>;
using Line = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 64>, Stride<64, 64, 64, 64, 1>>;
)";
  return build_from_pieces(submit, kHead, kernels, platform);
}

/// A device with one callable.
class Program {
 public:
  explicit Program(const std::vector<uint8_t>& image, bool in_process = true, const std::string& platform = "a2a3sim")
      : worker_([&] {
          WorkerOptions options;
          options.in_process = in_process;
          options.platform = platform;
          return options;
        }()),
        handle_(worker_.register_callable(image)) {}

  /// Runs with x; the error's text, empty if there was none.
  std::string run(std::vector<int32_t>& x, const RunOptions& options = {}) {
    try {
      report =
          worker_.run(handle_, TaskArguments().add_tensor(x.data(), DataType::INT32, {static_cast<int64_t>(x.size())}, ArgDirection::INOUT),
                      {}, options);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  RunReport report;

 private:
  ChipWorker worker_;
  CallableHandle handle_;
};

inline RunOptions with_seed(uint64_t seed, const std::string& log = {}) {
  RunOptions options;
  options.sim_seed = seed;
  options.sim_log = log;
  return options;
}

}  // namespace tilewright::schedules_test
