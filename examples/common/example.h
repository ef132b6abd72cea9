// What the examples share: inputs drawn from a seed, arguments with the results to expect, comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "task_args.h"

namespace tilewright::examples {

/// Numbers that a seed fixes on every machine: std::mt19937_64 is specified to the bit, the standard distributions are not.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  /// 0 to limit - 1; limit is small against 2^64.
  uint64_t below(uint64_t limit) { return engine_() % limit; }

  /// From [low, high), rounded to T.
  template <typename T>
  T uniform(double low, double high) {
    return static_cast<T>(low + (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53);
  }
  template <typename T>
  std::vector<T> uniform(size_t count, double low, double high) {
    std::vector<T> values(count);
    for (T& value : values) value = uniform<T>(low, high);
    return values;
  }

 private:
  std::mt19937_64 engine_;
};

/// How far results are from a reference.
struct Comparison {
  bool within = true;         ///< every element is within its bound; a NaN never is
  double largest_error = 0;   ///< absolute; infinite if a result is a NaN
  double relative_error = 0;  ///< largest_error over the reference's largest magnitude
  double of_bound = 0;        ///< the largest error in units of its element's bound
  size_t worst = 0;           ///< the element with that error
  double got = 0, want = 0;   ///< its values
};

/// Compares element by element: |got - want| <= bound. The spans have the same length.
Comparison compare(std::span<const float> got, std::span<const double> want, std::span<const double> bound);

/// "largest error 1.2e-04, 3.4e-04 of the largest value, 0.21 of what rounding allows", and what is wrong if something is.
std::string describe(const Comparison& comparison);

/// The arguments of one run, in host memory that this object owns, and what the run must make of its outputs. Tensors and
/// scalars are added in the order of the orchestration's arguments, tensors first.
class Problem {
 public:
  /// An f32 tensor that the run writes.
  struct Output {
    std::string name;
    const float* values;  ///< want.size() of them
    std::vector<double> want;
    std::vector<double> bound;
  };

  /// A tensor that the run reads.
  template <typename T>
  void input(const std::vector<uint32_t>& shape, const std::vector<T>& values) {
    std::memcpy(add_tensor(shape, host_dtype<T>(), ArgDirection::IN), values.data(), values.size() * sizeof(T));
  }
  /// A tensor that the run writes whole: it holds NaNs before.
  void output(std::string name, const std::vector<uint32_t>& shape, std::vector<double> want, std::vector<double> bound);
  /// A tensor that the run reads and writes.
  void inout(std::string name, const std::vector<uint32_t>& shape, const std::vector<float>& before, std::vector<double> want,
             std::vector<double> bound);
  template <typename T>
  void scalar(T value) {
    args_.add_scalar(to_u64(value));
  }

  const ChipStorageTaskArgs& args() const { return args_; }
  ArgDirection direction(int32_t tensor) const { return directions_[static_cast<size_t>(tensor)]; }
  const std::vector<Output>& outputs() const { return outputs_; }

 private:
  template <typename T>
  static constexpr DataType host_dtype() {
    return std::is_same_v<T, _Float16> ? DataType::FLOAT16 : static_cast<DataType>(dtype_of<T>());
  }
  void* add_tensor(const std::vector<uint32_t>& shape, DataType dtype, ArgDirection direction);

  ChipStorageTaskArgs args_;
  std::vector<ArgDirection> directions_;
  std::vector<std::unique_ptr<char[]>> buffers_;
  std::vector<Output> outputs_;
};

inline Comparison compare(const Problem::Output& output) { return compare({output.values, output.want.size()}, output.want, output.bound); }

/// The error that f32 summation of n terms of total magnitude `magnitude` may make, in any order (Higham, "Accuracy and
/// Stability of Numerical Algorithms", 3.1).
inline double f32_sum_bound(double n, double magnitude) { return n * 0x1p-24 * magnitude; }

}  // namespace tilewright::examples
