#include "compiler/emit/emit_kernel.h"

#include <fmt/format.h>

#include <map>

#include "compiler/emit/body_writer.h"
#include "compiler/emit/tile_variables.h"
#include "compiler/ir/tile_dialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Matchers.h"

namespace tilewright::emit {

using namespace mlir;
using tile::TileType;
using tw::DeviceTensorType;

namespace {

const char* pipe_name(tile::Pipe pipe) {
  switch (pipe) {
    case tile::Pipe::kScalar: return "PIPE_S";
    case tile::Pipe::kVector: return "PIPE_V";
    case tile::Pipe::kCube: return "PIPE_M";
    case tile::Pipe::kMte1: return "PIPE_MTE1";
    case tile::Pipe::kMte2: return "PIPE_MTE2";
    case tile::Pipe::kMte3: return "PIPE_MTE3";
    case tile::Pipe::kFix: return "PIPE_FIX";
    case tile::Pipe::kAll: return "PIPE_ALL";
  }
  llvm_unreachable("a pipe without a name");
}

const char* compare_name(tw::Compare compare) {
  switch (compare) {
    case tw::Compare::kEqual: return "CmpMode::EQ";
    case tw::Compare::kNotEqual: return "CmpMode::NE";
    case tw::Compare::kLess: return "CmpMode::LT";
    case tw::Compare::kGreater: return "CmpMode::GT";
    case tw::Compare::kGreaterEqual: return "CmpMode::GE";
    case tw::Compare::kLessEqual: return "CmpMode::LE";
  }
  llvm_unreachable("a comparison without a name");
}

const char* round_name(tile::Round round) {
  switch (round) {
    case tile::Round::kNone: return "RoundMode::CAST_NONE";
    case tile::Round::kRint: return "RoundMode::CAST_RINT";
    case tile::Round::kRound: return "RoundMode::CAST_ROUND";
    case tile::Round::kFloor: return "RoundMode::CAST_FLOOR";
    case tile::Round::kCeil: return "RoundMode::CAST_CEIL";
    case tile::Round::kTrunc: return "RoundMode::CAST_TRUNC";
    case tile::Round::kOdd: return "RoundMode::CAST_ODD";
  }
  llvm_unreachable("a rounding without a name");
}

/// A tensor in device memory: where its first element lies, and for each dimension the stride in elements and the extent.
struct TensorCode {
  std::string data;
  std::vector<Code> strides, extents;
};

/// Where the valid rows and columns of a result come from, if they are known at run time only: rows or columns of an operand.
struct ValidSource {
  unsigned operand;
  bool columns;
};

/// The operand whose valid rows, or columns, an operator's result has. Nothing for a rule that does not say.
std::optional<ValidSource> valid_source(tile::Rule rule, bool columns) {
  using tile::Rule;
  switch (rule) {
    case Rule::kMaskAndTiles:
    case Rule::kMaskTileAndNumber:
    case Rule::kGather: return ValidSource{1, columns};
    case Rule::kTransposed: return ValidSource{0, !columns};
    case Rule::kProduct:
    case Rule::kProductAndRow: return ValidSource{columns ? 1u : 0u, columns};
    case Rule::kAccumulate: return ValidSource{columns ? 2u : 1u, columns};
    case Rule::kRowToTile:
      if (!columns) return std::nullopt;
      return ValidSource{0, true};
    case Rule::kColumnToTile:
      if (columns) return std::nullopt;
      return ValidSource{0, false};
    case Rule::kNumber:
    case Rule::kCount:
    case Rule::kSideBySide: return std::nullopt;
    default: return ValidSource{0, columns};
  }
}

class KernelWriter : public BodyWriter {
 public:
  KernelWriter(tile::FuncOp kernel, const Target& target) : kernel_(kernel), tiles_(target) {}

  FailureOr<KernelSource> write() {
    if (!kernel_.getCore()) return kernel_.emitOpError("has no kind of core; infer-memory-space decides it");
    if (!kernel_.getBody().hasOneBlock()) return kernel_.emitOpError("has more than one block; loops and branches are those of scf");
    names.unique("kernel_entry");
    if (failed(write_parameters()) || failed(tiles_.collect(kernel_, names))) return failure();
    if (failed(write_block(kernel_.getBody().front()))) return failure();
    KernelSource source{file(), {}};
    for (const TileVariables::Declaration& declaration : tiles_.declarations()) source.tiles.push_back(declaration.place);
    return source;
  }

 private:
  bool is_carried_otherwise(Type type) const override { return isa<TileType>(type); }
  std::string variable_type(Type type) const override { return isa<DeviceTensorType>(type) ? "" : BodyWriter::variable_type(type); }

  /// `to` is the tile that `from` is, at the same address: its object gets the valid region.
  LogicalResult carry_otherwise(Value to, Value from) override {
    const auto type = cast<TileType>(to.getType());
    const std::string target = tiles_.name(to), source = tiles_.name(from);
    if (target == source) return success();
    if (ShapedType::isDynamic(type.getValidRows())) out.line(fmt::format("{}.SetValidRow({}.GetValidRow());", target, source));
    if (ShapedType::isDynamic(type.getValidColumns())) out.line(fmt::format("{}.SetValidCol({}.GetValidCol());", target, source));
    return success();
  }

  // ---- the file around the body

  std::string file() {
    const char* core = *kernel_.getCore() == tile::Core::kAic ? "AIC" : "AIV";
    std::string text = fmt::format("// {}: {}", core, kernel_.getName().str());
    if (const std::string place = place_of(kernel_.getLoc()); !place.empty()) text += ", of " + place;
    text += "\n//\n" + parameter_table_ +
            "#include <pto/pto-inst.hpp>\n\n#include \"intrinsic.h\"\n#include \"tensor.h\"\n\nusing namespace pto;\n\n";
    if (takes_tensors_) {
      text +=
          "template <typename T>\nstatic AICORE __gm__ T *data_of(__gm__ ChipTensor *tensor) {\n"
          "  return reinterpret_cast<__gm__ T *>(tensor->buffer.addr) + tensor->start_offset;\n}\n\n";
    }
    text += helper_functions(helpers, "static AICORE ");
    text += "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *args) {\n";
    CppText head;
    head.open("{");
    for (const std::string& line : parameter_lines_) head.line(line);
    if (!views_.empty()) {
      head.line("");
      head.line("using Pitch = Stride<1, 1, 1, DYNAMIC, DYNAMIC>;  // from row to row, and from column to column");
      for (const auto& [type, name] : views_) head.line(fmt::format("using {} = {};", name, type));
    }
    if (!tiles_.declarations().empty()) head.line("");
    for (const TileVariables::Declaration& declaration : tiles_.declarations()) {
      head.line(fmt::format("{} {};", declaration.type, declaration.place.name));
    }
    for (const TileVariables::Declaration& declaration : tiles_.declarations()) {
      head.line(fmt::format("TASSIGN({}, {:#x});", declaration.place.name, declaration.place.address));
    }
    head.line("");
    text += head.text().substr(2);  // without the "{\n" that the indentation came from
    CppText body_indent;
    for (StringRef rest = out.text(); !rest.empty();) {
      const auto [line, tail] = rest.split('\n');
      text += line.empty() ? "\n" : "  " + line.str() + "\n";
      rest = tail;
    }
    return text + "}\n";
  }

  LogicalResult write_parameters() {
    for (const auto& [i, parameter] : llvm::enumerate(kernel_.getArguments())) {
      const Type type = parameter.getType();
      const std::string name = name_for(parameter, fmt::format("arg{}", i));
      auto tensor = dyn_cast<DeviceTensorType>(type);
      const std::string element = cpp_type(tensor ? tensor.getElement() : type);
      if (element.empty()) return kernel_.emitOpError() << "argument " << i << " is " << type << ", which kernels cannot take";
      std::string note;
      if (tensor) {
        takes_tensors_ = true;
        SmallVector<std::string> extents;
        for (const int64_t extent : tensor.getShape()) extents.push_back(ShapedType::isDynamic(extent) ? "?" : fmt::format("{}", extent));
        note = fmt::format("{} [{}]", short_type(tensor.getElement()), llvm::join(extents, ", "));
        if (kernel_.getArgAttr(static_cast<unsigned>(i), tw::kOutAttribute)) note += "  written";
        if (kernel_.getArgAttr(static_cast<unsigned>(i), tw::kInOutAttribute)) note += "  read and written";
        const std::string descriptor = names.unique(name + "_tensor");
        parameter_lines_.push_back(fmt::format("__gm__ ChipTensor *{} = reinterpret_cast<__gm__ ChipTensor *>(args[{}]);", descriptor, i));
        parameter_lines_.push_back(fmt::format("__gm__ {} *{} = data_of<{}>({});", element, name, element, descriptor));
        tensors_[parameter] = tensor_parameter(name, descriptor, tensor);
      } else {
        note = short_type(type);
        parameter_lines_.push_back(fmt::format("const {} {} = {};", element, name, number_argument(type, element, i)));
        set_code(parameter, {name});
      }
      parameter_table_ += fmt::format("//   args[{}]  {}  {}\n", i, name, note);
    }
    return success();
  }

  static std::string number_argument(Type type, const std::string& element, size_t index) {
    if (type.isIndex() || type.isInteger(64)) return fmt::format("args[{}]", index);
    if (type.isInteger(1)) return fmt::format("(args[{}] & 1) != 0", index);
    if (isa<IntegerType>(type)) return fmt::format("static_cast<{}>(args[{}])", element, index);
    // The bytes of the number stand in the low end of the word.
    return fmt::format("__builtin_bit_cast({}, static_cast<uint{}_t>(args[{}]))", element, type.getIntOrFloatBitWidth(), index);
  }

  static TensorCode tensor_parameter(const std::string& data, const std::string& descriptor, DeviceTensorType type) {
    TensorCode tensor{data, {}, {}};
    for (unsigned i = 0; i < type.rank(); ++i) {
      tensor.strides.push_back({fmt::format("{}->strides[{}]", descriptor, i)});
      const int64_t extent = type.getShape()[i];
      tensor.extents.push_back(
          {ShapedType::isDynamic(extent) ? fmt::format("static_cast<int64_t>({}->shapes[{}])", descriptor, i) : fmt::format("{}", extent)});
    }
    return tensor;
  }

  // ---- operations

  LogicalResult write_other(Operation& op) override {
    return llvm::TypeSwitch<Operation*, LogicalResult>(&op)
        .Case<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp, tw::DimOp, tw::ReadOp, tw::WriteOp>([&](auto each) { return write(each); })
        .Case<tile::LoadOp, tile::StoreOp, tile::GatherLoadOp, tile::ScatterStoreOp>([&](auto each) { return write(each); })
        .Case<tile::MoveOp, tile::ExtractOp, tile::InsertOp, tile::ReadOp, tile::WriteOp>([&](auto each) { return write(each); })
        .Case<tile::CreateOp, tile::SetValidOp>([&](auto each) { return set_valid(each.getResult(), each.getValid()); })
        .Case([&](tile::ReshapeOp) { return success(); })  // another object at the same address
        .Case([&](tile::ValidRowsOp rows) { return write_query(rows.getCount(), "rows", tiles_.name(rows.getTile()) + ".GetValidRow()"); })
        .Case([&](tile::ValidColumnsOp columns) {
          return write_query(columns.getCount(), "columns", tiles_.name(columns.getTile()) + ".GetValidCol()");
        })
        .Case([&](tile::BlockIndexOp index) { return write_query(index.getValue(), "block", "get_block_idx(args)"); })
        .Case([&](tile::BlockCountOp count) { return write_query(count.getValue(), "blocks", "get_block_num(args)"); })
        .Case([&](tile::SubblockIndexOp index) { return write_query(index.getValue(), "lane", "get_sub_block_id(args)"); })
        .Case([&](tile::SetFlagOp flag) { return write_flag("set_flag", flag); })
        .Case([&](tile::WaitFlagOp flag) { return write_flag("wait_flag", flag); })
        .Case([&](tile::BarrierOp barrier) {
          out.line(fmt::format("pipe_barrier({});", pipe_name(barrier.getPipe())));
          return success();
        })
        .Default([&](Operation* other) -> LogicalResult {
          if (const tile::OperatorInfo* info = tile::operator_info(other)) return write_operator(*other, *info);
          return other->emitOpError("cannot be written as a kernel's C++");
        });
  }

  LogicalResult write_query(Value value, StringRef name, const std::string& expression) {
    define(value, name, expression);
    return success();
  }

  template <typename Flag>
  LogicalResult write_flag(const char* call, Flag flag) {
    out.line(fmt::format("{}({}, {}, EVENT_ID{});", call, pipe_name(flag.getFrom()), pipe_name(flag.getTo()), flag.getEvent()));
    return success();
  }

  // ---- tensors

  /// `data` with the elements of `indices` added; constants that are 0 are left out.
  std::string element_at(const TensorCode& tensor, OperandRange indices) {
    std::string text = tensor.data;
    for (const auto& [i, index] : llvm::enumerate(indices)) {
      if (is_constant(index, 0)) continue;
      const Code& stride = tensor.strides[i];
      text += " + " + (is_constant(index, 1) ? stride.text
                                             : fmt::format("{} * {}", operand(index, kProduct),
                                                           stride.binding > kProduct ? stride.text : "(" + stride.text + ")"));
    }
    return text;
  }

  void define_tensor(Value value, StringRef otherwise, TensorCode tensor, const std::string& data) {
    if (data != tensor.data) {
      const std::string element = cpp_type(cast<DeviceTensorType>(value.getType()).getElement());
      tensor.data = name_for(value, otherwise);
      line(fmt::format("__gm__ {} *{} = {};", element, tensor.data, data), value.getLoc());
    }
    tensors_[value] = std::move(tensor);
  }

  std::vector<Code> extents_of(DeviceTensorType type, OperandRange open) const {
    std::vector<Code> extents;
    size_t next = 0;
    for (const int64_t extent : type.getShape()) {
      extents.push_back(ShapedType::isDynamic(extent) ? code(open[next++]) : Code{fmt::format("{}", extent)});
    }
    return extents;
  }

  LogicalResult write(tw::ViewOp view) {
    const TensorCode from = tensors_.lookup(view.getTensor());
    define_tensor(view.getView(), "view", {from.data, from.strides, extents_of(view.getView().getType(), view.getExtents())},
                  element_at(from, view.getOffsets()));
    return success();
  }

  LogicalResult write(tw::ReshapeOp reshape) {
    const TensorCode from = tensors_.lookup(reshape.getTensor());
    TensorCode tensor{from.data, {}, extents_of(reshape.getView().getType(), reshape.getExtents())};
    tensor.strides.resize(tensor.extents.size());
    Code stride{"1"};
    for (size_t i = tensor.extents.size(); i-- > 0;) {
      tensor.strides[i] = stride;
      const Code& extent = tensor.extents[i];
      const std::string factor = extent.binding >= kProduct ? extent.text : "(" + extent.text + ")";
      stride = stride.text == "1" ? extent : Code{fmt::format("{} * {}", factor, stride.text), kProduct};
    }
    tensors_[reshape.getView()] = std::move(tensor);
    return success();
  }

  LogicalResult write(tw::TransposeOp transpose) {
    TensorCode tensor = tensors_.lookup(transpose.getTensor());
    const auto first = static_cast<size_t>(transpose.getFirst()), second = static_cast<size_t>(transpose.getSecond());
    std::swap(tensor.strides[first], tensor.strides[second]);
    std::swap(tensor.extents[first], tensor.extents[second]);
    tensors_[transpose.getView()] = std::move(tensor);
    return success();
  }

  LogicalResult write(tw::DimOp dim) {
    set_code(dim.getExtent(), tensors_.lookup(dim.getTensor()).extents[static_cast<size_t>(dim.getDimension())]);
    return success();
  }

  // A core's scalar accesses go through its data cache, which other cores do not see.
  LogicalResult write(tw::ReadOp read) {
    const std::string at = names.unique("element");
    const std::string element = cpp_type(read.getTensor().getType().getElement());
    line(fmt::format("__gm__ {} *{} = {};", element, at, element_at(tensors_.lookup(read.getTensor()), read.getIndices())), read.getLoc());
    out.line(fmt::format("dcci({}, SINGLE_CACHE_LINE);", at));
    define(read.getValue(), "value", "*" + at);
    return success();
  }

  LogicalResult write(tw::WriteOp write) {
    const std::string at = names.unique("element");
    const std::string element = cpp_type(write.getTensor().getType().getElement());
    line(fmt::format("__gm__ {} *{} = {};", element, at, element_at(tensors_.lookup(write.getTensor()), write.getIndices())),
         write.getLoc());
    out.line(fmt::format("*{} = {};", at, text(write.getValue())));
    out.line(fmt::format("dcci({}, SINGLE_CACHE_LINE, CACHELINE_OUT);", at));
    out.line("dsb(DSB_DDR);");
    return success();
  }

  // ---- between tensors and tiles

  /// A view object of the tile's valid region in a tensor from `indices` on, and its name.
  std::string global_view(Value tensor_value, OperandRange indices, Value tile_value, Location location) {
    const TensorCode tensor = tensors_.lookup(tensor_value);
    const auto type = cast<TileType>(tile_value.getType());
    return declare_view(tensor, cast<DeviceTensorType>(tensor_value.getType()).getElement(), element_at(tensor, indices),
                        {type.getValidRows(), tiles_.name(tile_value) + ".GetValidRow()"},
                        {type.getValidColumns(), tiles_.name(tile_value) + ".GetValidCol()"}, is_column_major(type), location);
  }

  struct Extent {
    int64_t size;      ///< dynamic: `text`
    std::string text;
  };

  std::string declare_view(const TensorCode& tensor, Type element_type, const std::string& data, const Extent& rows, const Extent& columns,
                           bool column_major, Location location) {
    const auto known = [](const Extent& extent) { return !ShapedType::isDynamic(extent.size); };
    const std::string element = cpp_type(element_type);
    const std::string row_text = known(rows) ? fmt::format("{}", rows.size) : "DYNAMIC";
    const std::string column_text = known(columns) ? fmt::format("{}", columns.size) : "DYNAMIC";
    const std::string shape = fmt::format("Shape<1, 1, 1, {}, {}>", row_text, column_text);
    const std::string type = fmt::format("GlobalTensor<{}, {}, Pitch{}>", element, shape, column_major ? ", Layout::DN" : "");
    std::string& alias = views_[type];
    if (alias.empty()) {
      alias = names.unique(fmt::format("View{}x{}x{}{}", known(rows) ? row_text : "N", known(columns) ? column_text : "N",
                                       short_type(element_type), column_major ? "Columns" : ""));
    }
    std::vector<std::string> open;
    if (!known(rows)) open.push_back(rows.text);
    if (!known(columns)) open.push_back(columns.text);
    const std::string sizes = open.empty() ? "{}" : fmt::format("{}({})", shape, llvm::join(open, ", "));
    const size_t rank = tensor.strides.size();
    const std::string row_stride = rank < 2 ? "1" : tensor.strides[rank - 2].text;
    const std::string name = names.unique(tensor.data + "_view");
    line(fmt::format("{} {}({}, {}, Pitch({}, {}));", alias, name, data, sizes, row_stride, tensor.strides.back().text), location);
    return name;
  }

  LogicalResult write(tile::LoadOp load) {
    if (failed(set_valid(load.getTile(), load.getValid()))) return failure();
    const std::string view = global_view(load.getTensor(), load.getIndices(), load.getTile(), load.getLoc());
    out.line(fmt::format("TLOAD({}, {});", tiles_.name(load.getTile()), view));
    return success();
  }

  LogicalResult write(tile::StoreOp store) {
    const std::string view = global_view(store.getTensor(), store.getIndices(), store.getTile(), store.getLoc());
    const std::string tile = tiles_.name(store.getTile());
    if (store.getAtomicAdd()) {
      out.line(fmt::format("TSTORE<decltype({}), decltype({}), AtomicType::AtomicAdd>({}, {});", tile, view, view, tile));
    } else {
      out.line(fmt::format("TSTORE({}, {});", view, tile));
    }
    return success();
  }

  /// All rows of a tensor that is a table.
  FailureOr<std::string> table_view(Operation* op, Value tensor_value) {
    const TensorCode tensor = tensors_.lookup(tensor_value);
    const auto type = cast<DeviceTensorType>(tensor_value.getType());
    if (type.rank() != 2) return op->emitOpError() << "takes rows of a tensor with two dimensions, not of " << type;
    const auto extent = [&](unsigned i) { return Extent{type.getShape()[i], tensor.extents[i].text}; };
    return declare_view(tensor, type.getElement(), tensor.data, extent(0), extent(1), false, op->getLoc());
  }

  LogicalResult write(tile::GatherLoadOp gather) {
    const FailureOr<std::string> table = table_view(gather, gather.getTensor());
    if (failed(table) || failed(needs_known(gather.getTile()))) return failure();
    out.line(fmt::format("MGATHER<Coalesce::Row, GatherOOB::Zero>({}, {}, {});", tiles_.name(gather.getTile()), *table,
                         tiles_.name(gather.getIndices())));
    return success();
  }

  LogicalResult write(tile::ScatterStoreOp scatter) {
    const FailureOr<std::string> table = table_view(scatter, scatter.getTensor());
    if (failed(table)) return failure();
    out.line(fmt::format("MSCATTER<Coalesce::Row, ScatterAtomicOp::None, ScatterOOB::Skip, ScatterConflict::Last>({}, {}, {});", *table,
                         tiles_.name(scatter.getTile()), tiles_.name(scatter.getIndices())));
    return success();
  }

  // ---- tiles

  LogicalResult needs_known(Value tile) {
    if (cast<TileType>(tile.getType()).open_count() == 0) return success();
    return tile.getDefiningOp()->emitOpError() << "makes " << cast<TileType>(tile.getType()).text()
                                               << ", whose valid region nothing tells at run time";
  }

  /// Gives the object of `tile` the valid sizes that its type leaves open, rows before columns.
  LogicalResult set_valid(Value tile, OperandRange sizes) {
    const auto type = cast<TileType>(tile.getType());
    size_t next = 0;
    if (ShapedType::isDynamic(type.getValidRows())) {
      out.line(fmt::format("{}.SetValidRow({});", tiles_.name(tile), int_argument(sizes[next++])));
    }
    if (ShapedType::isDynamic(type.getValidColumns())) {
      out.line(fmt::format("{}.SetValidCol({});", tiles_.name(tile), int_argument(sizes[next])));
    }
    return success();
  }

  std::string int_argument(Value value) const {
    APInt constant;
    return matchPattern(value, m_ConstantInt(&constant)) ? text(value) : fmt::format("static_cast<int>({})", text(value));
  }

  /// The same from rows or columns of operands.
  LogicalResult set_valid_from(Operation& op, std::optional<ValidSource> rows, std::optional<ValidSource> columns) {
    const Value result = op.getResult(0);
    const auto type = cast<TileType>(result.getType());
    const auto set = [&](int64_t size, const char* setter, const std::optional<ValidSource>& source) -> LogicalResult {
      if (!ShapedType::isDynamic(size) || type.is_mask()) return success();
      if (!source) return needs_known(result);
      const Value from = op.getOperand(source->operand);
      if (cast<TileType>(from.getType()).is_mask()) return needs_known(result);
      const std::string target = tiles_.name(result), other = tiles_.name(from);
      if (target != other) out.line(fmt::format("{}.{}({}.{}());", target, setter, other, source->columns ? "GetValidCol" : "GetValidRow"));
      return success();
    };
    if (failed(set(type.getValidRows(), "SetValidRow", rows))) return failure();
    return set(type.getValidColumns(), "SetValidCol", columns);
  }

  LogicalResult write(tile::MoveOp move) {
    if (failed(set_valid_from(*move, ValidSource{0, false}, ValidSource{0, true}))) return failure();
    line(fmt::format("TMOV({}, {});", tiles_.name(move.getMoved()), tiles_.name(move.getTile())), move.getLoc());
    return success();
  }

  LogicalResult write(tile::ExtractOp extract) {
    if (failed(needs_known(extract.getPart()))) return failure();
    line(fmt::format("TEXTRACT({}, {}, {}, {});", tiles_.name(extract.getPart()), tiles_.name(extract.getTile()), text(extract.getRow()),
                     text(extract.getColumn())),
         extract.getLoc());
    return success();
  }

  LogicalResult write(tile::InsertOp insert) {
    if (failed(set_valid_from(*insert, ValidSource{1, false}, ValidSource{1, true}))) return failure();
    line(fmt::format("TINSERT({}, {}, {}, {});", tiles_.name(insert.getResult()), tiles_.name(insert.getTile()), text(insert.getRow()),
                     text(insert.getColumn())),
         insert.getLoc());
    return success();
  }

  /// The number of an element among those of the tile, in the order in which they lie.
  FailureOr<std::string> offset_in(Operation* op, TileType type, Value row, Value column) {
    if (type.getSpace() != tile::Space::kVec)
      return op->emitOpError() << "reaches into a tile in " << stringifySpace(type.getSpace()) << "; only those in vec can be";
    const bool columns = is_column_major(type);
    const Value slow = columns ? column : row, fast = columns ? row : column;
    const int64_t pitch = columns ? type.getRows() : type.getColumns();
    if (is_constant(slow, 0)) return text(fast);
    const std::string first = fmt::format("{} * {}", operand(slow, kProduct), pitch);
    return is_constant(fast, 0) ? first : fmt::format("{} + {}", first, operand(fast, kSum));
  }

  LogicalResult write(tile::ReadOp read) {
    const FailureOr<std::string> offset = offset_in(read, read.getTile().getType(), read.getRow(), read.getColumn());
    if (failed(offset)) return failure();
    define(read.getValue(), "value", fmt::format("{}.GetValue({})", tiles_.name(read.getTile()), *offset));
    return success();
  }

  LogicalResult write(tile::WriteOp write) {
    const FailureOr<std::string> offset = offset_in(write, write.getTile().getType(), write.getRow(), write.getColumn());
    if (failed(offset) || failed(set_valid_from(*write, ValidSource{1, false}, ValidSource{1, true}))) return failure();
    line(fmt::format("{}.SetValue({}, {});", tiles_.name(write.getResult()), *offset, text(write.getValue())), write.getLoc());
    return success();
  }

  LogicalResult write_operator(Operation& op, const tile::OperatorInfo& info) {
    if (info.rule == tile::Rule::kSideBySide) {
      if (failed(set_valid_from(op, ValidSource{0, false}, std::nullopt))) return failure();
    } else if (failed(set_valid_from(op, valid_source(info.rule, false), valid_source(info.rule, true)))) {
      return failure();
    }
    // `$0`, `$result`, `$scratch`, `$how`, and the result's `$type` and `$element`, of the table's call.
    std::string call;
    for (StringRef rest = info.call; !rest.empty();) {
      const auto [before, after] = rest.split('$');
      call += before;
      if (before.size() == rest.size()) break;
      const StringRef word = after.take_while([](char c) { return llvm::isAlnum(c); });
      rest = after.drop_front(word.size());
      FailureOr<std::string> argument = call_argument(op, info, word);
      if (failed(argument)) return failure();
      call += *argument;
    }
    line(call + ";", op.getLoc());
    return success();
  }

  FailureOr<std::string> call_argument(Operation& op, const tile::OperatorInfo& info, StringRef word) {
    unsigned number = 0;
    if (!word.getAsInteger(10, number)) {
      const Value value = op.getOperand(number);
      return isa<TileType>(value.getType()) ? tiles_.name(value) : text(value);
    }
    if (word == "result") {
      const std::string padded = tiles_.padded(&op);
      return padded.empty() ? tiles_.name(op.getResult(0)) : padded;
    }
    if (word == "type") return "decltype(" + tiles_.name(op.getResult(0)) + ")";
    if (word == "element") return cpp_type(cast<TileType>(op.getResult(0).getType()).getElement());
    if (word == "scratch") {
      if (std::string scratch = tiles_.scratch(&op); !scratch.empty()) return scratch;
      return op.emitOpError("needs a scratch tile and has no address for it; plan-memory-and-sync gives it one");
    }
    // Both are integers to MLIR: the name says which enumeration the number is of.
    const Attribute attribute = op.getAttr(word);
    if (auto compare = dyn_cast_or_null<tw::CompareAttr>(attribute); compare && word == "how")
      return std::string(compare_name(compare.getValue()));
    if (auto round = dyn_cast_or_null<tile::RoundAttr>(attribute); round && word == "round")
      return std::string(round_name(round.getValue()));
    return op.emitOpError() << "becomes '" << info.call << "', whose '$" << word << "' it does not have";
  }

  tile::FuncOp kernel_;
  TileVariables tiles_;
  llvm::DenseMap<Value, TensorCode> tensors_;
  std::map<std::string, std::string> views_;  ///< type to alias
  std::string parameter_table_;
  std::vector<std::string> parameter_lines_;
  bool takes_tensors_ = false;
};

}  // namespace

FailureOr<KernelSource> kernel_source(tile::FuncOp kernel, const Target& target) { return KernelWriter(kernel, target).write(); }

}  // namespace tilewright::emit
