// What is planned: a kernel as its pipes see it. Instructions on buffers in loops and branches; nothing of tiles, types or MLIR.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tilewright::plan {

/// A pipe executes its instructions in the order in which the scalar pipe issues them; pipes run side by side. Whatever is issued comes
/// after what the scalar pipe has done. kNone executes nothing: such an instruction only says what buffers hold.
enum class Pipe : uint8_t { kScalar, kVector, kCube, kMte1, kMte2, kMte3, kFix, kNone };
constexpr int kPipes = 7;
const char* pipe_name(Pipe pipe);  ///< "mte2"

/// An on-chip memory.
struct Memory {
  std::string name;
  int64_t bytes = 0;
  int64_t alignment = 32;  ///< of every buffer in it
};

/// What needs a place: a tile, with all values that lie where it lies, or the scratch of an instruction. Or a tensor in device memory, which
/// has its place (memory kDevice) and does not overlap another one.
struct Buffer {
  static constexpr int kDevice = -1;
  int memory = 0;
  int64_t bytes = 0;
  /// Buffers whose place this one may take in the instruction that writes it first, though that reads them, if nothing needs them later.
  std::vector<int> onto;
};

enum class Use : uint8_t {
  kRead,
  kWrite,  ///< what was there is not needed any more
  kUpdate,  ///< a part is written, or more is made of what was there
};

struct Access {
  int buffer = 0;
  Use use = Use::kRead;
};

struct Instruction {
  Pipe pipe = Pipe::kNone;
  std::vector<Access> accesses;
};

struct Node;
using Region = std::vector<Node>;  ///< executed in order

struct Node {
  enum class Kind : uint8_t {
    kInstruction,
    kLoop,  ///< `first`, from min_trips to max_trips times
    kWhile,  ///< `first`, then for each turn `second` and `first` again
    kBranch,  ///< `first` or `second`
  };
  static constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

  Kind kind = Kind::kInstruction;
  int instruction = -1;
  Region first, second;
  int64_t min_trips = 0, max_trips = kUnbounded;
};

/// Each instruction stands at one place.
struct Program {
  std::vector<Memory> memories;
  std::vector<Buffer> buffers;
  std::vector<Instruction> instructions;
  Region body;
  int events = 8;  ///< flags of one pair of pipes
};

inline Node instruction_node(int instruction) {
  Node node;
  node.instruction = instruction;
  return node;
}

}  // namespace tilewright::plan
