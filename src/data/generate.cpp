#include "data/generate.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "data/element.h"

namespace tilewright {
namespace {

using Integer = __int128;  // holds every int64 and uint64, and sums of them

constexpr const char* kForms = "use zeros, full:VALUE, randn:SEED, uniform:LO:HI:SEED or arange[:START[:STEP]]";

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what, kForms); }

double parse_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(fmt::format("'{}' is no number", text));
  return value;
}

template <typename T>
T parse_integer(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(fmt::format("'{}' is no integer from {} to {}", text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  return value;
}

// The range of an element type as integers.
template <typename Type>
constexpr Integer largest() {
  if constexpr (std::is_same_v<Type, BoolElement>) return 1;
  return std::numeric_limits<typename Type::Value>::max();
}
template <typename Type>
constexpr Integer smallest() {
  return std::numeric_limits<typename Type::Value>::min();
}

/// An integer of the element type's range, or one past its largest if `may_be_end`.
template <typename Type>
Integer parse_in_range(std::string_view text, bool may_be_end = false) {
  const bool negative = !text.empty() && text[0] == '-';
  const Integer value = negative ? Integer{parse_integer<int64_t>(text)} : Integer{parse_integer<uint64_t>(text)};
  if (value < smallest<Type>() || value > largest<Type>() + (may_be_end ? 1 : 0)) {
    refuse(fmt::format("{} does not fit the type, which holds {} to {}", text, static_cast<int64_t>(smallest<Type>()),
                       static_cast<uint64_t>(largest<Type>())));
  }
  return value;
}

// Coefficients, highest power first, so that the series need no division.
constexpr std::array<double, 12> kAtanhSeries = [] {
  std::array<double, 12> series{};
  for (int i = 0; i < 12; ++i) series[i] = 1.0 / (23 - 2 * i);
  return series;
}();
/// (-1)^k / (2k + first)! for k = 10, ..., 0.
constexpr std::array<double, 11> alternating_series(int first) {
  std::array<double, 11> series{};
  double factor = 1;
  for (int k = 0; k <= 10; ++k) {
    series[10 - k] = factor;
    factor /= -static_cast<double>((2 * k + first + 1) * (2 * k + first + 2));
  }
  return series;
}
constexpr std::array<double, 11> kCosineSeries = alternating_series(0);
constexpr std::array<double, 11> kSineSeries = alternating_series(1);

template <size_t N>
double horner(const std::array<double, N>& series, double x) {
  double sum = 0;
  for (const double coefficient : series) sum = sum * x + coefficient;
  return sum;
}

/// ln(x) for x in (0, 1]. x = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln(m) = 2 atanh(s), s = (m - 1) / (m + 1),
/// by its series: |s| < 0.1716, so that the term after s^23 is below 2^-56 of the first.
double natural_logarithm(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // exact
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  return exponent * 0.69314718055994531 + 2 * s * horner(kAtanhSeries, s * s);
}

/// cos and sin of 2 pi u for u in [0, 1), by Taylor series within an eighth of the turn.
std::pair<double, double> turn(double u) {
  const int quarter = static_cast<int>(std::lround(u * 4));  // the nearest quarter turn, 0 to 4
  const double angle = (u - quarter * 0.25) * 6.2831853071795865;  // the difference is exact; |angle| <= pi / 4
  const double cosine = horner(kCosineSeries, angle * angle);
  const double sine = horner(kSineSeries, angle * angle) * angle;
  switch (quarter % 4) {
    case 0: return {cosine, sine};
    case 1: return {-sine, cosine};
    case 2: return {-cosine, -sine};
    default: return {sine, -cosine};
  }
}

template <typename Type>
constexpr bool kIsFloating = std::is_same_v<typename Type::Value, double>;

template <typename Type>
constexpr bool kCanStore = requires(typename Type::Value v) { Type::store(v); };

template <typename Type>
class Filler {
 public:
  using Storage = typename Type::Storage;
  using Value = typename Type::Value;

  Filler(HostTensor& tensor, const std::vector<std::string_view>& arguments)
      : elements_(tensor.elements<Storage>()), arguments_(arguments) {}

  void full() {
    const Value value = number(arguments_[0]);
    fill([&](uint64_t) { return value; });
  }

  void randn() {
    if constexpr (kIsFloating<Type>) {
      const uint64_t seed = parse_integer<uint64_t>(arguments_[0]);
      for (uint64_t i = 0; i < elements_.size(); i += 2) {
        const auto [even, odd] = normal_numbers(seed, i / 2);
        elements_[i] = Type::store(even);
        if (i + 1 < elements_.size()) elements_[i + 1] = Type::store(odd);
      }
    } else {
      refuse("randn makes floating-point numbers only; use uniform:LO:HI:SEED for integers");
    }
  }

  void uniform() {
    const uint64_t seed = parse_integer<uint64_t>(arguments_[2]);
    if constexpr (kIsFloating<Type>) {
      const double low = parse_real(arguments_[0]);
      const double high = parse_real(arguments_[1]);
      if (!(low < high) || !std::isfinite(high - low)) refuse(fmt::format("uniform needs finite LO < HI, not {} and {}", low, high));
      fill([&](uint64_t i) { return low + (high - low) * uniform_number(seed, i); });
    } else {
      const Integer low = parse_in_range<Type>(arguments_[0]);
      const Integer high = parse_in_range<Type>(arguments_[1], true);
      if (low >= high) refuse(fmt::format("uniform needs LO < HI, not {} and {}", arguments_[0], arguments_[1]));
      // The upper half of a 128-bit product maps 64 random bits to [0, high - low).
      const unsigned __int128 width = static_cast<unsigned __int128>(high - low);
      const uint64_t key = splitmix64(seed, 0);
      fill([&](uint64_t i) {
        const uint64_t bits = splitmix64(key, i);
        const uint64_t offset = width >> 64 != 0 ? bits : static_cast<uint64_t>(width * bits >> 64);
        return static_cast<Value>(low + offset);
      });
    }
  }

  void arange() {
    const std::string_view start_text = arguments_.empty() ? "0" : arguments_[0];
    const std::string_view step_text = arguments_.size() < 2 ? "1" : arguments_[1];
    if constexpr (kIsFloating<Type>) {
      const double start = parse_real(start_text);
      const double step = parse_real(step_text);
      fill([&](uint64_t i) { return start + static_cast<double>(i) * step; });
    } else {
      const Integer start = parse_in_range<Type>(start_text);
      const Integer step = parse_integer<int64_t>(step_text);
      const Integer last = elements_.empty() ? start : start + static_cast<Integer>(elements_.size() - 1) * step;
      if (last < smallest<Type>() || last > largest<Type>()) refuse("arange leaves the range of the type before its last element");
      fill([&](uint64_t i) { return static_cast<Value>(start + static_cast<Integer>(i) * step); });
    }
  }

 private:
  Value number(std::string_view text) {
    if constexpr (kIsFloating<Type>) {
      return parse_real(text);
    } else {
      return static_cast<Value>(parse_in_range<Type>(text));
    }
  }
  template <typename F>
  void fill(F value) {
    for (uint64_t i = 0; i < elements_.size(); ++i) elements_[i] = Type::store(value(i));
  }

  std::span<Storage> elements_;
  const std::vector<std::string_view>& arguments_;
};

struct Form {
  const char* name;
  size_t fewest_arguments;
  size_t most_arguments;
};
constexpr Form kGenerators[] = {{"zeros", 0, 0}, {"full", 1, 1}, {"randn", 1, 1}, {"uniform", 3, 3}, {"arange", 0, 2}};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

uint64_t splitmix64(uint64_t state, uint64_t n) {
  uint64_t z = state + (n + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

double uniform_number(uint64_t seed, uint64_t n) { return static_cast<double>(splitmix64(splitmix64(seed, 0), n) >> 11) * 0x1p-53; }

std::pair<double, double> normal_numbers(uint64_t seed, uint64_t n) {
  const double radius = std::sqrt(-2 * natural_logarithm(1 - uniform_number(seed, 2 * n)));
  const auto [cosine, sine] = turn(uniform_number(seed, 2 * n + 1));
  return {radius * cosine, radius * sine};
}

void generate(HostTensor& tensor, std::string_view generator) {
  std::vector<std::string_view> arguments = split(generator, ':');
  const std::string_view name = arguments.front();
  arguments.erase(arguments.begin());
  const Form* form = nullptr;
  for (const Form& candidate : kGenerators) {
    if (name == candidate.name) form = &candidate;
  }
  if (form == nullptr) refuse(fmt::format("unknown generator '{}'", generator));
  if (arguments.size() < form->fewest_arguments || arguments.size() > form->most_arguments) {
    refuse(fmt::format("'{}' has {} argument{}", generator, arguments.size(), arguments.size() == 1 ? "" : "s"));
  }
  if (name == "zeros") {
    std::memset(tensor.data(), 0, tensor.byte_count());
    return;
  }
  visit_element_type(tensor.dtype(), [&]<typename Type>(Type) {
    if constexpr (kCanStore<Type>) {
      Filler<Type> filler(tensor, arguments);
      if (name == "full") filler.full();
      if (name == "randn") filler.randn();
      if (name == "uniform") filler.uniform();
      if (name == "arange") filler.arange();
    } else {
      throw Error(ErrorCode::kUnsupported, fmt::format("only 'zeros' makes {}, not '{}'", tensor.description(), generator),
                  "read the tensor from a .npy file");
    }
  });
}

}  // namespace tilewright
