// The tiles of a kernel as C++ objects: which values share one, and how their types are spelled.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/emit/cpp_text.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/target.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace tilewright::emit {

/// "Tile<TileType::Vec, float, 64, 128>". `pad` is the enumerator of PadValue that the type has. "" for a tile without a memory.
std::string tile_type(tile::TileType type, const Target& target, llvm::StringRef pad = "");
/// Where a tile of a kernel lies.
struct TilePlace {
  std::string name;  ///< of its variable
  std::string shape;  ///< "64x128xf32"
  std::string line;   ///< "softmax.cpp:12", of the first value that lies there
  tile::Space space;
  int64_t address, bytes;
};

/// Whether a column of the tile lies together and a row does not.
bool is_column_major(tile::TileType type);

/// One C++ object a tile. Values of one C++ type and address that are the same tile to a reader share one: what a loop carries and what
/// an operation changes in place. A tile whose valid region is known at run time only has an object of its own a value, because the object
/// holds that region.
class TileVariables {
 public:
  explicit TileVariables(const Target& target) : target_(target) {}

  /// Finds the tiles of `kernel`. An error at a value that has no memory or address.
  mlir::LogicalResult collect(tile::FuncOp kernel, Names& names);

  std::string name(mlir::Value value) const { return names_.lookup(classes_.getLeaderValue(value.getAsOpaquePointer())); }
  /// The scratch tile of an operation.
  std::string scratch(mlir::Operation* op) const { return scratch_.lookup(op); }
  /// The result of tile.pad as the instruction takes it: an object of its own, because its type says what the padding holds, and others want
  /// their operands of one type. Empty for another operation.
  std::string padded(mlir::Operation* op) const { return padded_.lookup(op); }

  struct Declaration {
    std::string type;  ///< of C++
    TilePlace place;
  };
  /// In the order of first use.
  const std::vector<Declaration>& declarations() const { return declarations_; }

 private:
  mlir::LogicalResult add(mlir::Value value);
  void join(mlir::Value a, mlir::Value b);
  void name_tiles(Names& names);

  /// How the type of the object of `value` is spelled.
  std::string type_of(mlir::Value value) const;

  const Target& target_;
  llvm::EquivalenceClasses<void*> classes_;
  std::vector<mlir::Value> values_;  ///< in program order
  llvm::DenseMap<void*, std::string> names_;  ///< by the leader of the class
  llvm::DenseMap<mlir::Operation*, std::string> scratch_;
  llvm::DenseMap<mlir::Operation*, std::string> padded_;
  std::vector<Declaration> declarations_;
};

}  // namespace tilewright::emit
