// A recorded graph: what a body submitted once, in the form that a replay needs. See docs/design/recorded-graphs.md.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "graph/overlap.h"
#include "graph/task_table.h"

namespace tilewright {

/// Memory that starts with a value: an output whose TensorCreateInfo has an initial one.
struct InitialValue {
  uint64_t address;
  uint64_t bytes;
  uint64_t bits;
  uint8_t size;  ///< of the value, in bytes
};
/// Fills `value.bytes` bytes from `memory` on.
void fill(std::byte* memory, const InitialValue& value);

/// Bytes aligned as descriptors are.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t bytes) : bytes_(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64}))) {}
  std::byte* get() const { return bytes_.get(); }

 private:
  struct Release {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte[], Release> bytes_;
};

/// What a recording found. Addresses in it are those of the recording; internal memory begins at kVirtualHeap.
struct RecordedBody {
  static constexpr uint64_t kVirtualHeap = uint64_t{1} << 63;

  /// A node is a task with arguments at an offset of the image; predecessors are nodes before it.
  struct Node {
    TaskSlot task;  ///< without arguments and predecessors
    uint32_t arguments;
    uint32_t first_predecessor;  ///< in `predecessors`; task.predecessor_count of them
  };
  /// A place in the image that holds an address: of a boundary tensor's first byte, or of internal memory (the source after the
  /// last boundary tensor), plus `delta`.
  struct AddressUse {
    uint32_t offset;
    uint32_t source;
    uint64_t delta;
  };
  /// A place in the image that holds a boundary scalar.
  struct ScalarUse {
    uint32_t offset;
    uint32_t source;
  };

  std::deque<Node> nodes;  ///< a TaskSlot does not move
  std::vector<uint32_t> predecessors;
  std::vector<std::byte> image;
  std::vector<AddressUse> addresses;
  std::vector<ScalarUse> scalars;
  std::vector<InitialValue> initial_values;  ///< addresses relative to internal memory
  uint64_t heap_bytes = 0;                   ///< of internal memory

  std::vector<ChipTensor> boundary;      ///< as given to the recording
  std::vector<TensorArgType> declared;   ///< their tags
  std::vector<TensorArgType> tags;       ///< what the outer task does with them: the declared use and what nodes do
  std::vector<uint64_t> boundary_scalars;
  std::vector<bool> fixed_scalars;       ///< values that the body looked at
};

class GraphDefinition;

/// The arguments of an instance that is being replayed, and its nodes' slots. One instance at a time uses a context; the next
/// one changes only what differs.
class ReplayContext {
 public:
  ReplayContext(GraphDefinition& definition, TaskTable& table);
  /// Whether the table had slots for its nodes; if not it must not be used.
  bool usable() const { return first_slot_ != kNoSlot; }

  GraphDefinition& definition() const { return definition_; }
  uint32_t node_count() const { return node_count_; }
  uint32_t slot_of(uint32_t node) const { return first_slot_ + node; }
  uint32_t node_of(uint32_t slot) const { return slot - first_slot_; }
  const TaskSlot& node(uint32_t index) const { return nodes_[index]; }
  /// The graph task whose instance this is.
  uint32_t shell() const { return shell_; }

  /// Makes this the instance of graph task `shell`: arguments, and initial values of its memory.
  void bind(uint32_t shell);

  /// Nodes that the scheduler still has to complete, once the instance has been handed to it.
  std::atomic<uint32_t> remaining{0};

 private:
  GraphDefinition& definition_;
  TaskTable& table_;
  uint32_t node_count_;
  uint32_t first_slot_;
  TaskSlot* nodes_;
  uint32_t shell_ = kNoSlot;
  AlignedBytes arguments_;
  std::vector<TaskRef> predecessors_;
  std::vector<uint64_t> sources_;  ///< addresses in force: boundary tensors, then internal memory
  std::vector<uint64_t> scalars_;
};

/// Immutable but for its contexts. acquire and release are thread safe.
class GraphDefinition {
 public:
  GraphDefinition(RecordedBody body, TaskTable& table);

  const RecordedBody& body() const { return body_; }
  /// Some node has several lanes or blocks: the scheduler places it.
  bool needs_scheduler() const { return needs_scheduler_; }
  /// Nodes have been seen to take long, so that several carriers are worth their cost. Any thread.
  bool has_long_nodes() const { return long_nodes_.load(std::memory_order_relaxed); }
  void note_long_nodes() { long_nodes_.store(true, std::memory_order_relaxed); }

  /// Why arguments do not fit the recording; empty if they do. Submitter only.
  std::string mismatch(const GraphTaskArgs& args);

  /// A context for the instance of graph task `shell`, bound; or null if all are in use: then release returns `shell` later. There
  /// is always one unless the table was out of node slots when the definition was made (usable()).
  ReplayContext* acquire(uint32_t shell);
  /// Returns a graph task that waited for a context and is to be started again, or kNoSlot.
  uint32_t release(ReplayContext* context);
  bool usable() const { return !contexts_.empty(); }

 private:
  friend class ReplayContext;
  static constexpr size_t kMaxContexts = 64;

  /// Boundary tensors whose bytes touch: they keep their distances.
  struct AliasClass {
    std::vector<uint32_t> members;
    uint64_t bytes;  ///< from the first byte of the first to the last of all
  };
  void add_context();
  void find_alias_classes();

  RecordedBody body_;
  TaskTable& table_;
  bool needs_scheduler_ = false;
  std::vector<uint32_t> address_begin_;  ///< by source: its uses in body_.addresses
  std::vector<uint32_t> scalar_begin_;
  std::vector<ByteRange> recorded_;  ///< of the boundary
  std::vector<AliasClass> classes_;  ///< of non-empty tensors
  std::vector<ByteRange> ranges_;    ///< scratch of mismatch()

  std::atomic<bool> long_nodes_{false};
  std::mutex mutex_;
  std::vector<std::unique_ptr<ReplayContext>> contexts_;
  std::vector<ReplayContext*> free_;  ///< the one used last is taken first: its lines are warm
  std::deque<uint32_t> waiting_;      ///< graph tasks
};

/// What a graph task carries behind its scalars.
struct GraphShell {
  GraphDefinition* definition;
  uint64_t heap;  ///< address of the instance's internal memory
};
inline const GraphShell& graph_shell(const TaskSlot& task) {
  return *reinterpret_cast<const GraphShell*>(task.scalars() + task.scalar_count);
}

}  // namespace tilewright
