#include "compiler/interpret/interpreter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/interpret/machine.h"
#include "compiler/ir/diagnostics.h"
#include "data/element.h"

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

/// The elements of an argument; those of one that is only written are undefined.
Tensor as_tensor(const HostTensor& host, const Format& format, bool only_written, bool read_only) {
  Tensor tensor;
  tensor.memory = std::make_shared<Memory>(Memory{format, std::vector<Number>(host.element_count()), read_only});
  tensor.shape.assign(host.shape().begin(), host.shape().end());
  tensor.strides.assign(tensor.shape.size(), 1);
  for (size_t i = tensor.shape.size(); i-- > 1;) tensor.strides[i - 1] = tensor.strides[i] * tensor.shape[i];
  if (only_written) return tensor;
  visit_element_type(host.dtype(), [&](auto type) {
    size_t next = 0;
    for (const auto bits : host.elements<typename decltype(type)::Storage>()) tensor.memory->elements[next++] = loaded(type, bits);
  });
  return tensor;
}

Tensor as_tensor(tw::OrchestrationOp orchestration, size_t i, const HostTensor& host) {
  const auto argument = static_cast<unsigned>(i);
  const auto type = dyn_cast<tw::DeviceTensorType>(orchestration.getArgumentTypes()[argument]);
  if (!type) mismatch(orchestration, i, host.description());
  const std::optional<DataType> dtype = dtype_of(type.getElement());
  bool fits = dtype == host.dtype() && type.rank() == host.shape().size();
  for (unsigned d = 0; fits && d < type.rank(); ++d) {
    fits = host.shape()[d] > 0 && (type.is_dynamic(d) || type.getShape()[d] == static_cast<int64_t>(host.shape()[d]));
  }
  if (!fits) mismatch(orchestration, i, host.description());
  const bool written = orchestration.getArgAttr(argument, tw::kOutAttribute) != nullptr;
  const bool both = orchestration.getArgAttr(argument, tw::kInOutAttribute) != nullptr;
  return as_tensor(host, *format_of(type.getElement()), written && !both, !written && !both);
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

TensorOutcome write_back(const Memory& memory, HostTensor& host) {
  TensorOutcome outcome;
  for (const Number& number : memory.elements) {
    outcome.undefined.push_back(number.defined ? 0 : 1);
    outcome.error.push_back(number.defined ? number.error : std::numeric_limits<double>::infinity());
  }
  if (memory.read_only) return outcome;
  visit_element_type(host.dtype(), [&](auto type) {
    size_t next = 0;
    for (auto& bits : host.elements<typename decltype(type)::Storage>()) bits = stored(type, memory.elements[next++]);
  });
  return outcome;
}

}  // namespace

Outcome interpret(ModuleOp module, StringRef name, std::span<Argument> arguments, const Options& options) {
  tw::OrchestrationOp orchestration = find_orchestration(module, name);
  if (arguments.size() != orchestration.getNumArguments()) {
    throw Error(ErrorCode::kSignatureMismatch,
                fmt::format("{}error: '{}' takes {} arguments, and {} are given", position_of(orchestration.getLoc()),
                            orchestration.getName().str(), orchestration.getNumArguments(), arguments.size()));
  }
  Machine machine(module, options);
  std::vector<std::shared_ptr<Memory>> memories(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Value parameter = orchestration.getBody().getArgument(static_cast<unsigned>(i));
    if (const auto* host = std::get_if<HostTensor>(&arguments[i])) {
      Tensor tensor = as_tensor(orchestration, i, *host);
      memories[i] = tensor.memory;
      machine.set(parameter, std::move(tensor));
    } else {
      machine.set(parameter, as_number(orchestration, i, std::get<ScalarSpec>(arguments[i])));
    }
  }
  machine.run_block(orchestration.getBody().front());

  Outcome outcome{std::vector<TensorOutcome>(arguments.size()), machine.unstable};
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (memories[i]) outcome.tensors[i] = write_back(*memories[i], std::get<HostTensor>(arguments[i]));
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
