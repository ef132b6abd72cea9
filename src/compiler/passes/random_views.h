// Random orchestrations of numbers and views over a small tensor, with a model of which elements each of them names.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tilewright::random_views {

/// What a program leaves open: two arguments, rows of the tensor, the turn, an element that is read in the turn, the way of branches, and
/// what both were in the turns before.
enum Variable : unsigned { kP, kQ, kRows, kTurn, kRead, kWay, kBefore, kVariables };
inline constexpr std::array<std::pair<int64_t, int64_t>, kVariables> kRanges{{{-1, 4}, {0, 4}, {1, 4}, {0, 5}, {0, 2}, {0, 1}, {0, 2}}};
inline constexpr int64_t kLongestWay = 30;  ///< of a loop; one with a longer way does not end here
inline constexpr unsigned kOfAllTurns = 1u << kP | 1u << kQ | 1u << kRows;

using Values = std::array<int64_t, kVariables>;

struct Number {
  std::string name;
  std::function<int64_t(const Values&)> value;
  unsigned uses = 0;  ///< a bit for each variable
  bool is_constant = false;
};

/// Of a tensor: its shape, and the places of its elements in the root, in order. At most 64 of them.
struct Elements {
  std::vector<int64_t> shape;
  std::vector<unsigned> places;

  uint64_t set() const {
    uint64_t set = 0;
    for (const unsigned place : places) set |= uint64_t{1} << place;
    return set;
  }
};

using ElementsOf = std::function<std::optional<Elements>(const Values&)>;  ///< nothing if the program stops in front of it

struct Tensor {
  std::string name;
  std::vector<std::optional<int64_t>> shape;  ///< none: open
  std::vector<Number> extents;
  ElementsOf elements;
  unsigned uses = 0;
  bool is_constant = false;
  bool in_loop = false;

  std::string type() const {
    std::string text = "!tw.tensor<";
    for (const auto& extent : shape) text += (extent ? std::to_string(*extent) : "?") + "x";
    return text + "f32>";
  }
};

int64_t floor_div(int64_t a, int64_t b);

/// One element of a tensor.
struct Element {
  std::string tensor;
  std::vector<Number> indices;
  Tensor model;  ///< with that element alone
};

/// The tensor that a loop carries from turn to turn.
struct Carried;

struct Program {
  std::string text;  ///< tw.orchestration @f; operations are marked {is = "name"}
  std::vector<Tensor> tensors;  ///< names with "%"; the root is the first, "%w" the one that the loop carries, "%end" what it gives
  std::vector<Element> elements;
  std::map<std::string, Number> numbers;  ///< by the names of their operations
  std::shared_ptr<Carried> carried;  ///< what tensors refer to

  Number first, end;  ///< of the loop
  int64_t step = 1;

  /// Calls `check` with values for all the variables in `uses`, in turns that the loop has if it uses that; of very many, with some.
  void for_each(unsigned uses, const std::function<void(const Values&)>& check) const;
  bool has_turn(const Values& values) const;
};

/// `steps` views and the like are made of a tensor, some in a loop. The same arguments give the same program.
Program make_program(uint64_t seed, int steps);

}  // namespace tilewright::random_views
