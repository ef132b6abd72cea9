// What comes before what in a graph of tasks: the transitive closure of its edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace tilewright::check {

/// Nodes are numbers from 0 on. Not thread safe.
///
/// The closure is kept by chains: every node is in one chain of nodes that follow each other, and has a list that says of each other chain
/// which of its nodes is the last that comes before it. A list is another one and a few entries more, and nodes behind the same
/// predecessors share theirs: so any number of tasks may wait for any number, directly or with a few of their own in addition, and cost a
/// few entries each. In the worst of graphs, w tasks wide, they cost w each.
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
  /// After close(): entries of all lists, which its memory grows with.
  size_t entries() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kDeepest = 8;  ///< lists on one another; a lookup looks through all
  struct Place {
    uint32_t chain;
    uint32_t position;
  };
  struct Node {
    Place at{0, 0};
    uint32_t list = kNone;
    uint32_t rank = 0;  ///< place in order_
  };
  struct List {
    uint32_t base = kNone;      ///< another list, whose entries count for chains that this has none of
    uint32_t depth = 1;         ///< how many lists that makes
    size_t size = 0;            ///< entries of all of them
    std::vector<Place> places;  ///< by chain
    size_t grown = 0;           ///< chains of the first entries have gone on behind them
  };

  void place(uint32_t node);
  std::vector<uint32_t> nearest(uint32_t node) const;
  uint32_t make_list(const std::vector<uint32_t>& predecessors);
  uint32_t find_end(uint32_t list);
  bool is_end(Place place) const { return chain_lengths_[place.chain] == place.position + 1; }
  uint32_t known(uint32_t list, uint32_t chain) const;

  std::vector<std::vector<uint32_t>> predecessors_;
  std::vector<uint32_t> order_;

  // Of a closure:
  std::vector<Node> nodes_;
  std::vector<List> lists_;
  std::vector<uint32_t> chain_lengths_;
  std::map<std::vector<uint32_t>, uint32_t> list_of_;  ///< by predecessors
};

}  // namespace tilewright::check
