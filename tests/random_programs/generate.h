// A program of a seed.
#pragma once

#include "program.h"
#include "vocabulary.h"

namespace tilewright::random_programs {

/// What stands around an operation most closely.
enum class LoopForm : uint8_t { kStraight, kFor, kOpenFor, kParallel, kUnrolled, kPipelined, kWhile, kIf };
inline constexpr int kLoopForms = 8;
const char* loop_form_name(LoopForm form);

/// What a table of coverage has a place for.
struct Cell {
  Word word;
  LoopForm form;
  auto operator<=>(const Cell&) const = default;
};
/// The cells that a platform has.
std::vector<Cell> cells_of(const Vocabulary& vocabulary);

/// Programs whose seeds have the same quotient by this have tiles of the same shape.
inline constexpr uint64_t kSharedShape = 64;

/// The same program each time. Platform and runtime alternate, and each program has the operations of two cells in their forms,
/// one pair after another: as many seeds as the larger platform has cells leave none out.
Program generate(uint64_t seed);

}  // namespace tilewright::random_programs
