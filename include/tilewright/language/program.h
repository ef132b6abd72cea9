// Part of tilewright/language.h: programs, and what their main() does.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <utility>

#include "tilewright/language/example.h"
#include "tilewright/language/kernels.h"

namespace tilewright {

/// The type of a program's parameter, and its name for those who run it; without one it is "arg0", "arg1", ... by place.
struct ParameterType {
  const char* name;
  twb_kind kind;
  twb_dtype dtype;
  detail::List<int64_t> extents;
  bool aliases = false;

  /// The same for a tensor whose memory may be, or overlap, that of another one which may alias too: tasks that use either are in order.
  ParameterType may_alias() const {
    ParameterType marked = *this;
    marked.aliases = true;
    return marked;
  }
};
/// `dynamic` is an extent that only the run knows.
inline ParameterType tensor(const char* name, DType dtype, std::initializer_list<int64_t> extents) {
  return {name, TWB_TENSOR, static_cast<twb_dtype>(dtype), extents};
}
inline ParameterType tensor(DType dtype, std::initializer_list<int64_t> extents) { return tensor(nullptr, dtype, extents); }
inline ParameterType number(const char* name, DType dtype) { return {name, TWB_NUMBER, static_cast<twb_dtype>(dtype), {}}; }
inline ParameterType number(DType dtype) { return number(nullptr, dtype); }
inline ParameterType index_number(const char* name = nullptr) { return {name, TWB_NUMBER, TWB_INDEX, {}}; }

/// An orchestration with the types of its parameters: what a tile program's main() is made of.
template <typename... P>
class Program {
 public:
  Program(const char* name, void (*body)(P...), detail::List<ParameterType> types, Where where)
      : name_(name), body_(body), types_(std::move(types)), where_(where) {}

  /// Records the program into `b`. 1 if nothing is wrong with it.
  int record(twb_builder* b) const {
    detail::Recording recording;
    recording.builder = b;
    recording.stack = static_cast<const char*>(__builtin_frame_address(0));
    detail::Recording* outer = std::exchange(detail::recording, &recording);
    const Types types(types_);
    twb_value values[sizeof...(P) + 1] = {};
    if (twb_begin_orchestration(detail::at(where_), name_, types.list, sizeof...(P), values) != 0) {
      detail::call_with<std::remove_cvref_t<P>...>(body_, values, where_, std::index_sequence_for<P...>());
      twb_end_function(detail::at(where_));
    }
    detail::recording = outer;
    return twb_finish(b);
  }

  /// What the parameters hold when main() runs the program: one for each, in order.
  Program& example(detail::List<Example> values) {
    example_ = std::move(values);
    return *this;
  }
  /// What the program computes, by itself and in double precision. It takes one argument for each parameter: `const Array&` for a tensor
  /// that is read, `Array&` for one that is written (after which every element is set; one that is also read holds its first values before),
  /// double or int64_t for a number. A lambda without captures.
  Program& reference(void (*compute)(typename detail::OfReference<std::remove_cvref_t<P>>::Type...)) {
    reference_ = compute;
    return *this;
  }
  /// How far results may be from the reference; else the tolerance of their type counts.
  Program& within(Tolerance tolerance) {
    tolerance_ = tolerance;
    return *this;
  }

  /// Runs the program on its example and compares with the reference, or compiles or records it, as the arguments say; `--help` lists them.
  /// The exit status is that of twb_main.
  int main(int argc, char** argv) const {
    const Types types(types_);
    detail::List<twb_example> examples;
    for (const Example& example : example_) examples.push_back(example.get());
    twb_program program = {};
    program.name = name_;
    program.record = [](void* self, twb_builder* b) { return static_cast<const Program*>(self)->record(b); };
    if (reference_ != nullptr) {
      program.reference = [](void* self, twb_array* arrays) {
        static_cast<const Program*>(self)->compare_with(arrays, std::index_sequence_for<P...>());
      };
    }
    program.self = const_cast<Program*>(this);
    program.parameters = types.list;
    program.parameter_count = sizeof...(P);
    program.example = examples.data();
    program.example_count = examples.size();
    program.relative = tolerance_.relative;
    program.absolute = tolerance_.absolute;
    return twb_main(&program, argc, argv);
  }

 private:
  /// The parameters as the builder takes them. They point into `types`.
  struct Types {
    explicit Types(const detail::List<ParameterType>& types) {
      constexpr twb_direction kDirections[] = {detail::Parameter<std::remove_cvref_t<P>>::kDirection..., TWB_IN};
      for (size_t i = 0; i < sizeof...(P); ++i) {
        const ParameterType& type = types[i];
        list[i] = {type.kind, type.dtype, kDirections[i], type.extents.data(), type.extents.size(), type.name, type.aliases ? 1 : 0};
      }
    }
    twb_parameter list[sizeof...(P) + 1] = {};
  };

  template <size_t... I>
  void compare_with(const twb_array* arrays, std::index_sequence<I...>) const {
    Array all[] = {Array(arrays[I])..., Array(twb_array())};
    reference_(detail::OfReference<std::remove_cvref_t<P>>::get(all[I])...);
  }

  const char* name_;
  void (*body_)(P...);
  detail::List<ParameterType> types_;
  Where where_;
  detail::List<Example> example_;
  void (*reference_)(typename detail::OfReference<std::remove_cvref_t<P>>::Type...) = nullptr;
  Tolerance tolerance_ = {-1, -1};
};

namespace detail {

/// The last argument of program() that is no type: its line.
struct ProgramName {
  ProgramName(const char* text, Where where = Where::current()) : text(text), where(where) {}
  const char* text;
  Where where;
};

}  // namespace detail

/// program("softmax", softmax, tensor("x", f32, {dynamic, 512}), ...): one type for each parameter.
template <typename... P, typename... Types>
Program<P...> program(detail::ProgramName name, void (*body)(P...), const Types&... types) {
  static_assert(sizeof...(P) == sizeof...(Types), "a program has one type for each parameter of its function");
  return Program<P...>(name.text, body, {types...}, name.where);
}

}  // namespace tilewright
