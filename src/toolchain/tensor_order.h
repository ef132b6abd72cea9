// What derive-dependencies found of each tensor of a program: dependencies.json of an artifact (docs/reference/artifact.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilewright {

/// Who orders the tasks that use one tensor: an argument of the orchestration, or one that it creates.
struct TensorOrder {
  std::string name;      ///< that of the program's text; "arg0" or "created" where it has none. Two tensors may have the same
  std::string line;      ///< "softmax.cpp:12", where it is made; "" if that is not known
  bool ordered = false;  ///< named dependencies alone order all tasks that use it; else the runtime has to
  std::string reason;    ///< why the runtime has to; "" if it need not

  bool operator==(const TensorOrder&) const = default;
};

inline constexpr const char kTensorOrdersFile[] = "dependencies.json";

/// {"tensors": [{"name", "line", "ordered", "reason"}, ...]}, in the order given.
std::string format_tensor_orders(const std::vector<TensorOrder>& tensors);

/// Throws Error(kParseError), with `origin` and the place in the text, for what format_tensor_orders does not write.
std::vector<TensorOrder> parse_tensor_orders(std::string_view text, const std::string& origin);

/// Those of the artifact in `directory`; nothing if it was compiled without --derive-dependencies. Throws as parse_tensor_orders, and what
/// reading a file throws.
std::optional<std::vector<TensorOrder>> load_tensor_orders(const std::filesystem::path& directory);

}  // namespace tilewright
