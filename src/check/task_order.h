// What comes before what in a graph of tasks: the transitive closure of its edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tilewright::check {

/// Nodes are numbers from 0 on. Not thread safe.
///
/// The closure is kept by chains: every node is in one chain of nodes that follow each other, and knows of each chain the last node
/// that comes before it. A graph as wide as w tasks costs at most w entries a node; tasks that wait for nothing cost none.
class TaskOrder {
 public:
  uint32_t add_node();
  /// Both nodes exist. An edge may be given more than once.
  void add_edge(uint32_t from, uint32_t to) { predecessors_[to].push_back(from); }
  size_t size() const { return predecessors_.size(); }

  /// Finds the closure of the edges so far. Nodes on a cycle and behind one, which no runtime accepts, are left out of order().
  void close();
  /// After close(): every node after those before it, the smallest possible number first.
  const std::vector<uint32_t>& order() const { return order_; }
  /// After close(): whether edges lead from `first` to `second`.
  bool before(uint32_t first, uint32_t second) const;

 private:
  struct Place {
    uint32_t chain;
    uint32_t position;
  };
  void place(uint32_t node, std::vector<uint32_t>& chain_lengths);

  std::vector<std::vector<uint32_t>> predecessors_;
  std::vector<uint32_t> order_;
  std::vector<Place> places_;
  std::vector<std::vector<Place>> known_;  ///< by node: the last node before it of each chain, by chain; not of its own chain
};

}  // namespace tilewright::check
