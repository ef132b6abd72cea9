// Comparison of a result with its golden tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/host_tensor.h"

namespace tilewright {

/// An element matches if |actual - golden| <= absolute + relative * |golden|.
struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

/// f32 1e-5, f16 1e-3, bf16 1e-2, fp8e4m3 0.125 for both; 0 for integers, bool, fp8e8m0 and fp4e2m1. About one unit in
/// the last place of a number near 1, rounded up; f32 is the value of spec/harness-and-queue.md, section E.
Tolerance default_tolerance(DataType dtype);

/// Throws Error(kInvalidArgument) for a tolerance that is negative or not finite.
void check_tolerance(const Tolerance& tolerance);

enum class NanRule : uint8_t {
  kNeverEqual,     ///< any NaN is a mismatch
  kEqual,          ///< NaN matches NaN
  kIgnoreInGolden  ///< elements whose golden is NaN are not compared: undefined regions
};
/// "never", "equal", "ignore". Throws Error(kInvalidArgument).
NanRule parse_nan_rule(std::string_view text);

struct CompareOptions {
  Tolerance tolerance = {};
  NanRule nan = NanRule::kNeverEqual;
  uint32_t max_examples = 20;
};

/// One element of both tensors. Values are shortest decimal texts that read back to the same number.
struct ElementDifference {
  uint64_t flat_index = 0;
  std::vector<uint32_t> index;
  std::string actual;
  std::string golden;
  double absolute_error = 0;  ///< infinity if one side is NaN, or infinite and the other is not that infinity
  double relative_error = 0;  ///< of |golden|; infinity if golden is 0 and actual is not
};

struct CompareReport {
  std::string description;  ///< "f32[256,512]"
  CompareOptions options;
  uint64_t total = 0;
  uint64_t ignored = 0;     ///< by NanRule::kIgnoreInGolden, or because an element may be anything
  bool has_bounds = false;  ///< elements are allowed more than the tolerance
  uint64_t mismatches = 0;
  /// The largest errors among all compared elements, mismatch or not; unset if every element is equal. The relative one
  /// leaves out elements whose golden is 0.
  std::optional<ElementDifference> worst_absolute;
  std::optional<ElementDifference> worst_relative;
  std::vector<ElementDifference> examples;  ///< the first mismatches, in row-major order

  bool passed() const { return mismatches == 0; }
};

/// Compares in double, integers exactly. Infinities match themselves only. `allowed` is empty, or says for each element how far it may lie from
/// golden beyond the tolerance; one that may be infinitely far is not compared. Throws Error(kSignatureMismatch) if dtypes or shapes differ,
/// and as check_tolerance.
CompareReport compare(const HostTensor& actual, const HostTensor& golden, const CompareOptions& options,
                      std::span<const double> allowed = {});

/// Lines for people: "y: 3 of 4096 elements differ ...", complete, ending in a newline.
std::string format_report(const CompareReport& report, std::string_view name);
/// One JSON object with the same content; errors and values that are not finite are strings.
std::string report_as_json(const CompareReport& report, std::string_view name);

}  // namespace tilewright
