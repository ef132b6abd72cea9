// Part of tilewright/language.h: programs, and what their main() does.
#pragma once

#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "tilewright/language/kernels.h"

namespace tilewright {

/// The type of a program's parameter.
struct ParameterType {
  twb_kind kind;
  twb_dtype dtype;
  detail::List<int64_t> extents;
};
/// `dynamic` is an extent that only the run knows.
inline ParameterType tensor(DType dtype, std::initializer_list<int64_t> extents) {
  return {TWB_TENSOR, static_cast<twb_dtype>(dtype), extents};
}
inline ParameterType number(DType dtype) { return {TWB_NUMBER, static_cast<twb_dtype>(dtype), {}}; }
inline ParameterType index_number() { return {TWB_NUMBER, TWB_INDEX, {}}; }

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
    constexpr twb_direction kDirections[] = {detail::Parameter<std::remove_cvref_t<P>>::kDirection..., TWB_IN};
    twb_parameter parameters[sizeof...(P) + 1] = {};
    twb_value values[sizeof...(P) + 1] = {};
    for (size_t i = 0; i < sizeof...(P); ++i) {
      parameters[i] = {types_[i].kind, types_[i].dtype, kDirections[i], types_[i].extents.data(), types_[i].extents.size()};
    }
    if (twb_begin_orchestration(detail::at(where_), name_, parameters, sizeof...(P), values) != 0) {
      detail::call_with<std::remove_cvref_t<P>...>(body_, values, where_, std::index_sequence_for<P...>());
      twb_end_function(detail::at(where_));
    }
    detail::recording = outer;
    return twb_finish(b);
  }

  /// PROGRAM [--record FILE] [--no-locations]: writes the recorded module, to the standard output if there is no FILE. 0; 2 for a mistake
  /// in the program or the arguments, with the messages on the standard error and no file.
  int main(int argc, char** argv) const {
    const char* file = "-";
    int locations = 1;
    for (int i = 1; i < argc; ++i) {
      if (std::strcmp(argv[i], "--record") == 0 && i + 1 < argc) {
        file = argv[++i];
      } else if (std::strcmp(argv[i], "--no-locations") == 0) {
        locations = 0;
      } else {
        std::fprintf(stderr, "%s: unknown argument '%s'\nusage: %s [--record FILE] [--no-locations]\n", argv[0], argv[i], argv[0]);
        return 2;
      }
    }
    twb_builder* b = twb_create();
    const int good = record(b);
    for (size_t i = 0; i < twb_error_count(b); ++i) std::fprintf(stderr, "%s\n", twb_error_text(b, i));
    const int result = good != 0 && write(file, twb_text(b, locations)) ? 0 : 2;
    twb_destroy(b);
    return result;
  }

 private:
  static bool write(const char* file, const char* text) {
    std::FILE* out = std::strcmp(file, "-") == 0 ? stdout : std::fopen(file, "w");
    const bool written = out != nullptr && std::fputs(text, out) >= 0;
    const bool closed = out != nullptr && (out == stdout ? std::fflush(out) : std::fclose(out)) == 0;
    if (!written || !closed) std::fprintf(stderr, "cannot write '%s'\n", file);
    return written && closed;
  }

  const char* name_;
  void (*body_)(P...);
  detail::List<ParameterType> types_;
  Where where_;
};

namespace detail {

/// The last argument of program() that is no type: its line.
struct ProgramName {
  ProgramName(const char* text, Where where = Where::current()) : text(text), where(where) {}
  const char* text;
  Where where;
};

}  // namespace detail

/// program("softmax", softmax, tensor(f32, {dynamic, 512}), ...): one type for each parameter.
template <typename... P, typename... Types>
Program<P...> program(detail::ProgramName name, void (*body)(P...), const Types&... types) {
  static_assert(sizeof...(P) == sizeof...(Types), "a program has one type for each parameter of its function");
  return Program<P...>(name.text, body, {types...}, name.where);
}

}  // namespace tilewright
