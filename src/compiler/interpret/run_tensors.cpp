// Tensors in device memory, and variables.
#include <fmt/format.h>

#include "compiler/interpret/machine.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

constexpr int64_t kMostElements = int64_t{1} << 31;  ///< of one tensor that a program creates

/// The extents of a tensor type; `open` are those that it leaves open.
llvm::SmallVector<int64_t, 5> extents_of(tw::DeviceTensorType type, ArrayRef<int64_t> open) {
  llvm::SmallVector<int64_t, 5> extents(type.getShape());
  size_t next = 0;
  for (int64_t& extent : extents) {
    if (ShapedType::isDynamic(extent)) extent = open[next++];
  }
  return extents;
}

void make_dense(Tensor& tensor) {
  tensor.strides.assign(tensor.shape.size(), 1);
  for (size_t i = tensor.shape.size() - 1; i-- > 0;) tensor.strides[i] = tensor.strides[i + 1] * tensor.shape[i + 1];
}

/// The number of elements; throws for an extent that is none.
int64_t count_elements(Operation* op, ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent <= 0) fail(op, ErrorCode::kInvalidArgument, fmt::format("makes a tensor with an extent of {}", extent));
    if (extent > kMostElements / count)
      fail(op, ErrorCode::kLimitExceeded, fmt::format("makes a tensor of more than {} elements", kMostElements));
    count *= extent;
  }
  return count;
}

void run_create(Machine& machine, tw::CreateOp create) {
  const tw::DeviceTensorType type = create.getTensor().getType();
  Tensor tensor;
  tensor.shape = extents_of(type, machine.decided(create, create.getExtents()));
  const auto count = static_cast<size_t>(count_elements(create, tensor.shape));
  make_dense(tensor);
  const Format format = *format_of(type.getElement());
  const Number initial = create.getInitial() ? as_element(format, machine.number(create.getInitial())) : Number{};
  tensor.memory = std::make_shared<Memory>(Memory{format, std::vector<Number>(count, initial)});
  machine.recorder.add_root(tensor, create.getTensor(), create.getUntracked());
  machine.recorder.begin(Event::Kind::kCreate, create);
  if (create.getInitial()) machine.recorder.touch_all(tensor, Touch::kWrite);
  machine.set(create.getTensor(), std::move(tensor));
}

/// The part of `whole` of `shape` from `offsets` on.
Tensor part_of(Operation* op, const Tensor& whole, ArrayRef<int64_t> offsets, llvm::SmallVector<int64_t, 5> shape) {
  for (size_t d = 0; d < shape.size(); ++d) {
    const bool inside = offsets[d] >= 0 && shape[d] > 0 && shape[d] <= whole.shape[d] && offsets[d] <= whole.shape[d] - shape[d];
    if (inside) continue;
    fail(op, ErrorCode::kOutOfBounds,
         fmt::format("takes {} elements from {} on in dimension {}, which has {}", shape[d], offsets[d], d, whole.shape[d]));
  }
  Tensor part = whole;
  part.first = whole.place(offsets);
  part.shape = std::move(shape);
  return part;
}

void run_view(Machine& machine, tw::ViewOp view) {
  machine.set(view.getView(), part_of(view, machine.tensor(view.getTensor()), machine.decided(view, view.getOffsets()),
                                      extents_of(view.getView().getType(), machine.decided(view, view.getExtents()))));
}

void run_reshape(Machine& machine, tw::ReshapeOp reshape) {
  const Tensor& from = machine.tensor(reshape.getTensor());
  int64_t expected = 1;  // stride of a dense tensor; that of a dimension of one element is never used
  for (size_t i = from.shape.size(); i-- > 0;) {
    if (from.shape[i] != 1 && from.strides[i] != expected) {
      fail(reshape, ErrorCode::kInvalidArgument, "reshapes a view whose elements do not lie one behind the other");
    }
    expected *= from.shape[i];
  }
  Tensor to = from;
  to.shape = extents_of(reshape.getView().getType(), machine.decided(reshape, reshape.getExtents()));
  const int64_t count = count_elements(reshape, to.shape);
  if (count != expected) {
    fail(reshape, ErrorCode::kInvalidArgument, fmt::format("makes a tensor of {} elements of one of {}", count, expected));
  }
  make_dense(to);
  machine.set(reshape.getView(), std::move(to));
}

void run_transpose(Machine& machine, tw::TransposeOp transpose) {
  Tensor tensor = machine.tensor(transpose.getTensor());
  std::swap(tensor.shape[transpose.getFirst()], tensor.shape[transpose.getSecond()]);
  std::swap(tensor.strides[transpose.getFirst()], tensor.strides[transpose.getSecond()]);
  machine.set(transpose.getView(), std::move(tensor));
}

void run_assemble(Machine& machine, tw::AssembleOp assemble) {
  const Tensor& from = machine.tensor(assemble.getTensor());
  const Tensor to = part_of(assemble, machine.tensor(assemble.getInto()), machine.decided(assemble, assemble.getOffsets()), from.shape);
  check_writable(assemble, to);
  machine.recorder.begin(Event::Kind::kAssemble, assemble);
  machine.recorder.add_argument(from, 0, tw::Direction::kIn);
  machine.recorder.add_argument(to, 1, tw::Direction::kOut);
  machine.recorder.touch_all(from, Touch::kRead);
  machine.recorder.touch_all(to, Touch::kWrite);
  std::vector<Number> elements;  // both may name the same ones
  for_each_index(from.shape, [&](ArrayRef<int64_t> at) { elements.push_back(from.at(at)); });
  size_t next = 0;
  for_each_index(to.shape, [&](ArrayRef<int64_t> at) { to.at(at) = elements[next++]; });
}

void run_dim(Machine& machine, tw::DimOp dim) {
  machine.set(dim.getExtent(), Number::of_integer(machine.tensor(dim.getTensor()).shape[dim.getDimension()]));
}

void run_read(Machine& machine, tw::ReadOp read) {
  const Tensor& tensor = machine.tensor(read.getTensor());
  const auto indices = machine.decided(read, read.getIndices());
  check_inside(read, tensor, indices, 1, 1);
  if (!machine.in_task) {
    machine.recorder.begin(Event::Kind::kRead, read);
    machine.recorder.add_argument(tensor, 0, tw::Direction::kIn);
  }
  machine.recorder.touch(tensor, indices, 1, 1, Touch::kRead);
  machine.set(read.getValue(), as_scalar(tensor.memory->format, tensor.at(indices)));
}

void run_write(Machine& machine, tw::WriteOp write) {
  const Tensor& tensor = machine.tensor(write.getTensor());
  const auto indices = machine.decided(write, write.getIndices());
  check_inside(write, tensor, indices, 1, 1);
  check_writable(write, tensor);
  if (!machine.in_task) {
    machine.recorder.begin(Event::Kind::kWrite, write);
    machine.recorder.add_argument(tensor, 1, tw::Direction::kOut);
  }
  machine.recorder.touch(tensor, indices, 1, 1, Touch::kWrite);
  tensor.at(indices) = as_element(tensor.memory->format, machine.number(write.getValue()));
}

// ---- variables

void run_declare(Machine& machine, tw::DeclareOp declare) {
  machine.set(declare.getVariable(), std::make_shared<Variable>(declare.getInitial() ? machine.get(declare.getInitial()) : Datum()));
}

void run_get(Machine& machine, tw::GetOp get) {
  const Variable& variable = *std::get<VariablePointer>(machine.get(get.getVariable()));
  if (std::holds_alternative<std::monostate>(variable.value))
    fail(get, ErrorCode::kInvalidArgument, "reads a variable that nothing has set");
  machine.set(get.getValue(), variable.value);
}

void run_set(Machine& machine, tw::SetOp set) {
  std::get<VariablePointer>(machine.get(set.getVariable()))->value = machine.get(set.getValue());
}

}  // namespace

void add_tensors(Handlers& handlers) {
  add_handler<tw::CreateOp, run_create>(handlers);
  add_handler<tw::ViewOp, run_view>(handlers);
  add_handler<tw::ReshapeOp, run_reshape>(handlers);
  add_handler<tw::TransposeOp, run_transpose>(handlers);
  add_handler<tw::AssembleOp, run_assemble>(handlers);
  add_handler<tw::DimOp, run_dim>(handlers);
  add_handler<tw::ReadOp, run_read>(handlers);
  add_handler<tw::WriteOp, run_write>(handlers);
  add_handler<tw::DeclareOp, run_declare>(handlers);
  add_handler<tw::GetOp, run_get>(handlers);
  add_handler<tw::SetOp, run_set>(handlers);
}

}  // namespace tilewright::interpret
