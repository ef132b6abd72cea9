// Tiles: between them and tensors, parts of them, and which core this is. Operators are in run_operator.cpp.
#include <fmt/format.h>

#include <cmath>

#include "compiler/interpret/machine.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

/// `indices` with rows and columns added to the last two.
llvm::SmallVector<int64_t, 5> moved(llvm::SmallVector<int64_t, 5> indices, int64_t rows, int64_t columns) {
  indices.back() += columns;
  if (indices.size() > 1) indices[indices.size() - 2] += rows;
  return indices;
}

// ---- device memory

void run_load(Machine& machine, tile::LoadOp load) {
  const Tensor& tensor = machine.tensor(load.getTensor());
  const auto indices = machine.decided(load, load.getIndices());
  Tile tile = empty_tile(load, load.getTile().getType(), machine.decided(load, load.getValid()));
  check_inside(load, tensor, indices, tile.valid_rows, tile.valid_columns);
  machine.recorder.touch(tensor, indices, tile.valid_rows, tile.valid_columns, Touch::kRead);
  for (int64_t r = 0; r < tile.valid_rows; ++r) {
    for (int64_t c = 0; c < tile.valid_columns; ++c) tile.at(r, c) = tensor.at(moved(indices, r, c));
  }
  machine.set_tile(load.getTile(), std::move(tile));
}

/// The sum that an atomic addition leaves. Those of other tasks and blocks may come before or behind it, in any order.
Number added(const Format& format, const Number& old, const Number& addend) {
  const Number operands[] = {old, addend};
  if (!format.is_real())
    return apply_integer(format, operands, [](int64_t a, int64_t b, int64_t) {
      return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    });
  const bool first = old.certain() && old.real == 0;
  const double reach = old.defined && addend.defined && !first ? ulp(format, std::fabs(old.real) + std::fabs(addend.real)) : 0;
  return apply_real(format, format, operands, [](double a, double b, double) { return a + b; }, 0, reach);
}

void run_store(Machine& machine, tile::StoreOp store) {
  const Tensor& tensor = machine.tensor(store.getTensor());
  const Tile& tile = machine.tile(store.getTile());
  const auto indices = machine.decided(store, store.getIndices());
  check_inside(store, tensor, indices, tile.valid_rows, tile.valid_columns);
  check_writable(store, tensor);
  machine.recorder.touch(tensor, indices, tile.valid_rows, tile.valid_columns, store.getAtomicAdd() ? Touch::kAdd : Touch::kWrite);
  for (int64_t r = 0; r < tile.valid_rows; ++r) {
    for (int64_t c = 0; c < tile.valid_columns; ++c) {
      Number& element = tensor.at(moved(indices, r, c));
      element = store.getAtomicAdd() ? added(tile.format, element, tile.at(r, c)) : tile.at(r, c);
    }
  }
}

/// The number of a row that an index names; nothing for one outside of the tensor.
std::optional<int64_t> row_named(Machine& machine, Operation* op, const Number& index, const Tensor& tensor) {
  const int64_t row = machine.decided(op, index);
  return row >= 0 && row < tensor.shape[0] ? std::optional<int64_t>(row) : std::nullopt;
}

void run_gather_load(Machine& machine, tile::GatherLoadOp gather) {
  const Tensor& tensor = machine.tensor(gather.getTensor());
  const Tile& indices = machine.tile(gather.getIndices());
  Tile tile = known_tile(gather, gather.getTile().getType());
  check_inside(gather, tensor, {0, 0}, std::min<int64_t>(tile.valid_rows, 1), tile.valid_columns);
  Number zero = Number::of_integer(0);
  if (tile.format.is_real()) zero = Number::of_real(0);
  for (int64_t r = 0; r < tile.valid_rows; ++r) {
    const std::optional<int64_t> row = row_named(machine, gather, indices.at(0, r), tensor);
    if (row) machine.recorder.touch(tensor, {*row, 0}, 1, tile.valid_columns, Touch::kRead);
    for (int64_t c = 0; c < tile.valid_columns; ++c) tile.at(r, c) = row ? tensor.at({*row, c}) : zero;
  }
  machine.set_tile(gather.getTile(), std::move(tile));
}

void run_scatter_store(Machine& machine, tile::ScatterStoreOp scatter) {
  const Tensor& tensor = machine.tensor(scatter.getTensor());
  const Tile& tile = machine.tile(scatter.getTile());
  const Tile& indices = machine.tile(scatter.getIndices());
  check_inside(scatter, tensor, {0, 0}, std::min<int64_t>(tile.valid_rows, 1), tile.valid_columns);
  check_writable(scatter, tensor);
  for (int64_t r = 0; r < tile.valid_rows; ++r) {
    const std::optional<int64_t> row = row_named(machine, scatter, indices.at(0, r), tensor);
    if (row) machine.recorder.touch(tensor, {*row, 0}, 1, tile.valid_columns, Touch::kWrite);
    for (int64_t c = 0; row && c < tile.valid_columns; ++c) tensor.at({*row, c}) = tile.at(r, c);
  }
}

// ---- tiles as such

void run_create(Machine& machine, tile::CreateOp create) {
  machine.set_tile(create.getTile(), empty_tile(create, create.getTile().getType(), machine.decided(create, create.getValid())));
}

void run_move(Machine& machine, tile::MoveOp move) {
  const Tile& from = machine.tile(move.getTile());
  Tile to = empty_tile(move, move.getMoved().getType().with_valid(from.valid_rows, from.valid_columns), {});
  for (int64_t r = 0; r < to.valid_rows; ++r) {
    for (int64_t c = 0; c < to.valid_columns; ++c) to.at(r, c) = from.at(r, c);
  }
  machine.set_tile(move.getMoved(), std::move(to));
}

/// A part of `part`'s size lies in `whole` from this row and column on; else throws.
void check_part(Operation* op, const Tile& whole, const Tile& part, int64_t row, int64_t column) {
  if (row >= 0 && row <= whole.rows - part.rows && column >= 0 && column <= whole.columns - part.columns) return;
  fail(op, ErrorCode::kOutOfBounds,
       fmt::format("has a part of {}x{} from row {} and column {} on, which does not lie in {}x{}", part.rows, part.columns, row, column,
                   whole.rows, whole.columns));
}

void run_extract(Machine& machine, tile::ExtractOp extract) {
  const Tile& whole = machine.tile(extract.getTile());
  Tile part = known_tile(extract, extract.getPart().getType());
  const int64_t row = machine.decided(extract, extract.getRow()), column = machine.decided(extract, extract.getColumn());
  check_part(extract, whole, part, row, column);
  for (int64_t r = 0; r < part.valid_rows; ++r) {
    for (int64_t c = 0; c < part.valid_columns; ++c) part.at(r, c) = whole.at(row + r, column + c);
  }
  machine.set_tile(extract.getPart(), std::move(part));
}

void run_insert(Machine& machine, tile::InsertOp insert) {
  const Tile& part = machine.tile(insert.getTile());
  Tile whole = machine.tile(insert.getInto());
  const int64_t row = machine.decided(insert, insert.getRow()), column = machine.decided(insert, insert.getColumn());
  check_part(insert, whole, part, row, column);
  for (int64_t r = 0; r < part.valid_rows; ++r) {
    for (int64_t c = 0; c < part.valid_columns; ++c) whole.at(row + r, column + c) = part.at(r, c);
  }
  machine.set_tile(insert.getResult(), std::move(whole));
}

void run_reshape(Machine& machine, tile::ReshapeOp reshape) {
  Tile tile = empty_tile(reshape, reshape.getResult().getType(), {});
  tile.elements = machine.tile(reshape.getTile()).elements;
  machine.set_tile(reshape.getResult(), std::move(tile));
}

void run_set_valid(Machine& machine, tile::SetValidOp set) {
  Tile tile = empty_tile(set, set.getResult().getType(), machine.decided(set, set.getValid()));
  tile.elements = machine.tile(set.getTile()).elements;
  machine.set_tile(set.getResult(), std::move(tile));
}

void run_valid_rows(Machine& machine, tile::ValidRowsOp rows) {
  machine.set(rows.getCount(), Number::of_integer(machine.tile(rows.getTile()).valid_rows));
}
void run_valid_columns(Machine& machine, tile::ValidColumnsOp columns) {
  machine.set(columns.getCount(), Number::of_integer(machine.tile(columns.getTile()).valid_columns));
}

void check_element(Operation* op, const Tile& tile, int64_t row, int64_t column) {
  if (tile.has(row, column)) return;
  fail(op, ErrorCode::kOutOfBounds, fmt::format("takes element [{}, {}] of a tile of {}x{}", row, column, tile.rows, tile.columns));
}

void run_read(Machine& machine, tile::ReadOp read) {
  const Tile& tile = machine.tile(read.getTile());
  const int64_t row = machine.decided(read, read.getRow()), column = machine.decided(read, read.getColumn());
  check_element(read, tile, row, column);
  machine.set(read.getValue(), as_scalar(tile.format, tile.at(row, column)));
}

void run_write(Machine& machine, tile::WriteOp write) {
  Tile tile = machine.tile(write.getTile());
  const int64_t row = machine.decided(write, write.getRow()), column = machine.decided(write, write.getColumn());
  check_element(write, tile, row, column);
  tile.at(row, column) = as_element(tile.format, machine.number(write.getValue()));
  machine.set_tile(write.getResult(), std::move(tile));
}

// ---- which core this is

void run_block_index(Machine& machine, tile::BlockIndexOp index) { machine.set(index.getValue(), Number::of_integer(machine.core.block)); }
void run_block_count(Machine& machine, tile::BlockCountOp count) { machine.set(count.getValue(), Number::of_integer(machine.core.blocks)); }
void run_subblock_index(Machine& machine, tile::SubblockIndexOp index) {
  machine.set(index.getValue(), Number::of_integer(machine.core.subblock));
}

// Instructions run one after another here: what orders pipes changes nothing.
template <typename OrderOp>
void run_order(Machine&, OrderOp) {}

}  // namespace

void add_tiles(Handlers& handlers) {
  add_handler<tile::LoadOp, run_load>(handlers);
  add_handler<tile::StoreOp, run_store>(handlers);
  add_handler<tile::GatherLoadOp, run_gather_load>(handlers);
  add_handler<tile::ScatterStoreOp, run_scatter_store>(handlers);
  add_handler<tile::CreateOp, run_create>(handlers);
  add_handler<tile::MoveOp, run_move>(handlers);
  add_handler<tile::ExtractOp, run_extract>(handlers);
  add_handler<tile::InsertOp, run_insert>(handlers);
  add_handler<tile::ReshapeOp, run_reshape>(handlers);
  add_handler<tile::SetValidOp, run_set_valid>(handlers);
  add_handler<tile::ValidRowsOp, run_valid_rows>(handlers);
  add_handler<tile::ValidColumnsOp, run_valid_columns>(handlers);
  add_handler<tile::ReadOp, run_read>(handlers);
  add_handler<tile::WriteOp, run_write>(handlers);
  add_handler<tile::BlockIndexOp, run_block_index>(handlers);
  add_handler<tile::BlockCountOp, run_block_count>(handlers);
  add_handler<tile::SubblockIndexOp, run_subblock_index>(handlers);
  add_handler<tile::SetFlagOp, run_order<tile::SetFlagOp>>(handlers);
  add_handler<tile::WaitFlagOp, run_order<tile::WaitFlagOp>>(handlers);
  add_handler<tile::BarrierOp, run_order<tile::BarrierOp>>(handlers);
}

}  // namespace tilewright::interpret
