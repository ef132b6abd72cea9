// What kernels do with what they are given.
#include "writer.h"

#include <algorithm>

namespace tilewright::oracle {

std::string Writer::Piece::valid_clause() const {
  std::vector<std::string> open;
  if (!open_rows.empty()) open.push_back(open_rows);
  if (!open_columns.empty()) open.push_back(open_columns);
  return open.empty() ? "" : fmt::format(" valid({})", fmt::join(open, ", "));
}

Writer::Piece Writer::piece_of(const Operand& operand, const std::string& share, int64_t shares) {
  const Tensor& tensor = operand.tensor;
  const size_t rank = tensor.rank();
  Piece piece;
  piece.at.assign(rank, index(0));
  size_t divided = rank;
  const bool divides = shares > 1 && operand.mode != Mode::kAtomic && operand.mode != Mode::kGather && operand.mode != Mode::kScatter;
  if (divides && shared_extent(tensor, divided) % shares != 0) divided = rank;
  const auto size = [&](size_t dimension, int64_t& physical, int64_t& valid, std::string& open) {
    const Extent& extent = tensor.extents[dimension];
    physical = valid = extent.high;
    if (divides && dimension == divided) {
      physical = valid = extent.low / shares;
      piece.at[dimension] = define(fmt::format("arith.muli {}, {} : index", share, index(valid)));
    } else if (operand.partial && extent.low > 1 && divided == rank) {
      physical = valid = std::max<int64_t>(1, extent.low / 2);
      piece.at[dimension] = index(operand.choice % 2 == 0 ? 0 : extent.low - valid);
    } else if (!extent.open.empty()) {
      open = define(fmt::format("tw.dim {}, {} : {}", operand.name, dimension, tensor.type()));
    }
  };
  piece.rows = piece.valid_rows = 1;
  if (rank > 1) size(rank - 2, piece.rows, piece.valid_rows, piece.open_rows);
  size(rank - 1, piece.columns, piece.valid_columns, piece.open_columns);
  piece.columns = (piece.columns + kBlock - 1) / kBlock * kBlock;
  piece.full_type = fmt::format("!tile.tile<{}x{}x{}>", piece.rows, piece.columns, tensor.element());
  const bool full = piece.open_rows.empty() && piece.open_columns.empty() && piece.columns == piece.valid_columns;
  const auto shown = [](const std::string& open, int64_t valid) { return open.empty() ? fmt::format("{}", valid) : "?"; };
  piece.type = full ? piece.full_type
                    : fmt::format("!tile.tile<{}x{}x{}, valid {}x{}>", piece.rows, piece.columns, tensor.element(),
                                  shown(piece.open_rows, piece.valid_rows), shown(piece.open_columns, piece.valid_columns));
  return piece;
}

std::string Writer::load(const Operand& operand, const Piece& piece) {
  return define(fmt::format("tile.load {}[{}]{} : {} -> {}", operand.name, fmt::join(piece.at, ", "), piece.valid_clause(),
                            operand.tensor.type(), piece.type));
}

void Writer::vector_kernel(const std::vector<Operand>& operands, const std::string& share, int64_t shares, uint32_t choice,
                           bool takes_host_reads) {
  const bool real_result = std::find_if(operands.begin(), operands.end(), [](const Operand& each) { return each.writes(); })->tensor.real;
  const std::string element = real_result ? "f32" : "i32";
  struct Source {
    std::string tile, type;
    bool real;
    std::vector<std::string> open;  ///< what its valid region hangs on

    bool same_as(const std::string& other, const std::vector<std::string>& other_open) const { return type == other && open == other_open; }
  };
  const auto open_of = [](const Operand& each) {
    std::vector<std::string> open;
    for (size_t d = each.tensor.rank() > 1 ? each.tensor.rank() - 2 : 0; d < each.tensor.rank(); ++d)
      open.push_back(each.tensor.extents[d].open);
    return open;
  };
  std::vector<Piece> pieces;
  for (const Operand& each : operands) pieces.push_back(piece_of(each, share, shares));

  // All that is loaded, before anything is stored.
  std::vector<Source> sources;
  std::vector<std::string> own(operands.size());
  std::string rows_named;  // a row of numbers of rows
  for (size_t i = 0; i < operands.size(); ++i) {
    const Operand& each = operands[i];
    if (each.tensor.real || each.mode != Mode::kRead || each.partial || each.tensor.extents.back().low < kBlock) continue;
    const bool wanted = std::any_of(operands.begin(), operands.end(),
                                    [](const Operand& other) { return other.mode == Mode::kGather || other.mode == Mode::kScatter; });
    if (!wanted || !rows_named.empty()) continue;
    const std::vector<std::string> first(each.tensor.rank(), index(0));
    rows_named =
        define(fmt::format("tile.load {}[{}] : {} -> !tile.tile<1x{}xi32>", each.name, fmt::join(first, ", "), each.tensor.type(), kBlock));
  }
  const std::string named_type = fmt::format("!tile.tile<1x{}xi32>", kBlock), rows_type = fmt::format("!tile.tile<{0}x{0}xf32>", kBlock);
  for (size_t i = 0; i < operands.size(); ++i) {
    const Operand& each = operands[i];
    if (each.mode == Mode::kGather) {
      sources.push_back(
          {define(fmt::format("tile.gather_load {}[{}] : {}, {} -> {}", each.name, rows_named, each.tensor.type(), named_type, rows_type)),
           rows_type,
           true,
           {}});
    } else if (each.mode == Mode::kRead) {
      sources.push_back({load(each, pieces[i]), pieces[i].type, each.tensor.real, open_of(each)});
    } else if (each.mode == Mode::kReadWrite) {
      own[i] = load(each, pieces[i]);
    }
  }

  // One number of all sources that give no tile of their own to the first result.
  std::string number;
  const auto add = [&](const std::string& value) {
    number = number.empty() ? value : define(fmt::format("arith.{} {}, {} : {}", real_result ? "addf" : "addi", number, value, element));
  };
  const auto converted = [&](const std::string& value, bool from_real) {
    return real_result && !from_real ? define(fmt::format("arith.sitofp {} : i32 to f32", value)) : value;
  };
  const auto first = static_cast<size_t>(std::find_if(operands.begin(), operands.end(), [](const Operand& each) { return each.writes(); }) -
                                         operands.begin());
  const std::string& result_type = operands[first].mode == Mode::kScatter ? rows_type : pieces[first].type;
  const std::vector<std::string> result_open = open_of(operands[first]);
  std::string start = own[first];
  if (!real_result && !start.empty()) {
    add(define(fmt::format("tile.read {}[{}, {}] : {} -> i32", start, index(0), index(0), result_type)));
    start.clear();
  }
  std::vector<HostRead> taken;
  if (takes_host_reads) {
    for (const HostRead& each : reach_.host_reads) {
      if (!real_result && each.real) continue;
      add(converted(each.value, each.real));
      taken.push_back(each);
    }
  }
  const bool copies = real_result || (sources.size() == 1 && number.empty());
  for (const Source& source : sources) {
    if (start.empty() && copies && source.same_as(result_type, result_open) && choice % 3 != 2) {
      start = source.tile;
    } else {
      const std::string value =
          define(fmt::format("tile.read {}[{}, {}] : {} -> {}", source.tile, index(0), index(0), source.type, source.real ? "f32" : "i32"));
      add(converted(value, source.real));
    }
  }
  if (real_result) {
    if (number.empty() || choice / 3 % 2 == 0) add(real(1 + choice / 6 % 3));
  } else if (!number.empty()) {
    number = define(fmt::format("arith.andi {}, {} : i32", number, integer(kSmallNumbers - 1)));
  } else {
    number = integer(choice / 6 % kSmallNumbers);
  }

  for (size_t i = 0; i < operands.size(); ++i) {
    const Operand& each = operands[i];
    if (!each.writes()) continue;
    const Piece& piece = pieces[i];
    const bool scatters = each.mode == Mode::kScatter;
    const std::string& type = scatters ? rows_type : piece.type;
    std::string tile = i == first ? start : real_result ? own[i] : "";
    if (i != first && !real_result && !own[i].empty()) {
      const std::string value = define(fmt::format("tile.read {}[{}, {}] : {} -> i32", own[i], index(0), index(0), type));
      const std::string all = define(fmt::format("arith.addi {}, {} : i32", value, number));
      number = define(fmt::format("arith.andi {}, {} : i32", all, integer(kSmallNumbers - 1)));
    }
    if (tile.empty()) {
      const std::string& full = scatters ? rows_type : piece.full_type;
      tile = define(fmt::format("tile.fill {} : ({}) -> {}", number, element, full));
      if (type != full) tile = define(fmt::format("tile.set_valid {}{} : {} -> {}", tile, piece.valid_clause(), full, type));
    } else if (real_result) {
      tile = define(fmt::format("tile.adds {}, {} : ({}, f32) -> {}", tile, number, type, type));
    }
    if (scatters) {
      line(fmt::format("tile.scatter_store {}, {}[{}] : {}, {}, {}", tile, each.name, rows_named, type, each.tensor.type(), named_type));
    } else {
      line(fmt::format("tile.store {}, {}[{}]{} : {}, {}", tile, each.name, fmt::join(piece.at, ", "),
                       each.mode == Mode::kAtomic ? " atomic_add" : "", type, each.tensor.type()));
    }
  }
  for (const HostRead& each : taken) text_.cells.insert(each.cells.begin(), each.cells.end());
  std::erase_if(reach_.host_reads, [&](const HostRead& each) { return real_result || !each.real; });
}

void Writer::cube_kernel(const std::vector<Operand>& operands, int64_t size) {
  const std::string type = size == 16 ? "!tile.tile<16x16xf32>" : fmt::format("!tile.tile<16x16xf32, valid {0}x{0}>", size);
  std::string tiles[2];
  for (size_t i = 0; i < 2; ++i) {
    const Operand& factor = operands[i + 1];
    tiles[i] = define(fmt::format("tile.load {}[{}, {}] : {} -> {}", factor.name, index(0), index(0), factor.tensor.type(), type));
  }
  const std::string product = define(fmt::format("tile.matmul {}, {} : ({}, {}) -> {}", tiles[0], tiles[1], type, type, type));
  line(fmt::format("tile.store {}, {}[{}, {}] : {}, {}", product, operands[0].name, index(0), index(0), type, operands[0].tensor.type()));
}

}  // namespace tilewright::oracle
