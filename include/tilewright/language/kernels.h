// Part of tilewright/language.h: in-core functions and their submission.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "tilewright/language/tasks.h"

namespace tilewright {

namespace detail {

/// What a parameter of a function of the language is to the builder, and how an argument becomes one.
template <typename P>
struct Parameter;
template <>
struct Parameter<Tensor> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_IN;
};
template <>
struct Parameter<Out<Tensor>> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_OUT;
};
template <>
struct Parameter<InOut<Tensor>> {
  using Kind = TensorKind;
  using Argument = TensorArg;
  static constexpr twb_direction kDirection = TWB_INOUT;
};
template <>
struct Parameter<Index> {
  using Kind = IndexKind;
  using Argument = IndexArg;
  static constexpr twb_direction kDirection = TWB_IN;
};
template <>
struct Parameter<Scalar> {
  using Kind = ScalarKind;
  using Argument = ScalarArg;
  static constexpr twb_direction kDirection = TWB_IN;
};

template <typename F>
struct ParametersOf : ParametersOf<decltype(&F::operator())> {};
template <typename R, typename... P>
struct ParametersOf<R (*)(P...)> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};
template <typename R, typename C, typename... P>
struct ParametersOf<R (C::*)(P...) const> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};
template <typename R, typename C, typename... P>
struct ParametersOf<R (C::*)(P...)> {
  using Types = std::tuple<std::remove_cvref_t<P>...>;
};

inline int next_kernel_id() {
  static thread_local int id = 0;
  return ++id;
}

inline twb_value read_argument(twb_builder* b, const TensorArg& argument) { return argument.read(b); }
inline twb_value read_argument(twb_builder* b, const IndexArg& argument) { return argument.read(b); }
inline twb_value read_argument(twb_builder* b, const ScalarArg& argument) { return argument.read(b, TWB_F32); }

/// Calls a function of the language with variables that hold these values.
template <typename... P, typename Function, size_t... I>
void call_with(Function& function, const twb_value* values, Where where, std::index_sequence<I...>) {
  twb_builder* b = at(where);
  const twb_value slots[] = {twb_declare(b, values[I])..., 0};  // braces: in this order
  function(Declared<typename Parameter<P>::Kind>{slots[I]}...);
}

}  // namespace detail

/// A kernel: a function of tensors, then numbers. It is recorded once for each combination of argument types that it is submitted with.
template <typename Body>
class InCore {
 public:
  using Parameters = typename detail::ParametersOf<Body>::Types;
  InCore(const char* name, Body body, Where where = Where::current()) : name_(name), body_(std::move(body)), where_(where) {}

  /// Its name in the module for these arguments, which the builder owns; records it at the first call.
  const char* record(const twb_value* arguments) const { return record(arguments, std::type_identity<Parameters>()); }

 private:
  template <typename... P>
  const char* record(const twb_value* arguments, std::type_identity<std::tuple<P...>>) const {
    constexpr twb_direction kDirections[] = {detail::Parameter<P>::kDirection..., TWB_IN};
    twb_value values[sizeof...(P) + 1] = {};
    int begun = 0;
    const char* const name = twb_begin_kernel_for(detail::at(where_), id_, name_, arguments, kDirections, sizeof...(P), values, &begun);
    if (begun != 0) {
      detail::call_with<P...>(body_, values, where_, std::index_sequence_for<P...>());
      twb_end_function(detail::at(where_));
    }
    return name;
  }

  const char* name_;
  Body body_;
  Where where_;
  int id_ = detail::next_kernel_id();
};

template <typename Body>
InCore<Body> incore(const char* name, Body body, Where where = Where::current()) {
  return InCore<Body>(name, std::move(body), where);
}

/// The kernels of a mixed task: they run side by side on one core group and take the same arguments.
template <typename... Kernels>
struct Mixed {
  std::tuple<const Kernels&...> kernels;
};
template <typename First, typename... Others>
Mixed<InCore<First>, InCore<Others>...> mixed(const InCore<First>& first, const InCore<Others>&... others) {
  return {{first, others...}};
}

namespace detail {

template <typename First, typename... Others, typename... Arguments>
TaskValue submit(const Where& where, const std::tuple<const First&, const Others&...>& kernels, const TaskOptions& options,
                 const Arguments&... arguments) {
  twb_builder* b = at(where);
  const twb_value values[] = {read_argument(b, arguments)..., 0};
  const ReadTask task(b, options);
  for (size_t i = 0; i < sizeof...(Arguments); ++i) {
    if (values[i] == 0) return TaskValue(0);
  }
  return std::apply(
      [&](const auto&... kernel) {
        const char* const names[] = {kernel.record(values)...};  // braces: in this order
        return TaskValue(twb_submit(at(where), names, sizeof...(kernel), values, sizeof...(Arguments), task.get()));
      },
      kernels);
}

/// The argument list of a kernel, so that arguments convert where they are written.
template <typename Parameters>
struct Submit;
template <typename... P>
struct Submit<std::tuple<P...>> {
  template <typename Kernels>
  static TaskValue call(const Where& where, const Kernels& kernels, const TaskOptions& options,
                        typename Parameter<P>::Argument... arguments) {
    return submit(where, kernels, options, arguments...);
  }
};

}  // namespace detail

/// The kernel with what its task is to be told, at the line where this is written.
template <typename Body>
class Submission {
 public:
  Submission(const InCore<Body>& kernel, TaskOptions options, Where where) : kernel_(kernel), options_(std::move(options)), where_(where) {}
  template <typename... Arguments>
  TaskValue operator()(const Arguments&... arguments) const {
    return detail::Submit<typename InCore<Body>::Parameters>::call(where_, std::tuple<const InCore<Body>&>(kernel_), options_,
                                                                   arguments...);
  }

 private:
  const InCore<Body>& kernel_;
  TaskOptions options_;
  Where where_;
};
template <typename First, typename... Others>
class MixedSubmission {
 public:
  MixedSubmission(const Mixed<First, Others...>& mixed, TaskOptions options, Where where)
      : mixed_(mixed), options_(std::move(options)), where_(where) {}
  template <typename... Arguments>
  TaskValue operator()(const Arguments&... arguments) const {
    return detail::Submit<typename First::Parameters>::call(where_, mixed_.kernels, options_, arguments...);
  }

 private:
  Mixed<First, Others...> mixed_;
  TaskOptions options_;
  Where where_;
};

/// submit(kernel)(x, y), submit(kernel, {.after = {t}})(x, y), submit(mixed(cube, vector))(x, y): a task of kernels on these arguments.
template <typename Body>
Submission<Body> submit(const InCore<Body>& kernel, TaskOptions options = {}, Where where = Where::current()) {
  return Submission<Body>(kernel, std::move(options), where);
}
template <typename First, typename... Others>
MixedSubmission<First, Others...> submit(const Mixed<First, Others...>& mixed, TaskOptions options = {}, Where where = Where::current()) {
  return MixedSubmission<First, Others...>(mixed, std::move(options), where);
}

}  // namespace tilewright
