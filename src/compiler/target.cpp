#include "compiler/target.h"

#include "pto/common/legality.hpp"

namespace tilewright {

using namespace mlir;
using tile::Core;
using tile::Pipe;
using tile::Space;

namespace {

constexpr int64_t kKiB = 1024;
constexpr Space kDevice = Space::kUndecided;

// spec/tile-isa.md, 1.3 (sizes, alignment 32) and spec/compiler.md, 2.4 (what the existing compiler aligns to).
constexpr SpaceInfo kSpacesA2A3[] = {
    {Space::kVec, 192 * kKiB, 32, Core::kAiv},  {Space::kMat, 512 * kKiB, 32, Core::kAic}, {Space::kLeft, 64 * kKiB, 32, Core::kAic},
    {Space::kRight, 64 * kKiB, 32, Core::kAic}, {Space::kAcc, 128 * kKiB, 32, Core::kAic}, {Space::kBias, 1 * kKiB, 32, Core::kAic},
};
constexpr SpaceInfo kSpacesA5[] = {
    {Space::kVec, 256 * kKiB, 32, Core::kAiv},  {Space::kMat, 512 * kKiB, 32, Core::kAic}, {Space::kLeft, 64 * kKiB, 32, Core::kAic},
    {Space::kRight, 64 * kKiB, 32, Core::kAic}, {Space::kAcc, 256 * kKiB, 32, Core::kAic}, {Space::kBias, 4 * kKiB, 32, Core::kAic},
};

// spec/tile-isa.md, 2.1 (TLOAD, TSTORE, TMOV, TEXTRACT, TINSERT) and 1.5 (pipes), ways within one core only. What crosses cores (Acc to
// Vec, Vec to Mat) is not here: the tile would lie in another core's memory, and its order needs flags between cores.
constexpr RouteInfo kRoutesA2A3[] = {
    {kDevice, Space::kVec, Pipe::kMte2, false, false},      {kDevice, Space::kMat, Pipe::kMte2, false, false},
    {Space::kVec, kDevice, Pipe::kMte3, false, false},      {Space::kAcc, kDevice, Pipe::kFix, false, false},
    {Space::kVec, Space::kVec, Pipe::kVector, true, false}, {Space::kMat, Space::kLeft, Pipe::kMte1, true, false},
    {Space::kMat, Space::kRight, Pipe::kMte1, true, false}, {Space::kMat, Space::kBias, Pipe::kMte1, false, false},
    {Space::kAcc, Space::kMat, Pipe::kFix, false, true},
};
constexpr RouteInfo kRoutesA5[] = {
    {kDevice, Space::kVec, Pipe::kMte2, false, false},      {kDevice, Space::kMat, Pipe::kMte2, false, false},
    {Space::kVec, kDevice, Pipe::kMte3, false, false},      {Space::kAcc, kDevice, Pipe::kFix, false, false},
    {Space::kVec, Space::kVec, Pipe::kVector, true, true},  {Space::kMat, Space::kLeft, Pipe::kMte1, true, false},
    {Space::kMat, Space::kRight, Pipe::kMte1, true, false}, {Space::kMat, Space::kBias, Pipe::kMte1, false, false},
    {Space::kAcc, Space::kMat, Pipe::kFix, true, true},
};

constexpr Target kTargets[] = {
                                 // words of masks: spec/tile-isa.md, 2.5
    {"a2a3", kSpacesA2A3, kRoutesA2A3, tile::kFlagsPerPipePair, 8, pto::legality::Generation::kA2A3},
    {"a5", kSpacesA5, kRoutesA5, tile::kFlagsPerPipePair, 32, pto::legality::Generation::kA5},
};

std::vector<const Target*>& added_targets() {
  static std::vector<const Target*> targets;
  return targets;
}

/// Instructions of vector operators that another pipe executes (spec/tile-isa.md, 1.5).
constexpr const char* kScalarInstructions[] = {"TCI"};

Space space_of(Value tile) { return cast<tile::TileType>(tile.getType()).getSpace(); }

}  // namespace

const SpaceInfo& Target::space(Space wanted) const {
  for (const SpaceInfo& info : spaces) {
    if (info.space == wanted) return info;
  }
  llvm_unreachable("a target has all memories");
}

const RouteInfo* Target::route(Space from, Space to) const {
  for (const RouteInfo& info : routes) {
    if (info.from == from && info.to == to) return &info;
  }
  return nullptr;
}

AddedTarget::AddedTarget(const Target& target) : target_(&target) { added_targets().push_back(target_); }

AddedTarget::~AddedTarget() { llvm::erase(added_targets(), target_); }

const Target* find_target(StringRef platform) {
  platform.consume_back("sim");
  for (const Target* target : llvm::reverse(added_targets())) {
    if (platform == target->name) return target;
  }
  for (const Target& target : kTargets) {
    if (platform == target.name) return &target;
  }
  return nullptr;
}

StringRef instruction_name(const tile::OperatorInfo& info) {
  return StringRef(info.call).take_until([](char c) { return c == '(' || c == '<'; });
}

std::optional<Pipe> pipe_of(const Target& target, Operation* op) {
  const auto pipe_from = [&](Space from, Space to) -> std::optional<Pipe> {
    const RouteInfo* route = target.route(from, to);
    return route == nullptr ? std::nullopt : std::optional(route->pipe);
  };
  if (const tile::OperatorInfo* info = tile::operator_info(op)) {
    if (llvm::is_contained(kScalarInstructions, instruction_name(*info))) return Pipe::kScalar;
    if (info->also_in != Space::kUndecided && space_of(op->getResult(0)) == info->also_in) return pipe_from(kDevice, info->also_in);
    return info->place == tile::Place::kCube ? Pipe::kCube : Pipe::kVector;
  }
  if (isa<tile::LoadOp, tile::GatherLoadOp>(op)) return pipe_from(kDevice, space_of(op->getResult(0)));
  if (isa<tile::StoreOp, tile::ScatterStoreOp>(op)) return pipe_from(space_of(op->getOperand(0)), kDevice);
  if (isa<tile::MoveOp, tile::ExtractOp, tile::InsertOp>(op)) return pipe_from(space_of(op->getOperand(0)), space_of(op->getResult(0)));
  if (isa<tile::ReadOp, tile::WriteOp, tw::ReadOp, tw::WriteOp>(op)) return Pipe::kScalar;
  return std::nullopt;
}

int64_t element_bytes(Type element) { return static_cast<int64_t>(llvm::divideCeil(element.getIntOrFloatBitWidth(), 8)); }

}  // namespace tilewright
