// From a program's tree to a module, by way of the builder that the language uses.
#pragma once

#include <memory>

#include "data/host_tensor.h"
#include "vocabulary.h"

namespace tilewright::random_programs {

/// A tensor that the programs read: what kind of numbers it holds. kRows: row r of column c holds (5 r + c) modulo `modulus`.
struct Input {
  twb_dtype dtype = TWB_F32;
  Domain domain = Domain::kGeneral;
  int modulus = 0;
  auto operator<=>(const Input&) const = default;
};
/// Element [row, column] of it. The same in every program, so that a program is its tree alone.
double element_of(const Input& input, int row, int column);

constexpr int kInputRows = 80, kInputColumns = 96;  ///< larger than every tile
constexpr int kResultColumns = 64;                  ///< of the tensors that take results

/// An argument of the program that was recorded.
struct Parameter {
  enum class Role : uint8_t { kInput, kResults, kNumber } role;
  twb_dtype dtype;
  Input input = {};       ///< of kInput
  int rows = 0;           ///< of kResults, which hold zeros at first
  double number = 0;      ///< of kNumber
};

struct BuilderDeleter {
  void operator()(twb_builder* builder) const { twb_destroy(builder); }
};

struct Recorded {
  std::unique_ptr<twb_builder, BuilderDeleter> builder;
  std::vector<Parameter> parameters;
  std::string text;  ///< the module
  int tasks = 0;     ///< as often as they are written, not run
};

/// The name of the orchestration.
inline constexpr const char* kProgramName = "program";

/// Records a program. Throws Error(kInternal) if the builder refuses something: a mistake of this file, or of the builder.
Recorded record(const Program& program);

}  // namespace tilewright::random_programs
