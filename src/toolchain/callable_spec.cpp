#include "toolchain/callable_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "tilewright/callable.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kChipSignatureMax = std::extent_v<decltype(ChipCallable::signature_)>;
constexpr size_t kCoreSignatureMax = std::extent_v<decltype(CoreCallable::signature_)>;
constexpr size_t kChildMax = std::extent_v<decltype(ChipCallable::child_offsets_)>;
constexpr const char* kReference = "docs/reference/callable-json.md describes the format";

constexpr ArgDirection kDirections[] = {ArgDirection::SCALAR, ArgDirection::IN, ArgDirection::OUT, ArgDirection::INOUT};

/// A JSON value with its place ("incores[1].core_type"), so that every message can name it.
class Node {
 public:
  Node(const Json& value, std::string place, const std::string& origin) : value_(value), place_(std::move(place)), origin_(origin) {}

  [[noreturn]] void refuse(const std::string& problem) const {
    const std::string where = place_.empty() ? "the document" : place_;
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}{}{}: {}", origin_, origin_.empty() ? "" : ": ", where, problem), kReference);
  }

  /// Refuses anything but an object with only these keys.
  void expect_object(std::initializer_list<const char*> keys) const {
    if (!value_.is_object()) refuse(fmt::format("must be an object, is {}", shown()));
    for (const auto& [key, child] : value_.items()) {
      if (std::none_of(keys.begin(), keys.end(), [&](const char* known) { return key == known; })) {
        refuse(fmt::format("unknown key '{}'; allowed: {}", key, fmt::join(keys, ", ")));
      }
    }
  }

  bool has(const char* key) const { return value_.contains(key); }

  Node at(const char* key) const {
    if (!has(key)) refuse(fmt::format("key '{}' is missing", key));
    return Node(value_.at(key), place_.empty() ? key : place_ + "." + key, origin_);
  }

  std::vector<Node> elements() const {
    if (!value_.is_array()) refuse(fmt::format("must be an array, is {}", shown()));
    std::vector<Node> nodes;
    for (size_t i = 0; i < value_.size(); ++i) nodes.emplace_back(value_[i], fmt::format("{}[{}]", place_, i), origin_);
    return nodes;
  }

  std::string text() const {
    if (!value_.is_string()) refuse(fmt::format("must be a string, is {}", shown()));
    std::string text = value_.get<std::string>();
    if (text.empty()) refuse("must not be empty");
    if (text.find('\0') != std::string::npos) refuse("must not hold a NUL character");
    return text;
  }

  int64_t integer() const {
    if (!value_.is_number_integer()) refuse(fmt::format("must be an integer, is {}", shown()));
    if (value_.is_number_unsigned() && value_.get<uint64_t>() > INT64_MAX) refuse(fmt::format("{} is too large", shown()));
    return value_.get<int64_t>();
  }

  bool boolean() const {
    if (!value_.is_boolean()) refuse(fmt::format("must be true or false, is {}", shown()));
    return value_.get<bool>();
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const Node& element : elements()) all.push_back(element.text());
    return all;
  }

  std::vector<ArgDirection> signature() const {
    std::vector<ArgDirection> all;
    for (const Node& element : elements()) {
      const std::string text = element.text();
      const auto* found = std::find_if(std::begin(kDirections), std::end(kDirections), [&](auto d) { return text == direction_name(d); });
      if (found == std::end(kDirections)) element.refuse(fmt::format("'{}' is no direction; allowed: IN, OUT, INOUT, SCALAR", text));
      all.push_back(*found);
    }
    return all;
  }

 private:
  std::string shown() const {
    if (value_.is_array()) return "an array";
    if (value_.is_object()) return "an object";
    return value_.dump();
  }

  const Json& value_;
  std::string place_;
  const std::string& origin_;
};

/// The document, with a key that occurs twice in one object refused (JSON parsers silently keep one of them).
Json parse_json(std::string_view text, const std::string& origin) {
  const std::string prefix = origin.empty() ? "" : origin + ": ";
  std::vector<std::set<std::string>> open;
  std::optional<std::string> repeated;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second && !repeated) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 3, column 4: ..."
    what = what.substr(what.find("] ") + 2);
    throw Error(ErrorCode::kParseError, prefix + what, kReference);
  }
  if (repeated)
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}key '{}' occurs twice in one object", prefix, *repeated), kReference);
  return document;
}

fs::path resolve(const fs::path& base_dir, const std::string& text) { return (base_dir / text).lexically_normal(); }

constexpr const char* kCurrentApi = "current";
constexpr const char* kAicpuBuildGraphApi = "aicpu_build_graph";

OrchestrationSpec parse_orchestration(const Node& node, const fs::path& base_dir) {
  node.expect_object({"source", "function_name", "signature", "config_name", "name", "api"});
  OrchestrationSpec spec;
  spec.source = resolve(base_dir, node.at("source").text());
  if (node.has("function_name")) spec.function_name = node.at("function_name").text();
  if (node.has("config_name")) spec.config_name = node.at("config_name").text();
  if (node.has("signature")) spec.signature = node.at("signature").signature();
  if (node.has("name")) spec.name = node.at("name").text();
  if (node.has("api")) {
    const std::string api = node.at("api").text();
    if (api != kCurrentApi && api != kAicpuBuildGraphApi) {
      node.at("api").refuse(fmt::format("'{}' is no orchestration API; allowed: {}, {}", api, kCurrentApi, kAicpuBuildGraphApi));
    }
    spec.api = api == kCurrentApi ? OrchestrationApi::kCurrent : OrchestrationApi::kAicpuBuildGraph;
  }
  return spec;
}

KernelSpec parse_kernel(const Node& node, const fs::path& base_dir) {
  node.expect_object({"func_id", "source", "core_type", "signature", "name", "extra_include_dirs"});
  KernelSpec spec;
  const int64_t func_id = node.at("func_id").integer();
  if (func_id < 0 || func_id >= RUNTIME_MAX_FUNC_ID) {
    node.at("func_id").refuse(fmt::format("func_id {} is outside 0..{}", func_id, RUNTIME_MAX_FUNC_ID - 1));
  }
  spec.func_id = static_cast<int32_t>(func_id);
  spec.source = resolve(base_dir, node.at("source").text());
  const std::string core = node.at("core_type").text();
  if (core != "aic" && core != "aiv") node.at("core_type").refuse(fmt::format("'{}' is no core type; allowed: aic, aiv", core));
  spec.core_type = core == "aic" ? CoreType::AIC : CoreType::AIV;
  if (node.has("signature")) spec.signature = node.at("signature").signature();
  if (node.has("name")) spec.name = node.at("name").text();
  if (node.has("extra_include_dirs")) spec.extra_include_dirs = node.at("extra_include_dirs").texts();
  return spec;
}

Json signature_json(const std::vector<ArgDirection>& signature) {
  Json list = Json::array();
  for (ArgDirection direction : signature) list.push_back(direction_name(direction));
  return list;
}

}  // namespace

const char* direction_name(ArgDirection direction) {
  switch (direction) {
    case ArgDirection::SCALAR: return "SCALAR";
    case ArgDirection::IN: return "IN";
    case ArgDirection::OUT: return "OUT";
    case ArgDirection::INOUT: return "INOUT";
  }
  return "unknown";
}

const char* core_type_name(CoreType type) { return type == CoreType::AIC ? "aic" : "aiv"; }

CallableSpec load_callable_spec(const fs::path& path) {
  return parse_callable_spec(read_file(path), fs::absolute(path).parent_path(), path.string());
}

CallableSpec parse_callable_spec(std::string_view text, const fs::path& base_dir, const std::string& origin) {
  const Json document = parse_json(text, origin);
  const Node root(document, "", origin);
  root.expect_object({"name", "runtime", "track_war", "orchestration", "incores", "arguments"});
  CallableSpec spec;
  spec.base_dir = base_dir;
  spec.origin = origin;
  spec.name = root.at("name").text();
  if (root.has("runtime")) {
    try {
      spec.runtime = parse_runtime(root.at("runtime").text());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnknownRuntime) throw;
      throw error.with_context(origin.empty() ? "runtime" : origin + ": runtime");
    }
  }
  if (root.has("track_war")) spec.track_war = root.at("track_war").boolean();
  spec.orchestration = parse_orchestration(root.at("orchestration"), base_dir);
  for (const Node& node : root.at("incores").elements()) spec.incores.push_back(parse_kernel(node, base_dir));
  if (root.has("arguments")) spec.arguments = root.at("arguments").texts();
  validate_callable_spec(spec);
  return spec;
}

void validate_callable_spec(const CallableSpec& spec) {
  const auto fail = [&](ErrorCode code, const std::string& problem) {
    throw Error(code, (spec.origin.empty() ? "callable '" + spec.name + "'" : spec.origin) + ": " + problem, kReference);
  };
  const auto check_signature = [&](size_t count, size_t limit, const std::string& place) {
    if (count > limit) fail(ErrorCode::kLimitExceeded, fmt::format("{}.signature: {} entries, at most {}", place, count, limit));
  };
  const auto check_name = [&](const std::string& name, const char* place) {
    if (name.size() >= CALLABLE_FUNC_NAME_MAX) {
      fail(ErrorCode::kLimitExceeded,
           fmt::format("{}: '{}' has {} characters, at most {}", place, name, name.size(), CALLABLE_FUNC_NAME_MAX - 1));
    }
  };
  if (spec.orchestration.function_name.empty()) fail(ErrorCode::kInvalidArgument, "orchestration.function_name: must not be empty");
  check_name(spec.orchestration.function_name, "orchestration.function_name");
  check_name(spec.orchestration.config_name, "orchestration.config_name");
  check_signature(spec.orchestration.signature.size(), kChipSignatureMax, "orchestration");
  if (spec.incores.size() > kChildMax) {
    fail(ErrorCode::kLimitExceeded, fmt::format("incores: {} kernels, at most {}", spec.incores.size(), kChildMax));
  }
  std::vector<int32_t> owner(RUNTIME_MAX_FUNC_ID, -1);
  for (size_t i = 0; i < spec.incores.size(); ++i) {
    const KernelSpec& kernel = spec.incores[i];
    const std::string place = fmt::format("incores[{}]", i);
    if (kernel.func_id < 0 || kernel.func_id >= RUNTIME_MAX_FUNC_ID) {
      fail(ErrorCode::kInvalidArgument, fmt::format("{}.func_id: {} is outside 0..{}", place, kernel.func_id, RUNTIME_MAX_FUNC_ID - 1));
    }
    int32_t& first = owner[static_cast<size_t>(kernel.func_id)];
    if (first >= 0) {
      fail(ErrorCode::kInvalidArgument, fmt::format("{}.func_id: {} is already that of incores[{}]", place, kernel.func_id, first));
    }
    first = static_cast<int32_t>(i);
    check_signature(kernel.signature.size(), kCoreSignatureMax, place);
  }
  if (!spec.arguments.empty() && !spec.orchestration.signature.empty() && spec.arguments.size() != spec.orchestration.signature.size()) {
    fail(ErrorCode::kInvalidArgument, fmt::format("arguments: {} names for {} entries of orchestration.signature", spec.arguments.size(),
                                                  spec.orchestration.signature.size()));
  }
  for (size_t i = 0; i < spec.arguments.size(); ++i) {
    const auto twin = std::find(spec.arguments.begin(), spec.arguments.begin() + static_cast<ptrdiff_t>(i), spec.arguments[i]);
    if (twin != spec.arguments.begin() + static_cast<ptrdiff_t>(i)) {
      fail(ErrorCode::kInvalidArgument,
           fmt::format("arguments[{}]: '{}' is already that of arguments[{}]", i, spec.arguments[i], twin - spec.arguments.begin()));
    }
  }
}

std::string format_callable_spec(const CallableSpec& spec) {
  const auto source = [&](const fs::path& path) {
    const fs::path relative = path.lexically_relative(spec.base_dir);
    return (relative.empty() || *relative.begin() == ".." ? path : relative).generic_string();
  };
  Json orchestration = {{"source", source(spec.orchestration.source)}, {"function_name", spec.orchestration.function_name}};
  if (!spec.orchestration.config_name.empty()) orchestration["config_name"] = spec.orchestration.config_name;
  if (!spec.orchestration.signature.empty()) orchestration["signature"] = signature_json(spec.orchestration.signature);
  if (!spec.orchestration.name.empty()) orchestration["name"] = spec.orchestration.name;
  if (spec.orchestration.api != OrchestrationApi::kCurrent) orchestration["api"] = kAicpuBuildGraphApi;
  Json incores = Json::array();
  for (const KernelSpec& kernel : spec.incores) {
    Json entry = {{"func_id", kernel.func_id}, {"source", source(kernel.source)}, {"core_type", core_type_name(kernel.core_type)}};
    if (!kernel.signature.empty()) entry["signature"] = signature_json(kernel.signature);
    if (!kernel.name.empty()) entry["name"] = kernel.name;
    if (!kernel.extra_include_dirs.empty()) entry["extra_include_dirs"] = kernel.extra_include_dirs;
    incores.push_back(std::move(entry));
  }
  Json document = {{"name", spec.name}, {"runtime", runtime_name(spec.runtime)}};
  if (spec.track_war) document["track_war"] = true;
  document["orchestration"] = std::move(orchestration);
  document["incores"] = std::move(incores);
  if (!spec.arguments.empty()) document["arguments"] = spec.arguments;
  try {
    return document.dump(2) + "\n";
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("callable '{}': a name or path is not UTF-8: {}", spec.name, error.what()));
  }
}

}  // namespace tilewright
