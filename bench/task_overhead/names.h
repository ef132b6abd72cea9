// Enumerations with names, for options and rows.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tilewright::bench {

/// The value of `values` that `name` calls `text`. Throws Error(kInvalidArgument) that lists all names; `what` says what they are.
template <typename T>
T parse_name(std::string_view what, std::string_view text, std::span<const T> values, std::string_view (*name)(T)) {
  std::string known;
  for (T value : values) {
    if (name(value) == text) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name(value));
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("there is no {} \"{}\"", what, text), "known are " + known);
}

}  // namespace tilewright::bench
