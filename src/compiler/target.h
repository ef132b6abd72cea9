// What a chip can do, as tables: its memories, the ways between them, its pipes. A further target is a further table in target.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/tile_dialect.h"

namespace pto::legality {
enum class Generation : uint8_t;
}

namespace tilewright {

inline constexpr int64_t kBlockBytes = 32;  ///< rows of a tile, and of a box, are multiples of it (spec/tile-isa.md, 1.2)

/// A memory of a core.
struct SpaceInfo {
  tile::Space space;
  int64_t bytes;
  int64_t alignment;  ///< of addresses, in bytes
  tile::Core core;    ///< the kind of core that has it
};

/// A way that a tile can take; Space::kUndecided stands for device memory.
struct RouteInfo {
  tile::Space from;
  tile::Space to;
  tile::Pipe pipe;  ///< the pipe that moves it
  bool part;        ///< also a part of a tile, with an offset (TEXTRACT)
  bool into;        ///< also into a part of a tile (TINSERT)
};

/// One chip generation.
struct Target {
  const char* name;  ///< "a2a3": platforms a2a3 and a2a3sim
  llvm::ArrayRef<SpaceInfo> spaces;
  llvm::ArrayRef<RouteInfo> routes;
  int64_t flags_per_pipe_pair;
  int64_t mask_bits;  ///< of the unsigned integers that the words of a mask are; the bits lie the same for all
  pto::legality::Generation generation;  ///< whose instructions it has (pto/common/legality.hpp)

  /// Never null: each target has all memories that the dialect names.
  const SpaceInfo& space(tile::Space space) const;
  /// Null if there is no such way. Neither is Space::kUndecided except for device memory.
  const RouteInfo* route(tile::Space from, tile::Space to) const;
};

/// The target of a platform ("a2a3", "a2a3sim", "a5", "a5sim", or one that is added); null for another name.
const Target* find_target(llvm::StringRef platform);

/// A further table, for a chip that is none of Tilewright's own: find_target knows it by its name, with "sim" behind it or not, as long as this
/// lives. Not thread safe.
class AddedTarget {
 public:
  /// Throws nothing; a name that is taken hides the other one. `target` outlives this.
  explicit AddedTarget(const Target& target);
  ~AddedTarget();
  AddedTarget(const AddedTarget&) = delete;
  AddedTarget& operator=(const AddedTarget&) = delete;

 private:
  const Target* target_;
};

/// The platforms that find_target knows, as a message lists them.
inline constexpr const char kPlatforms[] = "a2a3, a2a3sim, a5, a5sim";

/// The pipe that executes a tile operation or, in a kernel, reads or writes an element (the scalar unit). Nothing for what becomes no
/// instruction: arithmetic on numbers, views, control flow, tile.create, tile.reshape, tile.set_valid, flags. Memories are decided.
std::optional<tile::Pipe> pipe_of(const Target& target, mlir::Operation* op);

/// The name of the instruction that an operator becomes: "TROWSUM".
llvm::StringRef instruction_name(const tile::OperatorInfo& info);

/// Bytes of an element in a tile; masks have no size of their own (their rows are bits).
int64_t element_bytes(mlir::Type element);

}  // namespace tilewright
