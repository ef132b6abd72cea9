// Part of tilewright/language.h: what a program is tried on and compared with.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "tilewright/language/values.h"
#include "tilewright/tile_program.h"

namespace tilewright {

/// A tensor as the reference sees it: every element in double precision. It ends the program for an index outside.
class Array {
 public:
  explicit Array(const twb_array& array) : array_(array) {}
  int64_t dim(size_t dimension) const { return dimension < array_.rank ? array_.extents[dimension] : 0; }
  /// One index for each dimension.
  template <std::integral... I>
  double operator()(I... index) const {
    return array_.elements[place({static_cast<int64_t>(index)...})];
  }
  template <std::integral... I>
  double& operator()(I... index) {
    return array_.elements[place({static_cast<int64_t>(index)...})];
  }
  /// What the program's element may differ by, if the reference says so; else the program's tolerance counts.
  template <std::integral... I>
  double& bound(I... index) {
    return array_.bounds[place({static_cast<int64_t>(index)...})];
  }

 private:
  size_t place(std::initializer_list<int64_t> index) const {
    int64_t place = 0;
    size_t dimension = 0;
    bool inside = index.size() == array_.rank;
    for (const int64_t i : index) {
      inside = inside && i >= 0 && i < array_.extents[dimension];
      if (!inside) break;
      place = place * array_.extents[dimension++] + i;
    }
    if (!inside) {
      std::fprintf(stderr, "error: the reference uses an element outside of its array, which has %zu dimensions\n", array_.rank);
      std::exit(2);
    }
    return static_cast<size_t>(place);
  }

  twb_array array_;
};

/// What a parameter holds in the example. Tensors whose extents are all known need none here.
class Example {
 public:
  /// Of a number.
  template <typename T>
    requires std::is_arithmetic_v<T>
  Example(T number) : Example(TWB_FILLED, {}, static_cast<double>(number)) {}
  Example(twb_content content, detail::List<int64_t> extents, double low = 0, double high = 0,
          double (*element)(int64_t, int64_t) = nullptr)
      : content_(content), extents_(std::move(extents)), low_(low), high_(high), element_(element) {}
  twb_example get() const { return {content_, low_, high_, element_, extents_.data(), extents_.size()}; }

 private:
  twb_content content_;
  detail::List<int64_t> extents_;
  double low_, high_;
  double (*element_)(int64_t, int64_t);
};
/// Normally distributed numbers; the same in every run, and others for each parameter.
inline Example randn(detail::List<int64_t> extents = {}) { return {TWB_NORMAL, std::move(extents)}; }
/// low <= x < high; of integers every one of low, ..., high - 1.
inline Example uniform(double low, double high, detail::List<int64_t> extents = {}) { return {TWB_UNIFORM, std::move(extents), low, high}; }
inline Example filled(double number, detail::List<int64_t> extents = {}) { return {TWB_FILLED, std::move(extents), number}; }
/// element(row, column), where all dimensions but the last count as rows.
inline Example computed(double (*element)(int64_t row, int64_t column), detail::List<int64_t> extents = {}) {
  return {TWB_COMPUTED, std::move(extents), 0, 0, element};
}
/// Of a tensor that the program only writes.
inline Example output(detail::List<int64_t> extents = {}) { return {TWB_UNSET, std::move(extents)}; }

/// An element matches if it differs by at most absolute + relative * |reference|.
struct Tolerance {
  double relative = 0, absolute = 0;
};

namespace detail {

/// What a reference takes for a parameter of the program: `const Array&` for what is read, `Array&` for what is written, a number.
template <typename P>
struct OfReference {
  using Type = const Array&;
  static const Array& get(const Array& array) { return array; }
};
template <typename T>
struct OfReference<Out<T>> {
  using Type = Array&;
  static Array& get(Array& array) { return array; }
};
template <typename T>
struct OfReference<InOut<T>> : OfReference<Out<T>> {};
template <>
struct OfReference<Index> {
  using Type = int64_t;
  static int64_t get(const Array& array) { return static_cast<int64_t>(array()); }
};
template <>
struct OfReference<Scalar> {
  using Type = double;
  static double get(const Array& array) { return array(); }
};

}  // namespace detail

}  // namespace tilewright
