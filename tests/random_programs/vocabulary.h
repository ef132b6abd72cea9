// What programs for a platform may say: the operators of the table with the element types that the platform has them for, found by asking the
// compiler, so that a new operator needs nothing here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bounds.h"
#include "mlir/IR/MLIRContext.h"

namespace tilewright::random_programs {

/// An operation on elements of a type: "tile.add", f32.
struct Word {
  std::string name;  ///< without "tile."
  twb_dtype dtype;
  auto operator<=>(const Word&) const = default;
};

class Vocabulary {
 public:
  /// Compiles each operation of the tile dialect on each element type, for a platform ("a2a3sim"). Takes about a second.
  explicit Vocabulary(const std::string& platform);

  /// All operations that coverage counts, by name: operators and what else makes, moves, reads or writes tiles.
  const std::vector<std::string>& operations() const { return operations_; }
  /// The entry of an operator; null for another operation.
  const tile::OperatorInfo* find(const std::string& name) const;
  /// Why the platform does not have it: what the compiler says. Empty if it has it.
  const std::string& refusal(const Word& word) const { return refusals_.at(word); }
  bool has(const std::string& name, twb_dtype dtype) const;
  /// The operators that it has for a type, on the vector core or the cube.
  const std::vector<std::string>& operators(twb_dtype dtype, bool cube) const { return operators_[dtype][cube ? 1 : 0]; }
  /// The widest domain of each operand, tiles and then numbers, masks and places left out; empty where an operator fits nowhere.
  const std::vector<Domain>& domains(const Word& word) const { return domains_.at(word); }

  const std::string platform;

 private:
  std::vector<std::string> operations_;
  std::map<std::string, const tile::OperatorInfo*> infos_;
  std::map<Word, std::string> refusals_;
  std::map<Word, std::vector<Domain>> domains_;
  std::vector<std::string> operators_[TWB_INDEX][2];
};

/// The vocabulary of a platform, made when it is asked for the first time.
const Vocabulary& vocabulary_of(const std::string& platform);

/// Names of operators that go on changing little where an operand does: those that may be given numbers that have been rounded. For others,
/// new ones too, operands are exact.
bool is_continuous(const std::string& name);

/// An operand of an operator whose principal tile has these rows and columns (physical) and element type.
struct OperandForm {
  enum class Kind : uint8_t { kTile, kMask, kNumber, kIndices } kind;
  twb_dtype dtype;
  int rows, columns;
};
/// Operands in the order of the operation. `second` is the size that the principal tile leaves open (N of a product).
std::vector<OperandForm> operands_of(tile::Rule rule, twb_dtype dtype, int rows, int columns, int second);
/// How many elements a reduction or a product combines.
int length_of(tile::Rule rule, int rows, int columns);
/// Whether tiles of this shape have whole blocks (a mask has none).
bool has_legal_shape(twb_dtype dtype, int rows, int columns);

}  // namespace tilewright::random_programs
