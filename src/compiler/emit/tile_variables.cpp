#include "compiler/emit/tile_variables.h"

#include <fmt/format.h>

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright::emit {

using namespace mlir;
using tile::Layout;
using tile::Space;
using tile::TileType;

namespace {

std::string extent(int64_t size) { return ShapedType::isDynamic(size) ? "DYNAMIC" : fmt::format("{}", size); }

/// The layout that the memory implies, where the type names none.
Layout layout_of(TileType type) {
  if (type.getLayout() != Layout::kOfSpace) return type.getLayout();
  switch (type.getSpace()) {
    case Space::kMat: return Layout::kNz;
    case Space::kVec: return type.getColumns() == 1 ? Layout::kColumnMajor : Layout::kRowMajor;
    default: return Layout::kOfSpace;
  }
}

std::pair<const char*, const char*> fractals(Layout layout) {
  switch (layout) {
    case Layout::kOfSpace:
    case Layout::kRowMajor: return {"RowMajor", "NoneBox"};
    case Layout::kColumnMajor: return {"ColMajor", "NoneBox"};
    case Layout::kNz: return {"ColMajor", "RowMajor"};
    case Layout::kZn: return {"RowMajor", "ColMajor"};
    case Layout::kZz: return {"RowMajor", "RowMajor"};
  }
  llvm_unreachable("a layout without a spelling");
}

const char* space_name(Space space) {
  switch (space) {
    case Space::kUndecided: return "";
    case Space::kVec: return "Vec";
    case Space::kMat: return "Mat";
    case Space::kLeft: return "Left";
    case Space::kRight: return "Right";
    case Space::kAcc: return "Acc";
    case Space::kBias: return "Bias";
  }
  llvm_unreachable("a memory without a name");
}

std::string pad_name(tile::Pad pad) {
  switch (pad) {
    case tile::Pad::kZero: return "Zero";
    case tile::Pad::kMin: return "Min";
    case tile::Pad::kMax: return "Max";
  }
  llvm_unreachable("a padding without a name");
}

/// Bytes of a row of a mask: bit c % 8 of byte c / 8 belongs to column c.
int64_t mask_row_bytes(TileType type) { return static_cast<int64_t>(llvm::alignTo((type.getColumns() + 7) / 8, kBlockBytes)); }

TilePlace place_tile(const std::string& name, TileType type, int64_t address, Location location) {
  const int64_t bytes = type.is_mask() ? type.getRows() * mask_row_bytes(type)
                                       : type.getRows() * type.getColumns() * type.getElement().getIntOrFloatBitWidth() / 8;
  return {name, type.text(), place_of(location), type.getSpace(), address, bytes};
}

}  // namespace

bool is_column_major(TileType type) { return layout_of(type) == Layout::kColumnMajor; }

std::string tile_type(TileType type, const Target& target, StringRef pad) {
  if (type.getSpace() == Space::kUndecided) return "";
  if (type.is_mask()) {  // bit c % 8 of byte c / 8 of a row
    return fmt::format("Tile<TileType::Vec, uint{}_t, {}, {}>", target.mask_bits, type.getRows(),
                       mask_row_bytes(type) * 8 / target.mask_bits);
  }
  const std::string element = cpp_type(type.getElement());
  const std::string size = fmt::format("{}, {}, {}", element, type.getRows(), type.getColumns());
  const std::string valid = fmt::format("{}, {}", extent(type.getValidRows()), extent(type.getValidColumns()));
  if (type.getLayout() == Layout::kOfSpace) {
    const char* alias = type.getSpace() == Space::kLeft ? "TileLeft" : type.getSpace() == Space::kRight ? "TileRight" : "TileAcc";
    if (type.getSpace() == Space::kLeft || type.getSpace() == Space::kRight || type.getSpace() == Space::kAcc) {
      return fmt::format("{}<{}, {}>", alias, size, valid);
    }
  }
  const auto [outer, inner] = fractals(layout_of(type));
  std::string text = fmt::format("Tile<TileType::{}, {}", space_name(type.getSpace()), size);
  const bool boxed = llvm::StringRef(inner) != "NoneBox";
  const bool plain = llvm::StringRef(outer) == "RowMajor" && type.is_whole();
  if (!plain || boxed || !pad.empty()) text += fmt::format(", BLayout::{}, {}", outer, valid);
  if (boxed || !pad.empty()) text += fmt::format(", SLayout::{}", inner);
  if (type.getSpace() == Space::kAcc) {
    text += ", TileConfig::fractalCSize";
  } else if (!pad.empty()) {
    text += ", TileConfig::fractalABSize";
  }
  if (!pad.empty()) text += ", PadValue::" + pad.str();
  return text + ">";
}

LogicalResult TileVariables::add(Value value) {
  auto type = dyn_cast<TileType>(value.getType());
  if (!type) return success();
  const auto error = [&] {
    Operation* op = value.getDefiningOp();
    return op != nullptr ? op->emitOpError() : value.getParentBlock()->getParentOp()->emitOpError();
  };
  if (type.getSpace() == Space::kUndecided)
    return error() << "has a tile " << type.text() << " without a memory; infer-memory-space decides it";
  if (!type.has_address()) return error() << "has a tile " << type.text() << " without an address; plan-memory-and-sync decides it";
  if (!type.is_mask() && cpp_type(type.getElement()).empty())
    return error() << "has a tile of elements that kernels cannot have: " << type.getElement();
  classes_.insert(value.getAsOpaquePointer());
  values_.push_back(value);
  return success();
}

std::string TileVariables::type_of(Value value) const { return tile_type(cast<TileType>(value.getType()), target_); }

void TileVariables::join(Value a, Value b) {
  auto type = dyn_cast<TileType>(a.getType());
  if (!type || a.getType() != b.getType() || type.open_count() != 0 || type_of(a) != type_of(b)) return;
  classes_.unionSets(a.getAsOpaquePointer(), b.getAsOpaquePointer());
}

LogicalResult TileVariables::collect(tile::FuncOp kernel, Names& names) {
  const WalkResult found = kernel->walk<WalkOrder::PreOrder>([&](Operation* op) {
    for (const Value result : op->getResults()) {
      if (failed(add(result))) return WalkResult::interrupt();
    }
    for (Region& region : op->getRegions()) {
      for (Block& block : region) {
        for (const Value argument : block.getArguments()) {
          if (failed(add(argument))) return WalkResult::interrupt();
        }
      }
    }
    return WalkResult::advance();
  });
  if (found.wasInterrupted()) return failure();
  const auto join_all = [&](ValueRange a, ValueRange b) {
    for (const auto [first, second] : llvm::zip_equal(a, b)) join(first, second);
  };
  kernel->walk([&](Operation* op) {
    if (const std::optional<unsigned> shared = tile::shared_operand(op)) join(op->getResult(0), op->getOperand(*shared));
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      join_all(loop.getRegionIterArgs(), loop.getInitArgs());
      join_all(loop.getRegionIterArgs(), loop.getYieldedValues());
      join_all(loop.getRegionIterArgs(), loop.getResults());
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      if (branch->getNumResults() == 0) return;
      join_all(branch.getResults(), branch.thenYield().getResults());
      join_all(branch.getResults(), branch.elseYield().getResults());
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      join_all(loop.getBeforeArguments(), loop.getInits());
      join_all(loop.getBeforeArguments(), loop.getYieldOp().getResults());
      join_all(loop.getResults(), loop.getConditionOp().getArgs());
      join_all(loop.getResults(), loop.getAfterArguments());
    }
  });
  name_tiles(names);
  return success();
}

void TileVariables::name_tiles(Names& names) {
  // The first value of a class whose location has a name gives it to all; else the operation that makes the first one.
  llvm::DenseMap<void*, std::string> given;
  for (const Value value : values_) {
    void* leader = classes_.getLeaderValue(value.getAsOpaquePointer());
    std::string& name = given[leader];
    if (name.empty()) name = name_of(value.getLoc());
  }
  for (const Value value : values_) {
    void* leader = classes_.getLeaderValue(value.getAsOpaquePointer());
    if (!names_.contains(leader)) {
      std::string wanted = given[leader];
      Operation* op = value.getDefiningOp();
      if (wanted.empty()) wanted = op != nullptr ? op->getName().stripDialect().str() : "tile";
      names_[leader] = names.unique(wanted);
      const auto type = cast<TileType>(value.getType());
      declarations_.push_back({type_of(value), place_tile(names_[leader], type, type.getAddress(), value.getLoc())});
    }
    Operation* op = value.getDefiningOp();
    if (auto pad = dyn_cast_or_null<tile::PadOp>(op)) {
      padded_[op] = names.unique(names_[leader] + "_padded");
      const auto type = cast<TileType>(value.getType());
      declarations_.push_back(
          {tile_type(type, target_, pad_name(pad.getPad())), place_tile(padded_[op], type, type.getAddress(), value.getLoc())});
    }
    const tile::OperatorInfo* info = op != nullptr ? tile::operator_info(op) : nullptr;
    if (info == nullptr || info->scratch == tile::Scratch::kNone || scratch_.contains(op)) continue;
    auto address = op->getAttrOfType<IntegerAttr>(tile::kScratchAttribute);
    if (!address) continue;  // an error where the call is written
    const Value like = info->scratch == tile::Scratch::kLikeFirst ? op->getOperand(0) : op->getResult(0);
    scratch_[op] = names.unique(names_[leader] + "_scratch");
    const auto type = cast<TileType>(like.getType());
    declarations_.push_back({tile_type(type, target_), place_tile(scratch_[op], type, address.getInt(), op->getLoc())});
  }
}

}  // namespace tilewright::emit
