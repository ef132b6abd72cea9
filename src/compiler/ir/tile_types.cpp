#include "compiler/ir/tile_dialect.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

#include "compiler/ir/tile_enums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/ir/tile_types.cpp.inc"

namespace tilewright::tile {

using namespace mlir;

void TileDialect::register_types() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "compiler/ir/tile_types.cpp.inc"
      >();
}

LogicalResult TileType::verify(function_ref<InFlightDiagnostic()> error, int64_t rows, int64_t columns, Type element, int64_t valid_rows,
                               int64_t valid_columns, Space space, Layout, int64_t address) {
  if (rows <= 0 || columns <= 0) return error() << "a tile's rows and columns are positive, not " << rows << " and " << columns;
  const auto fits = [](int64_t valid, int64_t size) { return ShapedType::isDynamic(valid) || (valid >= 0 && valid <= size); };
  if (!fits(valid_rows, rows) || !fits(valid_columns, columns)) {
    return error() << "the valid region " << valid_rows << "x" << valid_columns << " does not lie in the tile's " << rows << "x" << columns;
  }
  if (!element.isInteger(1) && !tw::is_element_type(element)) return error() << element << " is no element type of a tile";
  if (address != kNoAddress && (address < 0 || space == Space::kUndecided)) {
    return error() << "a tile at address " << address << " lies in no memory: an address is not negative, and the memory is decided";
  }
  return success();
}

namespace {

ParseResult parse_pair(AsmParser& parser, SmallVectorImpl<int64_t>& pair, bool dynamic) {
  const SMLoc at = parser.getCurrentLocation();
  if (parser.parseDimensionList(pair, dynamic, /*withTrailingX=*/!dynamic)) return failure();
  if (pair.size() != 2) return parser.emitError(at) << "expected rows and columns, not " << pair.size() << " sizes";
  return success();
}

std::string extent_text(int64_t extent) { return ShapedType::isDynamic(extent) ? "?" : std::to_string(extent); }

}  // namespace

Type TileType::parse(AsmParser& parser) {
  SmallVector<int64_t, 2> shape, valid;
  Type element;
  const SMLoc begin = parser.getCurrentLocation();
  if (parser.parseLess() || parse_pair(parser, shape, /*dynamic=*/false) || parser.parseType(element)) return {};
  Space space = Space::kUndecided;
  Layout layout = Layout::kOfSpace;
  int64_t address = kNoAddress;
  while (succeeded(parser.parseOptionalComma())) {
    const SMLoc at = parser.getCurrentLocation();
    StringRef word;
    if (parser.parseKeyword(&word)) return {};
    if (word == "valid") {
      if (parse_pair(parser, valid, /*dynamic=*/true)) return {};
    } else if (word == "at") {
      if (parser.parseInteger(address)) return {};
    } else if (const std::optional<Space> named = symbolizeSpace(word); named && *named != Space::kUndecided) {
      space = *named;
    } else if (const std::optional<Layout> order = symbolizeLayout(word); order && *order != Layout::kOfSpace) {
      layout = *order;
    } else {
      parser.emitError(at) << "'" << word
                           << "' says nothing of a tile; there are valid, at, the memories vec, mat, left, right, acc, bias, and the "
                           << "orders row_major, col_major, nz, zn, zz";
      return {};
    }
  }
  if (parser.parseGreater()) return {};
  if (valid.empty()) valid.assign(shape.begin(), shape.end());
  return getChecked([&] { return parser.emitError(begin); }, parser.getContext(), shape[0], shape[1], element, valid[0], valid[1], space,
                    layout, address);
}

void TileType::print(AsmPrinter& printer) const {
  printer << "<" << getRows() << "x" << getColumns() << "x" << getElement();
  if (!is_whole()) printer << ", valid " << extent_text(getValidRows()) << "x" << extent_text(getValidColumns());
  if (getSpace() != Space::kUndecided) printer << ", " << stringifySpace(getSpace());
  if (getLayout() != Layout::kOfSpace) printer << ", " << stringifyLayout(getLayout());
  if (has_address()) printer << ", at " << getAddress();
  printer << ">";
}

unsigned TileType::open_count() const {
  return static_cast<unsigned>(ShapedType::isDynamic(getValidRows())) + static_cast<unsigned>(ShapedType::isDynamic(getValidColumns()));
}

TileType TileType::with_element(Type element) const {
  return get(getContext(), getRows(), getColumns(), element, getValidRows(), getValidColumns(), getSpace(), getLayout(), getAddress());
}
TileType TileType::with_valid(int64_t rows, int64_t columns) const {
  return get(getContext(), getRows(), getColumns(), getElement(), rows, columns, getSpace(), getLayout(), getAddress());
}
TileType TileType::with_space(Space space) const {
  return get(getContext(), getRows(), getColumns(), getElement(), getValidRows(), getValidColumns(), space, getLayout(), getAddress());
}
TileType TileType::with_layout(Layout layout) const {
  return get(getContext(), getRows(), getColumns(), getElement(), getValidRows(), getValidColumns(), getSpace(), layout, getAddress());
}
TileType TileType::with_address(int64_t address) const {
  return get(getContext(), getRows(), getColumns(), getElement(), getValidRows(), getValidColumns(), getSpace(), getLayout(), address);
}
TileType TileType::unplaced() const {
  return get(getContext(), getRows(), getColumns(), getElement(), getValidRows(), getValidColumns(), Space::kUndecided, Layout::kOfSpace,
             kNoAddress);
}

std::string TileType::text() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << getRows() << "x" << getColumns() << "x" << getElement();
  if (!is_whole()) out << " (valid " << extent_text(getValidRows()) << "x" << extent_text(getValidColumns()) << ")";
  return text;
}

}  // namespace tilewright::tile
