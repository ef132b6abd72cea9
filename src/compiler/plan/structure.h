// Where things stand in a program: regions by number, the place of each instruction, and what stands around it.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "compiler/plan/program.h"

namespace tilewright::plan {

struct Place {
  int region = -1;
  int child = -1;
};

class Structure {
 public:
  struct RegionInfo {
    const Region* nodes = nullptr;
    Place owner;  ///< the node whose region it is; {-1, -1} for the body of the program
    Node::Kind kind = Node::Kind::kInstruction;  ///< of the owner
    int depth = 0;
    std::vector<std::array<int, 2>> inner;  ///< by child: its regions, or -1
  };

  /// Keeps `program`, which must live as long.
  explicit Structure(const Program& program);

  /// Regions in the order in which their text begins. Number 0 is the body of the program.
  const std::vector<RegionInfo>& regions() const { return regions_; }
  const Node& node(Place place) const { return (*regions_[index(place.region)].nodes)[index(place.child)]; }
  int inner(Place place, int which) const { return regions_[index(place.region)].inner[index(place.child)][index(which)]; }

  Place place_of(int instruction) const { return places_[index(instruction)]; }
  /// Moments of the text: each instruction has one, each other node two, its begin and its end.
  int moment(int instruction) const { return moments_[index(instruction)].first; }
  std::pair<int, int> extent(Place place) const { return extents_[index(place.region)][index(place.child)]; }

  /// The ancestors of `a` and `b` in the innermost region that holds both.
  std::pair<Place, Place> common(Place a, Place b) const;
  /// The ancestor of `place` in the body of the innermost loop or while around it, or itself; {-1, -1} if there is no loop.
  Place in_loop(Place place) const;
  /// The ancestor of `place` in `region`.
  Place ancestor_in(Place place, int region) const;

  static size_t index(int i) { return static_cast<size_t>(i); }

 private:
  int add_region(const Region& nodes, Place owner, Node::Kind kind);

  std::vector<RegionInfo> regions_;
  std::vector<Place> places_;
  std::vector<std::pair<int, int>> moments_;
  std::vector<std::vector<std::pair<int, int>>> extents_;
  int now_ = 0;
};

}  // namespace tilewright::plan
