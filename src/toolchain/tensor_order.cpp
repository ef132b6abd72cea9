#include "toolchain/tensor_order.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace tilewright {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string format_tensor_orders(const std::vector<TensorOrder>& tensors) {
  Json list = Json::array();
  for (const TensorOrder& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"line", tensor.line}, {"ordered", tensor.ordered}, {"reason", tensor.reason}});
  }
  // Names come from a program's text, which need not be UTF-8.
  return Json{{"tensors", std::move(list)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<TensorOrder> parse_tensor_orders(std::string_view text, const std::string& origin) {
  try {
    const Json document = Json::parse(text);
    const Json& list = document.at("tensors");
    if (!list.is_array()) throw Error(ErrorCode::kParseError, fmt::format("{}: 'tensors' is no list", origin));
    std::vector<TensorOrder> tensors;
    for (const Json& each : list) {
      tensors.push_back({each.at("name").get<std::string>(), each.at("line").get<std::string>(), each.at("ordered").get<bool>(),
                         each.at("reason").get<std::string>()});
    }
    return tensors;
  } catch (const Json::exception& error) {
    const std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 3, column 4: ..."
    throw Error(ErrorCode::kParseError, fmt::format("{}: {}", origin, what.substr(what.find("] ") + 2)));
  }
}

std::optional<std::vector<TensorOrder>> load_tensor_orders(const fs::path& directory) {
  const fs::path file = directory / kTensorOrdersFile;
  if (!fs::exists(file)) return std::nullopt;
  return parse_tensor_orders(read_file(file), file.string());
}

}  // namespace tilewright
