#include "compiler/plan/structure.h"

namespace tilewright::plan {

const char* pipe_name(Pipe pipe) {
  constexpr const char* kNames[] = {"s", "v", "m", "mte1", "mte2", "mte3", "fix", "none"};
  return kNames[static_cast<size_t>(pipe)];
}

Structure::Structure(const Program& program) : places_(program.instructions.size()), moments_(program.instructions.size()) {
  add_region(program.body, {}, Node::Kind::kInstruction);
}

int Structure::add_region(const Region& nodes, Place owner, Node::Kind kind) {
  const int number = static_cast<int>(regions_.size());
  regions_.push_back({&nodes, owner, kind, owner.region < 0 ? 0 : regions_[index(owner.region)].depth + 1, {}});
  regions_.back().inner.assign(nodes.size(), {-1, -1});
  extents_.emplace_back(nodes.size());
  for (int child = 0; child < static_cast<int>(nodes.size()); ++child) {
    const Node& node = nodes[index(child)];
    const Place here = {number, child};
    const int begin = now_++;
    int end = begin;
    if (node.kind == Node::Kind::kInstruction) {
      places_[index(node.instruction)] = here;
      moments_[index(node.instruction)] = {begin, begin};
    } else {
      const int first = add_region(node.first, here, node.kind);
      const int second = node.kind == Node::Kind::kLoop ? -1 : add_region(node.second, here, node.kind);
      regions_[index(number)].inner[index(child)] = {first, second};
      end = now_++;
    }
    extents_[index(number)][index(child)] = {begin, end};
  }
  return number;
}

std::pair<Place, Place> Structure::common(Place a, Place b) const {
  while (a.region != b.region) {
    Place& deeper = regions_[index(a.region)].depth >= regions_[index(b.region)].depth ? a : b;
    deeper = regions_[index(deeper.region)].owner;
  }
  return {a, b};
}

Place Structure::in_loop(Place place) const {
  while (place.region >= 0) {
    const RegionInfo& region = regions_[index(place.region)];
    if (region.kind == Node::Kind::kLoop || region.kind == Node::Kind::kWhile) return place;
    place = region.owner;
  }
  return {};
}

Place Structure::ancestor_in(Place place, int region) const {
  while (place.region != region) place = regions_[index(place.region)].owner;
  return place;
}

}  // namespace tilewright::plan
