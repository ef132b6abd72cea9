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
  static constexpr uint64_t kVirtualHeap = uint64_t{1} << 62;  // beyond what a process has, within what TensorMap takes

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

/// A node in few words, for running many one after another: a NodeHeader, then the kernel's arguments as it gets them.
struct NodeHeader {
  static constexpr uint8_t kNotPlain = 0xff;

  uint16_t kernel;  ///< func_id
  uint8_t argument_count;
  uint8_t lane;  ///< PTO2SubtaskSlot AIC or AIV0; kNotPlain for a node that takes more than calling its kernel, which has no arguments here
  uint32_t unused = 0;

  static NodeHeader of(const TaskSlot& task) {
    const bool plain = task.flags == 0 && task.block_num == 1 && task.tensor_count + task.scalar_count < 256 &&
                       (task.lanes == PTO2_SUBTASK_MASK_AIC || task.lanes == PTO2_SUBTASK_MASK_AIV0);
    if (!plain) return {0, 0, kNotPlain};
    const uint8_t lane = task.lanes == PTO2_SUBTASK_MASK_AIC ? 0 : 1;
    return {static_cast<uint16_t>(task.kernel_ids[lane]), static_cast<uint8_t>(task.tensor_count + task.scalar_count), lane};
  }
};
static_assert(sizeof(NodeHeader) == sizeof(uint64_t));

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
  const TaskSlot* nodes() const { return nodes_; }
  /// A NodeHeader and what follows it.
  const uint64_t* words(uint32_t node) const;
  /// The graph task whose instance this is.
  uint32_t shell() const { return shell_; }

  /// Makes this the instance of graph task `shell`: arguments, and initial values of its memory.
  void bind(uint32_t shell);
  /// Makes node() complete: until then words() alone have the scalars.
  void complete_tasks();

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
  std::vector<uint64_t> words_;
  bool tasks_complete_ = false;
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
  bool is_plain(uint32_t node) const { return headers_[node].lane != NodeHeader::kNotPlain; }
  /// Nodes have been seen to take long, so that several carriers are worth their cost: take_long_nodes() says so for the next
  /// kLongNodesFor instances; then it is time to see again. Any thread.
  void note_long_nodes() { long_nodes_for_.store(kLongNodesFor, std::memory_order_relaxed); }
  bool take_long_nodes() {
    const uint32_t left = long_nodes_for_.load(std::memory_order_relaxed);
    if (left != 0) long_nodes_for_.store(left - 1, std::memory_order_relaxed);  // a lost count does no harm
    return left != 0;
  }

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
  static constexpr uint32_t kLongNodesFor = 64;

  /// Boundary tensors whose bytes touch: they keep their distances.
  struct AliasClass {
    std::vector<uint32_t> members;
    uint64_t bytes;  ///< from the first byte of the first to the last of all
  };
  void add_context();
  void make_words();
  void find_alias_classes();

  RecordedBody body_;
  TaskTable& table_;
  bool needs_scheduler_ = false;
  bool all_plain_ = true;
  std::vector<NodeHeader> headers_;  ///< by node
  std::vector<uint32_t> words_begin_;  ///< by node, and one more: where its words are in a context
  std::vector<RecordedBody::ScalarUse> scalar_words_;  ///< words that are boundary scalars, by source
  std::vector<uint32_t> address_begin_;  ///< by source: its uses in body_.addresses
  std::vector<uint32_t> scalar_word_begin_;
  std::vector<ByteRange> recorded_;  ///< of the boundary
  std::vector<AliasClass> classes_;  ///< of non-empty tensors
  std::vector<ByteRange> ranges_;  ///< scratch of mismatch()

  std::atomic<uint32_t> long_nodes_for_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<ReplayContext>> contexts_;
  std::vector<ReplayContext*> free_;  ///< the one used last is taken first: its lines are warm
  std::deque<uint32_t> waiting_;  ///< graph tasks
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
