#include "vocabulary.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "compiler/builder/recorder.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/register.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

namespace {

/// Operations of the dialect that are no words of programs: functions, what only the planner makes, and which core this is.
constexpr const char* kNoWords[] = {"func", "return", "set_flag", "wait_flag", "barrier", "block_index", "block_count", "subblock_index"};

/// Where a reference says more than the operator does: a shift by a negative number moves all bits out.
constexpr const char* kShifts[] = {"shl", "shr", "shls", "shrs"};

constexpr const char* kContinuous[] = {"add",
                                       "sub",
                                       "mul",
                                       "max",
                                       "min",
                                       "adds",
                                       "subs",
                                       "muls",
                                       "maxs",
                                       "mins",
                                       "lrelu",
                                       "abs",
                                       "neg",
                                       "relu",
                                       "exp",
                                       "axpy",
                                       "select",
                                       "selects",
                                       "row_sum",
                                       "row_max",
                                       "row_min",
                                       "col_sum",
                                       "col_max",
                                       "col_min",
                                       "row_expand_add",
                                       "row_expand_sub",
                                       "row_expand_mul",
                                       "row_expand_max",
                                       "row_expand_min",
                                       "col_expand_add",
                                       "col_expand_sub",
                                       "col_expand_mul",
                                       "col_expand_max",
                                       "col_expand_min",
                                       "row_expand",
                                       "col_expand",
                                       "transpose",
                                       "concat",
                                       "pad",
                                       "gather",
                                       "scatter",
                                       "matmul",
                                       "matmul_acc",
                                       "matmul_bias"};

constexpr int kProbeSize = 64;  ///< whole blocks for every type

/// One operation for each word, in tasks of one orchestration. A word's line is its number.
class Probe {
 public:
  explicit Probe(twb_dtype dtype) : b_(twb_create()), dtype_(dtype) {
    twb_locate(b_, "probe", 1, 1);
    const int64_t extents[] = {4 * kProbeSize, 4 * kProbeSize};
    std::vector<twb_parameter> parameters;
    for (const twb_dtype each : kDtypes) parameters.push_back({TWB_TENSOR, each, TWB_INOUT, extents, 2, nullptr, 0});
    tensors_.resize(parameters.size());
    twb_begin_orchestration(b_, "probe", parameters.data(), parameters.size(), tensors_.data());
  }
  ~Probe() { twb_destroy(b_); }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Why it cannot even be recorded; empty if it can.
  std::string add(const std::string& name, const tile::OperatorInfo* info, unsigned line) {
    twb_locate(b_, "probe", 1, 1);
    twb_begin_at(b_, nullptr);
    const size_t errors = twb_error_count(b_);
    line_ = line;
    if (info != nullptr) {
      add_operator(*info);
    } else {
      add_other(name);
    }
    twb_locate(b_, "probe", 1, 1);
    twb_end_at(b_);
    return twb_error_count(b_) == errors ? "" : twb_error_text(b_, errors);
  }

  /// What passes refuse, by line.
  std::map<unsigned, std::string> refusals(const std::string& platform) {
    twb_end_function(b_);
    std::map<unsigned, std::string> found;
    const mlir::ScopedDiagnosticHandler handler(&b_->context, [&](mlir::Diagnostic& diagnostic) {
      const auto place = mlir::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation());
      if (place) found.try_emplace(place.getLine(), diagnostic.str());
      return mlir::success();
    });
    mlir::PassManager passes(&b_->context);
    passes.addPass(create_outline_incore());
    passes.addPass(create_infer_memory_space(platform));
    passes.addPass(create_legalise(platform));
    (void)passes.run(*b_->module);
    return found;
  }

 private:
  twb_value index(int64_t number) { return twb_integer(b_, TWB_INDEX, number); }
  twb_shape shape(int rows, int columns) { return {index(rows), index(columns), 0, 0, TWB_ANYWHERE}; }
  twb_value tensor(twb_dtype dtype) {
    return tensors_[static_cast<size_t>(std::find(std::begin(kDtypes), std::end(kDtypes), dtype) - kDtypes)];
  }
  twb_value make_tile(twb_dtype dtype, int rows, int columns) {
    const twb_shape size = shape(rows, columns);
    return twb_new_tile(b_, dtype, &size);
  }

  void use(twb_value tile) {
    if (tile == 0) return;
    const twb_dtype dtype = twb_dtype_of(b_, tile);
    twb_locate(b_, "probe", 1, 1);
    if (dtype == TWB_BOOL) {  // whatever selects by it
      const twb_value operands[] = {tile, make_tile(TWB_F32, kProbeSize, kProbeSize), make_tile(TWB_F32, kProbeSize, kProbeSize)};
      tile = twb_operator(b_, "select", operands, 3, nullptr, TWB_F32, nullptr);
    }
    const twb_value at[] = {index(0), index(0)};
    twb_store(b_, tile, tensor(twb_dtype_of(b_, tile)), at, 2, 0);
  }

  void add_operator(const tile::OperatorInfo& info) {
    std::vector<twb_value> operands;
    for (const OperandForm& form : operands_of(info.rule, dtype_, kProbeSize, kProbeSize, kProbeSize)) {
      switch (form.kind) {
        case FormKind::kNumber: operands.push_back(twb_integer(b_, form.dtype, 1)); break;
        case FormKind::kMask: operands.push_back(make_tile(TWB_BOOL, form.rows, form.columns)); break;
        case FormKind::kTile:
        case FormKind::kIndices: operands.push_back(make_tile(form.dtype, form.rows, form.columns)); break;
      }
    }
    const std::string_view name = info.name;
    const twb_shape size = info.rule == Rule::kCount ? shape(1, kProbeSize) : shape(kProbeSize, kProbeSize);
    const bool shaped =
        info.rule == Rule::kNumber || info.rule == Rule::kCount || info.rule == Rule::kColumnToTile || info.rule == Rule::kRowToTile;
    const bool compares = info.rule == Rule::kSameTilesToMask || info.rule == Rule::kTileAndNumberToMask;
    twb_locate(b_, "probe", line_, 1);
    use(twb_operator(b_, info.name, operands.data(), operands.size(), shaped ? &size : nullptr, dtype_,
                     compares        ? "eq"
                     : name == "pad" ? "zero"
                                     : nullptr));
  }

  void add_other(const std::string& name) {
    const twb_value zero = index(0), at[] = {zero, zero};
    const twb_value tile = make_tile(dtype_, kProbeSize, kProbeSize);
    const twb_shape half = shape(kProbeSize / 2, kProbeSize / 2), whole = shape(kProbeSize, kProbeSize);
    const auto row = [&] { return make_tile(TWB_I32, 1, kProbeSize); };
    const auto here = [&] { twb_locate(b_, "probe", line_, 1); };
    if (name == "load") {
      here();
      use(twb_load(b_, tensor(dtype_), at, 2, &whole));
    } else if (name == "store") {
      here();
      twb_store(b_, tile, tensor(dtype_), at, 2, 0);
    } else if (name == "create") {
      here();
      use(make_tile(dtype_, kProbeSize, kProbeSize));
    } else if (name == "move") {
      here();
      use(twb_move(b_, tile, TWB_VEC));
    } else if (name == "extract") {
      here();
      use(twb_extract(b_, tile, zero, zero, &half));
    } else if (name == "insert") {
      const twb_value part = make_tile(dtype_, kProbeSize / 2, kProbeSize / 2);
      here();
      use(twb_insert(b_, part, tile, zero, zero));
    } else if (name == "reshape") {
      here();
      use(twb_reshape_tile(b_, tile, index(2 * kProbeSize), index(kProbeSize / 2)));
    } else if (name == "set_valid") {
      here();
      use(twb_set_valid(b_, tile, index(3), index(5)));
    } else if (name == "read") {
      here();
      twb_write(b_, twb_read_tile(b_, tile, zero, zero), tensor(dtype_), at, 2);
    } else if (name == "write") {
      const twb_value number = twb_integer(b_, dtype_, 1);
      here();
      use(twb_write_tile(b_, number, tile, zero, zero));
    } else if (name == "gather_load") {
      const twb_value rows = row();
      here();
      const twb_value extents[] = {index(kProbeSize), index(kProbeSize)};
      use(twb_gather_load(b_, twb_view(b_, tensor(dtype_), at, extents, 2), rows));
    } else if (name == "scatter_store") {
      const twb_value rows = row();
      here();
      twb_scatter_store(b_, tile, tensor(dtype_), rows);
    }
  }

  twb_builder* b_;
  twb_dtype dtype_;
  std::vector<twb_value> tensors_;
  unsigned line_ = 0;
};

/// The first assignment of domains to operands with which an operator has a result that fits, from wide to narrow.
std::vector<Domain> find_domains(const tile::OperatorInfo& info, twb_dtype dtype) {
  const std::vector<OperandForm> forms = operands_of(info.rule, dtype, kProbeSize, kProbeSize, kProbeSize);
  const twb_dtype result = info.place == tile::Place::kCube ? (is_float(dtype) ? TWB_F32 : TWB_I32) : dtype;
  const auto counted = static_cast<size_t>(std::count_if(
      forms.begin(), forms.end(), [](const OperandForm& form) { return form.kind == FormKind::kTile || form.kind == FormKind::kNumber; }));
  using enum Domain;
  std::vector<std::vector<Domain>> ways;
  const auto all = [&](Domain domain) { return std::vector<Domain>(counted, domain); };
  const auto with = [&](size_t which, Domain domain) {
    std::vector<Domain> way = all(kGeneral);
    if (which < way.size()) way[which] = domain;
    return way;
  };
  const std::string name = info.name;
  const bool shift = std::find(std::begin(kShifts), std::end(kShifts), name) != std::end(kShifts);
  if (!shift) ways = {all(kGeneral), with(counted - 1, kPositive), with(0, kPositive), all(kPositive)};
  ways.push_back(with(counted - 1, kCount));
  ways.push_back(all(kCount));
  ways.push_back(all(kBit));
  for (const std::vector<Domain>& way : ways) {
    std::vector<Bounds> bounds;
    size_t next = 0;
    for (const OperandForm& form : forms) {
      if (form.kind == FormKind::kMask) bounds.push_back(bounds_of(kBit, dtype));
      if (form.kind == FormKind::kIndices) bounds.push_back(bounds_of(kRows, TWB_I32));
      if (form.kind == FormKind::kTile || form.kind == FormKind::kNumber) bounds.push_back(bounds_of(way[next++], form.dtype));
    }
    if (result_of(info, result, bounds, length_of(info.rule, kProbeSize, kProbeSize))) return way;
  }
  return {};
}

}  // namespace

Vocabulary::Vocabulary(const std::string& given) : platform(given) {
  mlir::DialectRegistry registry;
  register_dialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  for (const mlir::RegisteredOperationName operation : context.getRegisteredOperations()) {
    if (operation.getDialectNamespace() != "tile") continue;
    const std::string name = operation.stripDialect().str();
    const bool is_word = std::find(std::begin(kNoWords), std::end(kNoWords), name) == std::end(kNoWords);
    if (!is_word || name.starts_with("valid_")) continue;
    operations_.push_back(name);
    if (const tile::Operator::Concept* concept_ = operation.getInterface<tile::Operator>()) infos_[name] = &concept_->info();
  }
  std::sort(operations_.begin(), operations_.end());
  for (const twb_dtype dtype : kDtypes) {
    Probe operators(dtype);
    for (size_t i = 0; i < operations_.size(); ++i) {
      const std::string& name = operations_[i];
      const auto line = static_cast<unsigned>(i + 2);
      const tile::OperatorInfo* info = find(name);
      if (info != nullptr) {
        refusals_[{name, dtype}] = operators.add(name, info, line);
        continue;
      }
      Probe alone(dtype);  // what has no way stops a pass
      std::string& refusal = refusals_[{name, dtype}] = alone.add(name, nullptr, line);
      if (refusal.empty()) refusal = alone.refusals(platform)[line];
    }
    for (const auto& [line, text] : operators.refusals(platform)) {
      if (line >= 2) refusals_[{operations_[line - 2], dtype}] = text;
    }
    // What nothing can be loaded for.
    const std::string none = dtype == TWB_F8E5M2 ? "no tensor of the run time has elements of f8e5m2" : refusals_[{"load", dtype}];
    for (const std::string& name : operations_) {
      const tile::OperatorInfo* info = find(name);
      const bool loads = info != nullptr ? info->place == tile::Place::kCube
                                         : name == "load" || name == "store" || name == "gather_load" || name == "scatter_store";
      std::string& refusal = refusals_[{name, dtype}];
      if (loads && refusal.empty()) refusal = none;
    }
    for (const std::string& name : operations_) {
      const tile::OperatorInfo* info = find(name);
      if (info == nullptr || !has(name, dtype)) continue;
      domains_[{name, dtype}] = find_domains(*info, dtype);
      operators_[dtype][info->place == tile::Place::kCube ? 1 : 0].push_back(name);
    }
  }
}

const tile::OperatorInfo* Vocabulary::find(const std::string& name) const {
  const auto at = infos_.find(name);
  return at == infos_.end() ? nullptr : at->second;
}

bool Vocabulary::has(const std::string& name, twb_dtype dtype) const {
  const auto at = refusals_.find({name, dtype});
  return at != refusals_.end() && at->second.empty();
}

const Vocabulary& vocabulary_of(const std::string& platform) {
  static std::map<std::string, std::unique_ptr<Vocabulary>> made;
  std::unique_ptr<Vocabulary>& vocabulary = made[platform];
  if (vocabulary == nullptr) vocabulary = std::make_unique<Vocabulary>(platform);
  return *vocabulary;
}

bool is_continuous(const std::string& name) {
  return std::find(std::begin(kContinuous), std::end(kContinuous), name) != std::end(kContinuous);
}

std::vector<OperandForm> operands_of(Rule rule, twb_dtype dtype, int rows, int columns, int second) {
  const OperandForm tile{FormKind::kTile, dtype, rows, columns}, mask{FormKind::kMask, TWB_BOOL, rows, columns},
      scalar{FormKind::kNumber, dtype, 1, 1}, column{FormKind::kTile, dtype, rows, 1}, row{FormKind::kTile, dtype, 1, columns},
      indices{FormKind::kIndices, TWB_I32, rows, columns};
  const twb_dtype sum = is_float(dtype) ? TWB_F32 : TWB_I32;
  switch (rule) {
    case Rule::kOneTile:
    case Rule::kOtherElement:
    case Rule::kTransposed:
    case Rule::kRowToOne:
    case Rule::kColumnToOne:
    case Rule::kPadded: return {tile};
    case Rule::kSameTiles:
    case Rule::kSameTilesToMask: return {tile, tile};
    case Rule::kSameTilesAndNumber: return {tile, tile, scalar};
    case Rule::kMaskAndTiles: return {mask, tile, tile};
    case Rule::kMaskTileAndNumber: return {mask, tile, scalar};
    case Rule::kTileAndNumber:
    case Rule::kTileAndNumberToMask: return {tile, scalar};
    case Rule::kNumber:
    case Rule::kCount: return {scalar};
    case Rule::kTileAndColumn: return {tile, column};
    case Rule::kTileAndRow: return {tile, row};
    case Rule::kColumnToTile: return {column};
    case Rule::kRowToTile: return {row};
    case Rule::kProduct: return {tile, {FormKind::kTile, dtype, columns, second}};
    case Rule::kAccumulate: return {{FormKind::kTile, sum, rows, second}, tile, {FormKind::kTile, dtype, columns, second}};
    case Rule::kProductAndRow: return {tile, {FormKind::kTile, dtype, columns, second}, {FormKind::kTile, sum, 1, second}};
    case Rule::kSideBySide: return {tile, tile};
    case Rule::kGather: return {tile, indices};
    case Rule::kScatter: return {tile, tile, indices};
  }
  throw Error(ErrorCode::kInternal, "a rule whose operands random programs do not know");
}

int length_of(Rule rule, int rows, int columns) {
  if (rule == Rule::kColumnToOne) return rows;
  return rule == Rule::kRowToOne || rule == Rule::kProduct || rule == Rule::kAccumulate || rule == Rule::kProductAndRow ||
                 rule == Rule::kCount
             ? columns
             : 1;
}

bool has_legal_shape(twb_dtype dtype, int rows, int columns) {
  if (dtype == TWB_BOOL) return true;
  const int block = std::max(1, 32 / dtype_bytes(dtype));
  return columns == 1 ? rows % block == 0 : columns % block == 0;
}

}  // namespace tilewright::random_programs
