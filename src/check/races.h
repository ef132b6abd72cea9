// Races between tasks: accesses to the same bytes of device memory, at least one a write, that no dependency orders.
// docs/design/dependencies.md says what counts.
//
//   Races races(memory);
//   races.add_task(id, kernels, stack);  races.add_edge(from, id);  races.add_arguments(id, tensors, outputs);   // as they are submitted
//   races.touch(id, ranges, write, atomic, site);                                                                // as kernels run
//   RaceReport report = races.report(place_of_site, place_of_stack);                                              // when all is done
//
// The result depends on what was submitted and accessed, not on when. Not thread safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "check/shadow.h"
#include "check/source_lines.h"
#include "check/task_order.h"
#include "task_args.h"
#include "tilewright/race_report.h"

namespace tilewright::check {

/// Device memory as races are told of it, in addresses.
struct RaceMemory {
  std::vector<ByteRange> tensors;  ///< buffers of the callable's tensors, by argument
};

class Races {
 public:
  static constexpr size_t kListed = 1000;     ///< races that are described
  static constexpr size_t kCounted = 100000;  ///< pairs after which nobody counts on
  static constexpr uint32_t kPredicate = UINT32_MAX;  ///< a site: the runtime reads the task's predicate

  explicit Races(RaceMemory memory) : memory_(std::move(memory)) {}

  // What the orchestration does, in its order.
  /// `submitted`: return addresses in the orchestration's code; may be empty. A task comes after all that the orchestration waited for
  /// before it was submitted.
  void add_task(PTO2TaskId task, const int32_t (&kernel_ids)[3], CallStack submitted);
  /// Both tasks were added.
  void add_edge(PTO2TaskId predecessor, PTO2TaskId successor);
  /// The task's tensors, and the memory that the runtime gave it, which from now on is not what it was before.
  void add_arguments(PTO2TaskId task, std::span<const ChipTensor> tensors, ByteRange given);
  /// The orchestration accessed bytes itself, having waited for the tasks `after`. Those in `pending` were submitted before and start
  /// later all the same.
  void add_host_access(ByteRange bytes, bool write, std::span<const PTO2TaskId> after, std::span<const PTO2TaskId> pending,
                       CallStack called);

  /// What a task does, at any time after add_task. A task that was not added is passed over.
  void touch(PTO2TaskId task, std::span<const ByteRange> ranges, bool write, bool atomic, uint32_t site);

  /// `place` names a site of touch(), `line` a call stack of the orchestration.
  RaceReport report(const std::function<std::string(uint32_t)>& place, const std::function<std::string(CallStack)>& line);

 private:
  struct Access {
    ByteRange bytes;
    uint32_t site;
    bool write;
    bool atomic;
  };
  /// A task, or an access of the orchestration.
  struct Node {
    PTO2TaskId task = PTO2TaskId::invalid();
    int32_t kernel_ids[3] = {-1, -1, -1};
    std::vector<const void*> stack;
    std::vector<ChipTensor> tensors;
    ByteRange given{0, 0};
    std::vector<Access> accesses;
    size_t compact_at = 4096;
    bool waited = false;  ///< the orchestration has waited for it, so that it comes before all that the orchestration accesses later
  };
  /// Memory that the runtime gave to a task, at a place of its own in the addresses that are compared.
  struct Grant {
    uint64_t place;
    uint64_t address;
    uint32_t node;
  };
  struct Item {  // an access in those addresses
    ByteRange bytes;
    uint32_t node;
    uint32_t site;
    bool write;
    bool atomic;
  };
  struct Found;
  struct Pair;

  uint32_t new_node(CallStack stack);
  static void compact(std::vector<Access>& accesses);
  void place_accesses();
  void place_parts(uint32_t node, const Access& access, const std::map<uint64_t, std::pair<uint64_t, size_t>>& grants);
  std::vector<ByteRange> disputed_bytes();
  std::map<Pair, Found> pairs_in(const std::vector<ByteRange>& disputed);
  size_t memory_at(uint64_t place) const;
  uint64_t address_of(uint64_t place) const;
  RaceAccess describe(uint32_t node, const Found& found, bool second, const std::function<std::string(uint32_t)>& place,
                      const std::function<std::string(CallStack)>& line) const;

  const RaceMemory memory_;
  std::vector<Node> nodes_;  ///< in the order of the orchestration
  std::unordered_map<uint64_t, uint32_t> node_of_;  ///< by task
  TaskOrder order_;
  uint32_t last_host_ = UINT32_MAX;  ///< node of the orchestration's last access

  // Of a report:
  std::vector<Grant> grants_;  ///< by place
  std::vector<std::vector<Item>> items_;  ///< by node
};

}  // namespace tilewright::check
