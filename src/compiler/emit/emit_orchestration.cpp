#include "compiler/emit/emit_orchestration.h"

#include <fmt/format.h>

#include <map>

#include "compiler/emit/body_writer.h"
#include "compiler/emit/task_order.h"
#include "compiler/emit/tensor_orders.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/tensor_regions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

namespace tilewright::emit {

using namespace mlir;
using tw::DeviceTensorType;
using tw::Direction;

namespace {

// What an orchestration may need beside its own text; each is written only where it is used. kDependencies needs kTaskIds,
// kDerivedDependencies needs kDependencies.
constexpr const char* kToU32 =
    R"(/// An offset or extent as the API takes it. What does not fit becomes a number that lies outside of every tensor.
uint32_t to_u32(int64_t number) { return number < 0 || number > int64_t{UINT32_MAX} ? UINT32_MAX : static_cast<uint32_t>(number); }

)";
constexpr const char* kIsTensor =
    R"(/// Whether an argument is what this was compiled for; extents that are 0 may be any. Else the run fails.
bool is_tensor(const ChipTaskArgs &orch_args, int32_t argument, DataType dtype, uint32_t rank, const uint32_t *shape, const char *wanted) {
  const ChipTensor &tensor = orch_args.tensor(argument).ref();
  bool same = tensor.dtype == dtype && tensor.ndims == rank;
  for (uint32_t i = 0; same && i < rank; ++i) same = shape[i] == 0 || tensor.shapes[i] == shape[i];
  if (!same) rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "argument %d must be %s, but is %s", argument, wanted, tensor.dump().c_str());
  return same;
}

)";
constexpr const char* kBlocks = R"(/// A number of blocks as a task can have it; the run fails for another.
int16_t to_blocks(int64_t number) {
  if (number >= 1 && number <= INT16_MAX) return static_cast<int16_t>(number);
  rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "a task has 1 to %d blocks, not %lld", INT16_MAX, static_cast<long long>(number));
  return 1;
}

)";
constexpr const char* kTaskIds = R"(/// Task ids by number. The run fails for a number outside.
template <int64_t kCount>
struct TaskIds {
  PTO2TaskId ids[kCount];

  TaskIds() {
    for (PTO2TaskId &id : ids) id = PTO2TaskId::invalid();
  }
  PTO2TaskId get(int64_t i) const { return has(i) ? ids[i] : PTO2TaskId::invalid(); }
  void set(int64_t i, PTO2TaskId id) {
    if (has(i)) ids[i] = id;
  }

 private:
  static bool has(int64_t i) {
    if (i >= 0 && i < kCount) return true;
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "there are %lld task ids, and no number %lld", static_cast<long long>(kCount),
                    static_cast<long long>(i));
    return false;
  }
};

)";
constexpr const char* kDependencies = R"(/// The tasks that another one waits for; ids that name no task are left out.
template <uint32_t kMost>
struct Dependencies {
  PTO2TaskId ids[kMost];
  uint32_t count = 0;

  void add(PTO2TaskId id) {
    if (id.is_valid()) ids[count++] = id;
  }
  template <int64_t kCount>
  void add(const TaskIds<kCount> &tasks) {
    for (PTO2TaskId id : tasks.ids) add(id);
  }
};

)";

constexpr const char* kDerivedDependencies = R"(/// The same, with those behind them that the compiler derived from what tasks access.
template <uint32_t kMost>
struct DerivedDependencies : Dependencies<kMost> {
  uint32_t derived = 0;

  void add_derived(PTO2TaskId id) {
    const uint32_t before = this->count;
    this->add(id);
    derived += this->count - before;
  }
};

)";
constexpr const char* kAreApart = R"(/// What the order of tasks was derived for.
struct Argument {
  const char *name;
  bool written, may_alias;
};

/// Whether no tensor that is written shares memory with another one, unless both may; of a view counts all from its first to its last
/// element. Else the run fails.
bool are_apart(const ChipTaskArgs &orch_args, const Argument *arguments, int32_t count) {
  const auto overlap = [](const ChipTensor &a, const ChipTensor &b) {
    const uint64_t size = get_element_size(a.dtype), other_size = get_element_size(b.dtype);
    const uint64_t begin = a.buffer.addr + a.start_offset * size, other_begin = b.buffer.addr + b.start_offset * other_size;
    const uint64_t end = begin + a.extent_elem() * size, other_end = other_begin + b.extent_elem() * other_size;
    return begin < end && other_begin < other_end && begin < other_end && other_begin < end;
  };
  for (int32_t i = 0; i < count; ++i) {
    for (int32_t k = i + 1; k < count; ++k) {
      const Argument &one = arguments[i], &other = arguments[k];
      if (!(one.written || other.written) || (one.may_alias && other.may_alias)) continue;
      if (!overlap(orch_args.tensor(i).ref(), orch_args.tensor(k).ref())) continue;
      rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL,
                      "arguments %d (%s) and %d (%s) share memory, and one is written; the program must mark both may_alias, or be "
                      "compiled without --derive-dependencies",
                      i, one.name, k, other.name);
      return false;
    }
  }
  return true;
}

)";

/// Whether the runtime is sure to follow the tensor, so that its views need not say that it does not.
bool is_tracked(Value tensor) {
  const Value root = root_tensor(tensor);
  if (auto create = root.getDefiningOp<tw::CreateOp>()) return !create.getUntracked();
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && isa<tw::OrchestrationOp>(argument.getOwner()->getParentOp());
}

const char* predicate_name(tw::Compare relation) {
  switch (relation) {
    case tw::Compare::kEqual: return "EQ";
    case tw::Compare::kNotEqual: return "NE";
    case tw::Compare::kLess: return "LT";
    case tw::Compare::kGreater: return "GT";
    case tw::Compare::kGreaterEqual: return "GE";
    case tw::Compare::kLessEqual: return "LE";
  }
  llvm_unreachable("a comparison without a name");
}

class OrchestrationWriter : public BodyWriter {
 public:
  OrchestrationWriter(tw::OrchestrationOp orchestration, const llvm::StringMap<int32_t>& func_ids)
      : orchestration_(orchestration), func_ids_(func_ids) {}

  FailureOr<OrchestrationSource> write() {
    for (const char* word : {"to_u32", "is_tensor", "to_blocks", "TaskIds", "Dependencies", "Kernel", "aicpu_orchestration_entry"}) {
      names.unique(word);
    }
    // Words of the pass only where it ran: without it the text is to stay what it is.
    is_derived_ = tensor_orders(orchestration_).has_value();
    if (is_derived_) {
      for (const char* word : {"DerivedDependencies", "Argument", "are_apart"}) names.unique(word);
    }
    source_.signature = signature_of(orchestration_);
    if (!orchestration_.getBody().hasOneBlock())
      return orchestration_.emitOpError("has more than one block; loops and branches are those of scf");
    out.open("extern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {");
    if (failed(write_parameters()) || failed(write_block(orchestration_.getBody().front()))) return failure();
    out.close();
    source_.text = file();
    return std::move(source_);
  }

 private:
  std::string variable_type(Type type) const override {
    if (isa<DeviceTensorType>(type)) return "ChipTensor";
    if (isa<tw::TaskIdType>(type)) return "PTO2TaskId";
    if (auto ids = dyn_cast<tw::TaskIdsType>(type)) return fmt::format("TaskIds<{}>", ids.getCount());
    if (is_bits(type)) return fmt::format("uint{}_t", type.getIntOrFloatBitWidth());
    return BodyWriter::variable_type(type);
  }

  /// Numbers that an orchestration hands on without computing in their type: it has their bytes.
  static bool is_bits(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32; }

  std::string constant_text(Attribute value, Type type) const override {
    auto number = dyn_cast<FloatAttr>(value);
    if (!number || !is_bits(type)) return BodyWriter::constant_text(value, type);
    return fmt::format("{}{{{:#x}}}", variable_type(type), number.getValue().bitcastToAPInt().getZExtValue());
  }

  // ---- the file around the body

  std::string file() {
    std::string text = fmt::format("// {}", orchestration_.getName().str());
    if (const std::string place = place_of(orchestration_.getLoc()); !place.empty()) text += ", of " + place;
    text += "\n//\n" + parameter_table_;
    if (needs_track_war(orchestration_))
      text += "//\n// Writers are to wait for earlier readers of their elements: track_war of callable.json.\n";
    text += "#include \"pto_orchestration_api.h\"\n\nnamespace {\n\n";
    if (!kernels_.empty()) {
      std::vector<std::string> entries;
      for (const auto& [id, name] : kernels_) entries.push_back(fmt::format("{} = {}", name, id));
      text += "// func_id of callable.json\nenum Kernel : int32_t { " + llvm::join(entries, ", ") + " };\n\n";
    }
    if (uses_.contains(kDerivedDependencies)) uses_.insert(kDependencies);
    if (uses_.contains(kDependencies)) uses_.insert(kTaskIds);
    for (const char* helper : {kToU32, kIsTensor, kAreApart, kBlocks, kTaskIds, kDependencies, kDerivedDependencies}) {
      if (uses_.contains(helper)) text += helper;
    }
    text += helper_functions(helpers, "");
    text += fmt::format(
        "}}  // namespace\n\nextern \"C\" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) {{ return "
        "{{.expected_arg_count = {}}}; }}\n\n",
        source_.signature.arguments.size());
    return text + out.text();
  }

  LogicalResult write_parameters() {
    size_t numbers = 0;
    std::string checks;
    for (const auto& [i, parameter] : llvm::enumerate(orchestration_.getArguments())) {
      const std::string name = names.unique(source_.signature.arguments[i]);
      set_code(parameter, {name});
      auto tensor = dyn_cast<DeviceTensorType>(parameter.getType());
      if (!tensor) {
        const std::string type = variable_type(parameter.getType());
        if (type.empty())
          return orchestration_.emitOpError() << "argument " << i << " is " << parameter.getType() << ", which cannot be passed";
        out.line(fmt::format("const {} {} = from_u64<{}>(orch_args.scalar({}));", type, name, type, numbers));
        parameter_table_ += fmt::format("//   scalar {}  {}  {}\n", numbers++, name, short_type(parameter.getType()));
        continue;
      }
      const bool written = source_.signature.directions[i] == ArgDirection::OUT;
      const bool both = source_.signature.directions[i] == ArgDirection::INOUT;
      const FailureOr<std::string> dtype = data_type(orchestration_, tensor);
      if (failed(dtype)) return failure();
      SmallVector<std::string> extents, shown;
      for (const int64_t extent : tensor.getShape()) {
        const bool open = ShapedType::isDynamic(extent);
        extents.push_back(open ? "0" : fmt::format("{}", extent));
        shown.push_back(open ? "?" : extents.back());
      }
      const std::string wanted = fmt::format("{} [{}]", short_type(tensor.getElement()), llvm::join(shown, ", "));
      parameter_table_ += fmt::format("//   tensor {}  {}  {}{}\n", i, name, wanted,
                                      written ? "  written"
                                      : both  ? "  read and written"
                                              : "");
      uses_.insert(kIsTensor);
      const std::string shape = names.unique(name + "_extents");
      out.line(fmt::format("const uint32_t {}[] = {{{}}};", shape, llvm::join(extents, ", ")));
      out.line(fmt::format("if (!is_tensor(orch_args, {}, {}, {}, {}, \"{}\")) return;", i, *dtype, tensor.rank(), shape, wanted));
      out.line(fmt::format("const ChipTensor &{} = orch_args.tensor({}).ref();", name, i));
    }
    if (is_derived_) check_arguments_apart();
    if (!source_.signature.arguments.empty()) out.line("");
    return success();
  }

  /// The pass takes arguments for different memory where their marks do not say otherwise.
  void check_arguments_apart() {
    struct Tensor {
      bool written, may_alias;
    };
    std::vector<Tensor> tensors;
    std::vector<std::string> entries;
    for (const BlockArgument argument : orchestration_.getArguments()) {
      const unsigned i = argument.getArgNumber();
      if (!isa<DeviceTensorType>(argument.getType())) break;  // numbers come last
      tensors.push_back(
          {source_.signature.directions[i] != ArgDirection::IN, orchestration_.getArgAttr(i, tw::kMayAliasAttribute) != nullptr});
      entries.push_back(fmt::format("{{\"{}\", {}, {}}}", text(argument), tensors[i].written, tensors[i].may_alias));
    }
    const auto matter = [](const Tensor& a, const Tensor& b) { return (a.written || b.written) && !(a.may_alias && b.may_alias); };
    bool any = false;
    for (size_t i = 0; i < tensors.size(); ++i) {
      for (size_t k = i + 1; k < tensors.size(); ++k) any = any || matter(tensors[i], tensors[k]);
    }
    if (!any) return;
    uses_.insert(kAreApart);
    const std::string arguments = names.unique("arguments");
    out.line(fmt::format("const Argument {}[] = {{{}}};", arguments, llvm::join(entries, ", ")));
    out.line(fmt::format("if (!are_apart(orch_args, {}, {})) return;", arguments, entries.size()));
  }

  static FailureOr<std::string> data_type(Operation* op, DeviceTensorType tensor) {
    const std::string name = data_type_name(tensor.getElement());
    if (name.empty()) return op->emitOpError() << "has tensors of " << tensor.getElement() << ", which the runtime does not know";
    return "DataType::" + name;
  }

  // ---- operations

  LogicalResult write_op(Operation& op) override {
    if (auto select = dyn_cast<arith::SelectOp>(op); select && is_written_with_tasks(select)) return success();
    return BodyWriter::write_op(op);
  }

  LogicalResult write_other(Operation& op) override {
    return llvm::TypeSwitch<Operation*, LogicalResult>(&op)
        .Case<tw::CreateOp, tw::ViewOp, tw::ReshapeOp, tw::TransposeOp, tw::ReadOp, tw::WriteOp>([&](auto each) { return write(each); })
        .Case<tw::ScopeOp, tw::SubmitOp, tw::DummyOp, tw::SetTaskOp>([&](auto each) { return write(each); })
        .Case([&](tw::DimOp dim) {
          set_code(dim.getExtent(), {fmt::format("static_cast<int64_t>({}.shapes[{}])", text(dim.getTensor()), dim.getDimension())});
          return success();
        })
        .Case([&](tw::NoTaskOp none) {
          set_code(none.getTask(), {"PTO2TaskId::invalid()"});
          return success();
        })
        .Case([&](tw::IsTaskOp is) {
          set_code(is.getNamed(), {operand(is.getTask(), kAtom) + ".is_valid()"});
          return success();
        })
        .Case([&](tw::NoTasksOp none) {
          uses_.insert(kTaskIds);
          const std::string name = name_for(none.getTasks(), "tasks");
          line(fmt::format("{} {};", variable_type(none.getTasks().getType()), name), none.getLoc());
          set_code(none.getTasks(), {name});
          return success();
        })
        .Case([&](tw::GetTaskOp get) {
          define(get.getTask(), "task", fmt::format("{}.get({})", text(get.getTasks()), text(get.getIndex())));
          return success();
        })
        .Case([&](tw::ClusterCountOp count) {
          define(count.getCount(), "clusters", "rt_available_cluster_count()");
          return success();
        })
        .Case([&](tw::AivCountOp count) {
          define(count.getCount(), "aivs", "rt_available_aiv_count()");
          return success();
        })
        .Case<tw::DeclareOp, tw::GetOp, tw::SetOp>([&](auto each) { return write_variable(each); })
        .Case([](tw::AtOp at) { return at.emitOpError("is a task without a kernel; outline-incore makes one"); })
        .Case(
            [](tw::AssembleOp assemble) { return assemble.emitOpError("is a copy that no task makes; lower-assemble does away with it"); })
        .Default([](Operation* other) { return other->emitOpError("cannot be written as an orchestration's C++"); });
  }

  // ---- tensors

  std::string u32(Value value) {
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant)) && constant.isNonNegative()) return text(value);
    uses_.insert(kToU32);
    return fmt::format("to_u32({})", text(value));
  }

  std::string u32_list(OperandRange values) {
    std::vector<std::string> list;
    for (const Value value : values) list.push_back(u32(value));
    return llvm::join(list, ", ");
  }

  std::string extent_list(DeviceTensorType type, OperandRange open) {
    std::vector<std::string> list;
    size_t next = 0;
    for (const int64_t extent : type.getShape())
      list.push_back(ShapedType::isDynamic(extent) ? u32(open[next++]) : fmt::format("{}", extent));
    return llvm::join(list, ", ");
  }

  std::string untracked_argument(Value tensor, StringRef separator) {
    return is_tracked(tensor) ? "" : fmt::format("{}{}.manual_dep", separator.str(), text(tensor));
  }

  LogicalResult write(tw::CreateOp create) {
    const DeviceTensorType type = create.getTensor().getType();
    const FailureOr<std::string> dtype = data_type(create, type);
    if (failed(dtype)) return failure();
    const std::string name = name_for(create.getTensor(), "created");
    const std::string shape = names.unique(name + "_shape"), info = names.unique(name + "_info"), memory = names.unique(name + "_memory");
    line(fmt::format("const uint32_t {}[] = {{{}}};", shape, extent_list(type, create.getExtents())), create.getLoc());
    const bool filled = create.getInitial() != nullptr;
    out.line(fmt::format("{}TensorCreateInfo {}({}, {}, {}{});", filled ? "" : "const ", info, shape, type.rank(), *dtype,
                         create.getUntracked() ? ", true" : ""));
    if (filled) out.line(fmt::format("{}.set_initial_value({});", info, typed(create.getInitial())));
    out.line(fmt::format("const TaskOutputTensors {} = alloc_tensors({});", memory, info));
    out.line("if (rt_is_fatal()) return;");
    out.line(fmt::format("const ChipTensor &{} = {}.get_ref(0);", name, memory));
    set_code(create.getTensor(), {name});
    return success();
  }

  LogicalResult write(tw::ViewOp view) {
    const std::string name = name_for(view.getView(), "view");
    const std::string shape = names.unique(name + "_shape"), at = names.unique(name + "_at");
    line(fmt::format("const uint32_t {}[] = {{{}}}, {}[] = {{{}}};", shape, extent_list(view.getView().getType(), view.getExtents()), at,
                     u32_list(view.getOffsets())),
         view.getLoc());
    out.line(fmt::format("const ChipTensor {} = {}.view({}, {}{});", name, text(view.getTensor()), shape, at,
                         untracked_argument(view.getTensor(), ", ")));
    set_code(view.getView(), {name});
    return success();
  }

  LogicalResult write(tw::ReshapeOp reshape) {
    const std::string name = name_for(reshape.getView(), "reshaped"), shape = names.unique(name + "_shape");
    line(fmt::format("const uint32_t {}[] = {{{}}};", shape, extent_list(reshape.getView().getType(), reshape.getExtents())),
         reshape.getLoc());
    out.line(fmt::format("const ChipTensor {} = {}.reshape({}, {}{});", name, text(reshape.getTensor()), shape,
                         reshape.getView().getType().rank(), untracked_argument(reshape.getTensor(), ", ")));
    set_code(reshape.getView(), {name});
    return success();
  }

  LogicalResult write(tw::TransposeOp transpose) {
    define(transpose.getView(), "transposed",
           fmt::format("{}.transpose({}, {}{})", text(transpose.getTensor()), transpose.getFirst(), transpose.getSecond(),
                       untracked_argument(transpose.getTensor(), ", ")));
    return success();
  }

  LogicalResult write(tw::ReadOp read) {
    const std::string name = name_for(read.getValue(), "value"), at = names.unique(name + "_at");
    const std::string type = variable_type(read.getValue().getType());
    line(fmt::format("const uint32_t {}[] = {{{}}};", at, u32_list(read.getIndices())), read.getLoc());
    out.line(fmt::format("const {} {} = get_tensor_data<{}>({}, {}, {});", type, name, type, text(read.getTensor()),
                         read.getIndices().size(), at));
    out.line("if (rt_is_fatal()) return;");
    set_code(read.getValue(), {name});
    return success();
  }

  LogicalResult write(tw::WriteOp write) {
    const std::string at = names.unique("element_at");
    line(fmt::format("const uint32_t {}[] = {{{}}};", at, u32_list(write.getIndices())), write.getLoc());
    out.line(fmt::format("set_tensor_data<{}>({}, {}, {}, {});", variable_type(write.getValue().getType()), text(write.getTensor()),
                         write.getIndices().size(), at, text(write.getValue())));
    return success();
  }

  // ---- tasks

  LogicalResult write(tw::ScopeOp scope) {
    for (const Value result : scope.getResults()) {
      if (failed(declare(*scope, result, {}, "result"))) return failure();
    }
    out.open(fmt::format("PTO2_SCOPE({}) {{{}", scope.getManual() ? "PTO2ScopeMode::MANUAL" : "", place_comment(scope.getLoc())));
    if (failed(write_block(scope.getBody().front()))) return failure();
    if (failed(assign(scope.getResults(), scope.getBody().front().getTerminator()->getOperands()))) return failure();
    out.close();
    return success();
  }

  /// A number as a scalar argument: of its own type, which says how many of its bytes count.
  std::string typed(Value value) const {
    const std::string plain = text(value);
    const bool name = llvm::all_of(plain, [](char c) { return llvm::isAlnum(c) || c == '_'; }) && !llvm::isDigit(plain[0]);
    const bool literal_of_type = value.getType().isF32() && plain.ends_with("f");
    const bool cast_to_type = value.getType().isIndex() && plain.starts_with("static_cast<int64_t>(");
    if (name || literal_of_type || cast_to_type || is_bits(value.getType())) return plain;
    return fmt::format("static_cast<{}>({})", variable_type(value.getType()), plain);
  }

  LogicalResult add_arguments(tw::SubmitOp submit, const std::string& args) {
    constexpr const char* kCalls[] = {"", "add_input", "add_output", "add_inout", "add_no_dep"};
    std::vector<std::string> list;
    const char* call = nullptr;
    const auto flush = [&] {
      if (!list.empty()) out.line(fmt::format("{}.{}({});", args, call, llvm::join(list, ", ")));
      list.clear();
    };
    for (const auto& [i, argument] : llvm::enumerate(submit.getOperands_())) {
      const bool tensor = isa<DeviceTensorType>(argument.getType());
      if (!tensor && variable_type(argument.getType()).empty())
        return submit.emitOpError() << "passes a value of type " << argument.getType() << ", which a task cannot take";
      const char* next = tensor ? kCalls[static_cast<int>(direction_of(submit, static_cast<unsigned>(i)))] : "add_scalar";
      if (call != nullptr && llvm::StringRef(call) != next) flush();
      call = next;
      list.push_back(tensor ? text(argument) : typed(argument));
    }
    flush();
    return success();
  }

  /// An id of the compiler's that is none where another one names a task: what that one is, else null.
  static Value unless(arith::SelectOp select) {
    auto is = select.getCondition().getDefiningOp<tw::IsTaskOp>();
    return is && select.getTrueValue().getDefiningOp<tw::NoTaskOp>() ? is.getTask() : Value();
  }

  /// Whether tasks that the compiler lets wait say so themselves, in their lists.
  static bool is_written_with_tasks(arith::SelectOp select) {
    return unless(select) && llvm::all_of(select->getUses(), [](const OpOperand& use) {
             Operation* user = use.getOwner();
             if (auto submit = dyn_cast<tw::SubmitOp>(user)) return !llvm::is_contained(submit.getDependencies(), use.get());
             auto other = dyn_cast<arith::SelectOp>(user);
             return other && other.getFalseValue() == use.get() && is_written_with_tasks(other);
           });
  }

  /// "if (!inner.is_valid()) k_after.add_derived(outer);"
  std::string add_derived(Value id, const std::string& after) {
    std::vector<std::string> conditions;
    for (auto select = id.getDefiningOp<arith::SelectOp>(); select && is_written_with_tasks(select);
         select = id.getDefiningOp<arith::SelectOp>()) {
      conditions.push_back(fmt::format("!{}.is_valid()", operand(unless(select), kAtom)));
      id = select.getFalseValue();
    }
    const std::string condition = conditions.empty() ? "" : fmt::format("if ({}) ", llvm::join(llvm::reverse(conditions), " && "));
    return fmt::format("{}{}.add_derived({});", condition, after, text(id));
  }

  /// `derived` are the compiler's: behind the others, and none that is among them.
  void add_dependencies(ValueRange dependencies, ValueRange derived, const std::string& args, const std::string& stem) {
    if (dependencies.empty() && derived.empty()) return;
    const std::string after = names.unique(stem + "_after");
    int64_t most = 0;
    std::vector<std::string> named, added;
    for (const Value dependency : dependencies) {
      auto ids = dyn_cast<tw::TaskIdsType>(dependency.getType());
      most += ids ? ids.getCount() : 1;
      named.push_back(text(dependency));
    }
    for (const Value dependency : derived) {
      const std::string line = add_derived(dependency, after);
      if (llvm::is_contained(named, text(dependency)) || llvm::is_contained(added, line)) continue;
      added.push_back(line);
      ++most;
    }
    uses_.insert(added.empty() ? kDependencies : kDerivedDependencies);
    out.line(fmt::format("{}Dependencies<{}> {};", added.empty() ? "" : "Derived", most, after));
    for (const std::string& id : named) out.line(fmt::format("{}.add({});", after, id));
    for (const std::string& line : added) out.line(line);
    const std::string last = added.empty() ? "" : fmt::format(", {}.derived", after);
    out.line(fmt::format("{}.set_dependencies({}.ids, {}.count{});", args, after, after, last));
  }

  void add_predicate(tw::SubmitOp submit, const std::string& args, const std::string& stem) {
    if (!submit.getTested()) return;
    const std::string when = names.unique(stem + "_when");
    out.line(fmt::format("CoreTaskPredicate {};", when));
    out.line(fmt::format("{}.operand = {{&{}, {}, {{{}}}}};", when, text(submit.getTested()), submit.getTestedIndices().size(),
                         u32_list(submit.getTestedIndices())));
    out.line(fmt::format("{}.op = PredicateOp::{};", when, predicate_name(*submit.getRelation())));
    out.line(fmt::format("{}.target = {};", when, static_cast<int64_t>(*submit.getTarget())));
    out.line(fmt::format("{}.set_predicate({});", args, when));
  }

  static std::string stem_of(tw::SubmitOp submit) { return identifier(cast<FlatSymbolRefAttr>(submit.getKernels()[0]).getValue().str()); }
  static std::string stem_of(tw::DummyOp) { return "join"; }

  struct Lanes {
    std::vector<std::string> aic, aiv;  ///< enumerators
  };

  FailureOr<Lanes> lanes_of(tw::SubmitOp submit) {
    Lanes lanes;
    for (const Attribute attribute : submit.getKernels()) {
      const auto symbol = cast<FlatSymbolRefAttr>(attribute);
      auto kernel = SymbolTable::lookupNearestSymbolFrom<tile::FuncOp>(submit, symbol);
      if (!kernel.getCore())
        return submit.emitOpError() << "submits " << symbol << ", which has no kind of core; infer-memory-space decides it";
      const auto found = func_ids_.find(symbol.getValue());
      if (found == func_ids_.end()) return submit.emitOpError() << "submits " << symbol << ", which is not among the program's kernels";
      std::string& name = kernels_[found->second];
      if (name.empty()) name = names.unique("k" + camel_case(symbol.getValue().str()));
      (*kernel.getCore() == tile::Core::kAic ? lanes.aic : lanes.aiv).push_back(name);
    }
    if (lanes.aic.size() > 1 || lanes.aiv.size() > 2)
      return submit.emitOpError() << "has " << lanes.aic.size() << " kernels for AIC and " << lanes.aiv.size()
                                  << " for AIV; a task has one and two at most";
    return lanes;
  }

  LogicalResult write(tw::SubmitOp submit) {
    const FailureOr<Lanes> lanes = lanes_of(submit);
    if (failed(lanes)) return failure();
    const std::string stem = stem_of(submit);
    const std::string args = names.unique(stem + "_args");
    line(fmt::format("CoreTaskArgs {};", args), submit.getLoc());
    if (failed(add_arguments(submit, args))) return failure();
    if (submit.getBlocks()) {
      uses_.insert(kBlocks);
      out.line(fmt::format("{}.launch_spec.set_block_num(to_blocks({}));", args, text(submit.getBlocks())));
    }
    if (submit.getSyncStart()) out.line(fmt::format("{}.launch_spec.set_require_sync_start(true);", args));
    add_dependencies(submit.getDependencies(), submit.getDerived(), args, stem);
    add_predicate(submit, args, stem);
    if (submit.getEarlyResolve()) out.line(fmt::format("{}.set_allow_early_resolve();", args));
    std::string call;
    if (lanes->aic.size() + lanes->aiv.size() == 1) {
      call = lanes->aic.empty() ? fmt::format("rt_submit_aiv_task({}, {})", lanes->aiv[0], args)
                                : fmt::format("rt_submit_aic_task({}, {})", lanes->aic[0], args);
    } else {
      const std::string kernels = names.unique(stem + "_kernels");
      out.line(fmt::format("MixedKernels {};", kernels));
      if (!lanes->aic.empty()) out.line(fmt::format("{}.aic_kernel_id = {};", kernels, lanes->aic[0]));
      for (size_t i = 0; i < lanes->aiv.size(); ++i) out.line(fmt::format("{}.aiv{}_kernel_id = {};", kernels, i, lanes->aiv[i]));
      call = fmt::format("rt_submit_task({}, {})", kernels, args);
    }
    return submitted(submit.getTask(), stem, call);
  }

  LogicalResult write(tw::DummyOp dummy) {
    const std::string args = names.unique("join_args");
    line(fmt::format("CoreTaskArgs {};", args), dummy.getLoc());
    add_dependencies(dummy.getDependencies(), {}, args, stem_of(dummy));
    return submitted(dummy.getTask(), stem_of(dummy), fmt::format("rt_submit_dummy_task({})", args));
  }

  LogicalResult submitted(Value task, const std::string& stem, const std::string& call) {
    if (task.use_empty()) {
      out.line(call + ";");
    } else if (tw::SetOp set = set_at_once(task)) {
      out.line(fmt::format("{} = {}.task_id();", text(set.getVariable()), call));
    } else {
      define(task, stem + "_task", call + ".task_id()");
    }
    return success();
  }

  // ---- variables that hold ids of tasks

  /// The assignment that is written with the task: directly behind it, and nobody else uses the id.
  static tw::SetOp set_at_once(Value id) {
    Operation* task = id.getDefiningOp();
    auto set = id.hasOneUse() ? dyn_cast<tw::SetOp>(*id.user_begin()) : tw::SetOp();
    return set && isa_and_present<tw::SubmitOp, tw::DummyOp>(task) && set->getPrevNode() == task ? set : tw::SetOp();
  }

  /// Whether what is read is not used any more behind the next thing that is written, but for expressions, which stand in it: then the
  /// variable's name says it.
  static bool is_read_at_once(tw::GetOp get) {
    const auto is_expression = [](Operation* op) { return isa<tw::GetOp, tw::NoTaskOp, tw::IsTaskOp, arith::SelectOp>(op); };
    Operation* next = get->getNextNode();
    while (is_expression(next)) next = next->getNextNode();
    if (!isa<tw::SubmitOp, tw::DummyOp, tw::DeclareOp, tw::SetOp, tw::SetTaskOp>(next)) return false;
    SmallVector<Operation*> used(get->getUsers());
    while (!used.empty()) {
      Operation* user = used.pop_back_val();
      if (user == next) continue;
      if (!is_expression(user) || user->getBlock() != get->getBlock() || next->isBeforeInBlock(user)) return false;
      used.append(user->user_begin(), user->user_end());
    }
    return true;
  }

  LogicalResult write_variable(tw::DeclareOp declare) {
    if (!isa<tw::TaskIdType>(declare.getVariable().getType().getValue()))
      return declare.emitOpError("is left of a variable; promote-variables removes them");
    if (!declare.getInitial()) return declare.emitOpError("has no first value; that of an id that is not known yet is 'tw.no_task'");
    const std::string name = name_for(declare.getVariable(), "task");
    line(fmt::format("PTO2TaskId {} = {};", name, text(declare.getInitial())), declare.getLoc());
    set_code(declare.getVariable(), {name});
    return success();
  }

  LogicalResult write_variable(tw::SetOp set) {
    if (set_at_once(set.getValue())) return success();  // written with the task
    line(fmt::format("{} = {};", text(set.getVariable()), text(set.getValue())), set.getLoc());
    return success();
  }

  LogicalResult write_variable(tw::GetOp get) {
    const std::string variable = text(get.getVariable());
    if (is_read_at_once(get)) {
      set_code(get.getValue(), {variable});
    } else if (!get.getValue().use_empty()) {
      define(get.getValue(), "task", variable);
    }
    return success();
  }

  LogicalResult write(tw::SetTaskOp set) {
    // The array itself may be changed if this is the last that is seen of it, each time that this is executed.
    Value from = set.getTasks();
    std::string name = text(from);
    if (!from.hasOneUse() || from.getParentBlock() != set->getBlock()) {
      name = name_for(set.getResult(), "tasks");
      out.line(fmt::format("{} {} = {};", variable_type(from.getType()), name, text(from)));
    }
    line(fmt::format("{}.set({}, {});", name, text(set.getIndex()), text(set.getTask())), set.getLoc());
    set_code(set.getResult(), {name});
    return success();
  }

  tw::OrchestrationOp orchestration_;
  const llvm::StringMap<int32_t>& func_ids_;
  OrchestrationSource source_;
  std::string parameter_table_;
  bool is_derived_ = false;  ///< derive-dependencies ran
  std::map<int32_t, std::string> kernels_;  ///< func_id to enumerator, of those that are submitted
  std::set<const char*> uses_;
};

}  // namespace

OrchestrationSignature signature_of(tw::OrchestrationOp orchestration) {
  OrchestrationSignature signature;
  for (const BlockArgument parameter : orchestration.getArguments()) {
    const unsigned i = parameter.getArgNumber();
    // Callers use the program's own word, also where C++ takes it for something else.
    const std::string given = name_of(parameter.getLoc());
    signature.arguments.push_back(given.empty() ? fmt::format("arg{}", i) : given);
    signature.directions.push_back(!isa<DeviceTensorType>(parameter.getType())        ? ArgDirection::SCALAR
                                   : orchestration.getArgAttr(i, tw::kOutAttribute)   ? ArgDirection::OUT
                                   : orchestration.getArgAttr(i, tw::kInOutAttribute) ? ArgDirection::INOUT
                                                                                      : ArgDirection::IN);
  }
  return signature;
}

FailureOr<OrchestrationSource> orchestration_source(tw::OrchestrationOp orchestration, const llvm::StringMap<int32_t>& func_ids) {
  return OrchestrationWriter(orchestration, func_ids).write();
}

}  // namespace tilewright::emit
