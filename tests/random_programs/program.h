// Random programs as plain data: a tree of statements that record.h makes calls of the builder of. Whatever is deleted or made smaller in
// the tree, what is left is a program with a meaning: a statement names its operands by choices among what is in reach when it is recorded.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tilewright/builder.h"
#include "tilewright/run_options.h"

namespace tilewright::random_programs {

enum class Kind : uint8_t {
  // of tasks on the vector core
  kOperator,  ///< `name` on elements of `dtype`; on the cube core its operators
  kLoad,
  kStore,  ///< into a tensor that later tasks read, or added atomically to the results
  kReadTile,
  kWriteTile,
  kExtract,
  kInsert,
  kReshapeTile,
  kSetValid,
  kMove,
  kCreateTile,
  kGatherRows,
  kScatterRows,
  kReadTensor,  ///< an element, as a number; also by the orchestration
  kCalculate,  ///< a number from numbers
  kTensor,  ///< a view, reshape or transpose of a tensor; also in the orchestration
  // of both
  kFor,
  kWhile,
  kIf,
  // of the orchestration
  kVectorTask,
  kCubeTask,
  kMixedTask,  ///< `body` on the cube core, `otherwise` on the vector core
  kScope,
  kWriteTensor,
  kCreateTensor,
};
inline constexpr int kKinds = static_cast<int>(Kind::kCreateTensor) + 1;
const char* kind_name(Kind kind);

struct Statement {
  Kind kind = Kind::kOperator;
  std::string name = {};  ///< of an operator
  twb_dtype dtype = TWB_F32;  ///< of the elements that it works on
  /// Taken modulo the number of ways there are, each for one decision; 0 is the simplest way.
  std::array<uint32_t, 6> choice = {};
  std::vector<Statement> body = {};
  std::vector<Statement> otherwise = {};
};

/// What a tile's valid region is, where it is not the whole tile.
enum class ValidKind : uint8_t { kWhole, kKnown, kOpenRows, kOpenColumns, kOpen };

struct Program {
  uint64_t seed = 0;
  std::string platform = "a2a3sim";
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  twb_dtype dtype = TWB_F32;  ///< of tensors that tasks hand on
  int rows = 8, columns = 8;  ///< of most tiles
  ValidKind valid = ValidKind::kWhole;
  bool open_tensors = false;  ///< inputs have a number of rows that only the run knows
  std::vector<Statement> body = {};
};

/// The number of statements.
size_t size_of(const std::vector<Statement>& statements);
/// The tree, a line each.
std::string text_of(const Program& program);

/// The data types that elements can have.
inline constexpr twb_dtype kDtypes[] = {TWB_F32, TWB_F16, TWB_BF16, TWB_F8E4M3, TWB_F8E5M2, TWB_I8, TWB_I16,
                                        TWB_I32, TWB_I64, TWB_U8,   TWB_U16,    TWB_U32,    TWB_U64};
const char* dtype_name(twb_dtype dtype);
int dtype_bytes(twb_dtype dtype);
bool is_float(twb_dtype dtype);
bool is_unsigned(twb_dtype dtype);

}  // namespace tilewright::random_programs
