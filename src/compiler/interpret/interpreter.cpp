#include "compiler/interpret/interpreter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/interpret/machine.h"
#include "compiler/ir/diagnostics.h"
#include "data/element.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

constexpr int kUnsetByte = 0xa5;  ///< of integers that are undefined

// ---- what a program is called with

tw::OrchestrationOp find_orchestration(ModuleOp module, StringRef name) {
  tw::OrchestrationOp found;
  std::vector<std::string> names;
  for (auto each : module.getOps<tw::OrchestrationOp>()) {
    names.push_back(each.getName().str());
    if (name.empty() || each.getName() == name) found = each;
  }
  if (names.empty()) throw Error(ErrorCode::kInvalidArgument, "the program has no orchestration");
  const std::string there_are = fmt::format("there {} {}", names.size() == 1 ? "is" : "are", fmt::join(names, ", "));
  if (!found) throw Error(ErrorCode::kInvalidArgument, fmt::format("the program has no orchestration '{}'", name.str()), there_are);
  if (name.empty() && names.size() > 1)
    throw Error(ErrorCode::kInvalidArgument, "the program has several orchestrations; name one", there_are);
  return found;
}

std::string text_of(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

[[noreturn]] void mismatch(tw::OrchestrationOp orchestration, size_t argument, const std::string& given) {
  const BlockArgument parameter = orchestration.getBody().getArgument(static_cast<unsigned>(argument));
  throw Error(ErrorCode::kSignatureMismatch, fmt::format("{}error: argument {} is {}, and {} is given", position_of(parameter.getLoc()),
                                                         argument, text_of(parameter.getType()), given));
}

template <typename ElementType>
Number loaded(ElementType, typename ElementType::Storage bits) {
  const auto number = ElementType::load(bits);
  if constexpr (std::is_same_v<typename ElementType::Value, double>) {
    return Number::of_real(number);
  } else {
    return Number::of_integer(static_cast<int64_t>(number));
  }
}

bool is_marked(tw::OrchestrationOp orchestration, size_t argument, StringRef mark) {
  return orchestration.getArgAttr(static_cast<unsigned>(argument), mark) != nullptr;
}
bool is_written(tw::OrchestrationOp orchestration, size_t argument) {
  return is_marked(orchestration, argument, tw::kOutAttribute) || is_marked(orchestration, argument, tw::kInOutAttribute);
}
bool is_only_written(tw::OrchestrationOp orchestration, size_t argument) {
  return is_marked(orchestration, argument, tw::kOutAttribute) && !is_marked(orchestration, argument, tw::kInOutAttribute);
}

/// Elements of a memory from `first` on become those of the host.
void fill(Memory& memory, int64_t first, const HostTensor& host) {
  visit_element_type(host.dtype(), [&](auto type) {
    auto next = static_cast<size_t>(first);
    for (const auto bits : host.elements<typename decltype(type)::Storage>()) memory.elements[next++] = loaded(type, bits);
  });
}

/// An argument in a memory of its own; elements of one that is only written are undefined.
Tensor as_tensor(tw::OrchestrationOp orchestration, size_t i, const HostTensor& host) {
  const auto type = dyn_cast<tw::DeviceTensorType>(orchestration.getArgumentTypes()[i]);
  if (!type) mismatch(orchestration, i, host.description());
  const std::optional<DataType> dtype = dtype_of(type.getElement());
  bool fits = dtype == host.dtype() && type.rank() == host.shape().size();
  for (unsigned d = 0; fits && d < type.rank(); ++d) {
    fits = host.shape()[d] > 0 && (type.is_dynamic(d) || type.getShape()[d] == static_cast<int64_t>(host.shape()[d]));
  }
  if (!fits) mismatch(orchestration, i, host.description());
  Tensor tensor;
  tensor.memory = std::make_shared<Memory>(Memory{*format_of(type.getElement()), std::vector<Number>(host.element_count())});
  tensor.shape.assign(host.shape().begin(), host.shape().end());
  tensor.strides.assign(tensor.shape.size(), 1);
  for (size_t d = tensor.shape.size(); d-- > 1;) tensor.strides[d - 1] = tensor.strides[d] * tensor.shape[d];
  tensor.read_only = !is_written(orchestration, i);
  if (!is_only_written(orchestration, i)) fill(*tensor.memory, 0, host);
  return tensor;
}

/// A scalar crosses as 64 bits, of which those of its type count; one of fewer bits is at most an integer that is the same in more.
Number as_number(tw::OrchestrationOp orchestration, size_t argument, const ScalarSpec& scalar) {
  const Type type = orchestration.getArgumentTypes()[argument];
  const std::optional<Format> format = format_of(type);
  const std::string given = fmt::format("a scalar {}", short_dtype_name(scalar.dtype));
  if (!format) mismatch(orchestration, argument, given);
  const unsigned width = 8 * static_cast<unsigned>(get_element_size(scalar.dtype));
  return visit_element_type(scalar.dtype, [&](auto element) -> Number {
    using Storage = typename decltype(element)::Storage;
    Storage bits;
    std::memcpy(&bits, &scalar.bits, sizeof(bits));
    const Number number = loaded(element, bits);
    const bool real = std::is_same_v<typename decltype(element)::Value, double>;
    const bool same_kind = real == format->is_real() && (!real || dtype_of(type) == scalar.dtype);
    const bool wider = !real && format->width > width && number.integer >= 0;
    if (!same_kind || (format->width != width && !wider && format->width != 1)) mismatch(orchestration, argument, given);
    return real ? number : Number::of_integer(wrap(*format, static_cast<uint64_t>(number.integer)));
  });
}

// ---- what is left of it

/// The bits of a number of an fp8 type.
template <typename ElementType>
uint8_t byte_of(ElementType, double real) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const double candidate = ElementType::load(static_cast<uint8_t>(bits));
    if (candidate == real || (std::isnan(candidate) && std::isnan(real))) return static_cast<uint8_t>(bits);
  }
  throw Error(ErrorCode::kInternal, fmt::format("{} is no number of an fp8 type", real));
}

template <typename ElementType>
typename ElementType::Storage stored(ElementType type, const Number& number) {
  using Storage = typename ElementType::Storage;
  if constexpr (std::is_same_v<typename ElementType::Value, double>) {
    const double real = number.defined ? number.real : std::numeric_limits<double>::quiet_NaN();
    if constexpr (requires { ElementType::store(real); }) {
      return ElementType::store(real);
    } else {
      return byte_of(type, real);
    }
  } else {
    if (number.defined) return static_cast<Storage>(number.integer);
    Storage unset;
    std::memset(&unset, kUnsetByte, sizeof(unset));
    return unset;
  }
}

TensorOutcome write_back(const Tensor& tensor, bool changed, HostTensor& host) {
  TensorOutcome outcome;
  const ArrayRef<Number> elements = ArrayRef(tensor.memory->elements).slice(static_cast<size_t>(tensor.first), host.element_count());
  for (const Number& number : elements) {
    outcome.undefined.push_back(number.defined ? 0 : 1);
    outcome.error.push_back(number.defined ? number.error : std::numeric_limits<double>::infinity());
  }
  if (!changed) return outcome;
  visit_element_type(host.dtype(), [&](auto type) {
    size_t next = 0;
    for (auto& bits : host.elements<typename decltype(type)::Storage>()) bits = stored(type, elements[next++]);
  });
  return outcome;
}

// ---- arguments that share memory

/// Moves the inner argument of an alias into the memory of the outer one.
void share_memory(tw::OrchestrationOp orchestration, const Alias& alias, ArrayRef<Alias> all, std::vector<std::optional<Tensor>>& tensors,
                  std::span<const Argument> arguments) {
  const auto wrong = [&](ErrorCode code, const std::string& what, const std::string& hint = {}) {
    throw Error(code,
                fmt::format("{}error: argument {} cannot lie in argument {} from element {} on: {}", position_of(orchestration.getLoc()),
                            alias.inner, alias.outer, alias.first, what),
                hint);
  };
  for (const size_t i : {alias.outer, alias.inner}) {
    if (i >= tensors.size() || !tensors[i]) wrong(ErrorCode::kSignatureMismatch, fmt::format("{} is no tensor", i));
  }
  const auto inner_count = [&](size_t i) { return llvm::count_if(all, [&](const Alias& each) { return each.inner == i; }); };
  if (inner_count(alias.inner) > 1) wrong(ErrorCode::kSignatureMismatch, "it lies in several");
  if (inner_count(alias.outer) > 0) wrong(ErrorCode::kSignatureMismatch, "that one lies in another one itself");
  const Tensor& outer = *tensors[alias.outer];
  Tensor& inner = *tensors[alias.inner];
  const auto &outer_host = std::get<HostTensor>(arguments[alias.outer]), &inner_host = std::get<HostTensor>(arguments[alias.inner]);
  if (outer_host.dtype() != inner_host.dtype()) wrong(ErrorCode::kSignatureMismatch, "their elements have different types");
  const size_t count = outer.memory->elements.size();
  if (alias.first < 0 || static_cast<size_t>(alias.first) > count || inner_host.element_count() > count - static_cast<size_t>(alias.first))
    wrong(ErrorCode::kSignatureMismatch, "it does not fit");
  const bool may =
      is_marked(orchestration, alias.outer, tw::kMayAliasAttribute) && is_marked(orchestration, alias.inner, tw::kMayAliasAttribute);
  if (!may && (is_written(orchestration, alias.outer) || is_written(orchestration, alias.inner)))
    wrong(ErrorCode::kInvalidArgument, "one of them is written", "mark both tw.may_alias");
  inner.memory = outer.memory;
  inner.first = alias.first;
  if (is_only_written(orchestration, alias.outer) && !is_only_written(orchestration, alias.inner))
    fill(*outer.memory, alias.first, inner_host);
}

}  // namespace

Outcome interpret(ModuleOp module, StringRef name, std::span<Argument> arguments, const Options& options) {
  tw::OrchestrationOp orchestration = find_orchestration(module, name);
  if (arguments.size() != orchestration.getNumArguments()) {
    throw Error(ErrorCode::kSignatureMismatch,
                fmt::format("{}error: '{}' takes {} arguments, and {} are given", position_of(orchestration.getLoc()),
                            orchestration.getName().str(), orchestration.getNumArguments(), arguments.size()));
  }
  if (options.log != nullptr) *options.log = {};
  Machine machine(module, options);
  std::vector<std::optional<Tensor>> tensors(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (const auto* host = std::get_if<HostTensor>(&arguments[i])) {
      tensors[i] = as_tensor(orchestration, i, *host);
    } else {
      machine.set(orchestration.getArgument(static_cast<unsigned>(i)), as_number(orchestration, i, std::get<ScalarSpec>(arguments[i])));
    }
  }
  for (const Alias& alias : options.aliases) share_memory(orchestration, alias, options.aliases, tensors, arguments);
  llvm::SmallPtrSet<const Memory*, 4> changed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!tensors[i]) continue;
    const Value parameter = orchestration.getArgument(static_cast<unsigned>(i));
    machine.recorder.add_root(*tensors[i], parameter, false);
    machine.set(parameter, *tensors[i]);
    if (!tensors[i]->read_only) changed.insert(tensors[i]->memory.get());
  }
  machine.run_block(orchestration.getBody().front());

  Outcome outcome{std::vector<TensorOutcome>(arguments.size()), machine.unstable};
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (tensors[i])
      outcome.tensors[i] = write_back(*tensors[i], changed.contains(tensors[i]->memory.get()), std::get<HostTensor>(arguments[i]));
  }
  return outcome;
}

std::optional<std::string> first_disagreement(const HostTensor& actual, const HostTensor& expected, const TensorOutcome& known) {
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    return fmt::format("{}, expected {}", actual.description(), expected.description());
  }
  return visit_element_type(actual.dtype(), [&](auto type) -> std::optional<std::string> {
    using Storage = typename decltype(type)::Storage;
    const std::span<const Storage> left = actual.elements<Storage>(), right = expected.elements<Storage>();
    for (size_t i = 0; i < left.size(); ++i) {
      if (known.undefined[i] != 0 || left[i] == right[i]) continue;
      const auto a = decltype(type)::load(left[i]), b = decltype(type)::load(right[i]);
      const double between = std::is_same_v<decltype(a), const double>
                                 ? distance(static_cast<double>(a), static_cast<double>(b))
                                 : static_cast<double>(a > b ? static_cast<uint64_t>(a) - static_cast<uint64_t>(b)
                                                             : static_cast<uint64_t>(b) - static_cast<uint64_t>(a));
      if (between <= known.error[i]) continue;
      return fmt::format("[{}]: {}, expected {} within {}", fmt::join(unflatten(i, actual.shape()), ", "), a, b, known.error[i]);
    }
    return std::nullopt;
  });
}

}  // namespace tilewright::interpret
