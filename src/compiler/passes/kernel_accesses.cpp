#include "compiler/passes/kernel_accesses.h"

namespace tilewright {

using namespace mlir;

bool KernelAccess::adds() const {
  auto store = dyn_cast<tile::StoreOp>(op);
  return store && store.getAtomicAdd();
}

SmallVector<int64_t, 5> KernelAccess::extents() const {
  SmallVector<int64_t, 5> extents(indices.size(), 1);
  extents.back() = columns;
  if (extents.size() > 1) extents[extents.size() - 2] = rows;
  return extents;
}

std::optional<KernelAccess> access_of(Operation* op) {
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    const tile::TileType tile = load.getTile().getType();
    return KernelAccess{op, load.getTensor(), load.getIndices(), tile.getRows(), tile.getColumns(), true, false, tile.is_whole()};
  }
  if (auto store = dyn_cast<tile::StoreOp>(op)) {
    const tile::TileType tile = store.getTile().getType();
    return KernelAccess{op,   store.getTensor(), store.getIndices(), tile.getRows(), tile.getColumns(), store.getAtomicAdd(),
                        true, tile.is_whole()};
  }
  if (auto load = dyn_cast<tile::GatherLoadOp>(op))
    return KernelAccess{op, load.getTensor(), op->getOperands().take_front(0), 0, 0, true, false, false};
  if (auto store = dyn_cast<tile::ScatterStoreOp>(op))
    return KernelAccess{op, store.getTensor(), op->getOperands().take_front(0), 0, 0, false, true, false};
  if (auto read = dyn_cast<tw::ReadOp>(op)) return KernelAccess{op, read.getTensor(), read.getIndices(), 1, 1, true, false, true};
  if (auto write = dyn_cast<tw::WriteOp>(op)) return KernelAccess{op, write.getTensor(), write.getIndices(), 1, 1, false, true, true};
  return std::nullopt;
}

}  // namespace tilewright
