// callable.json: the sources of a callable (docs/reference/callable-json.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core_type.h"
#include "task_args.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// The spelling an orchestration is written in.
enum class OrchestrationApi : uint8_t {
  kCurrent,          ///< include/orchestration
  kAicpuBuildGraph,  ///< the older one of that runtime: include/aicpu_build_graph goes before it
};

struct OrchestrationSpec {
  std::filesystem::path source;
  std::string function_name = "aicpu_orchestration_entry";
  std::string config_name;  ///< empty: aicpu_orchestration_config if the source defines it
  std::vector<ArgDirection> signature;
  std::string name;  ///< for messages; empty: the source's file name
  OrchestrationApi api = OrchestrationApi::kCurrent;
};

struct KernelSpec {
  int32_t func_id = 0;
  std::filesystem::path source;
  CoreType core_type = CoreType::AIV;
  std::vector<ArgDirection> signature;
  std::string name;  ///< for messages; empty: the source's file name
  /// As written: $VAR and ${VAR} are expanded, and relative paths resolved against base_dir, when the kernel is compiled.
  std::vector<std::string> extra_include_dirs;
};

struct CallableSpec {
  std::string name;
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  OrchestrationSpec orchestration;
  std::vector<KernelSpec> incores;
  bool track_war = false;  ///< runs are to make writers wait for readers (RunOptions::track_war), where the runtime orders accesses
  std::vector<std::string> arguments;  ///< names of tensors and scalars in order; empty: not said
  std::filesystem::path base_dir;      ///< sources that are relative resolve against it
  std::string origin;                  ///< the file it was read from, for messages; may be empty
};

/// Reads a callable.json. Throws Error: kFileNotFound, and as parse_callable_spec with the file's name in the message.
CallableSpec load_callable_spec(const std::filesystem::path& path);

/// Throws Error: kParseError (not JSON; line and column), kInvalidArgument and kLimitExceeded (the JSON path of the
/// entry, what it is and what is allowed), kUnknownRuntime.
CallableSpec parse_callable_spec(std::string_view text, const std::filesystem::path& base_dir, const std::string& origin = {});

/// What parse_callable_spec checks about meaning: func_ids, limits, names. For specs made in C++. Throws the same errors.
void validate_callable_spec(const CallableSpec& spec);

/// The callable.json of `spec`, with sources relative to its base_dir where they lie below it. Same spec, same bytes.
std::string format_callable_spec(const CallableSpec& spec);

/// "IN", "OUT", "INOUT", "SCALAR".
const char* direction_name(ArgDirection direction);
/// "aic", "aiv".
const char* core_type_name(CoreType type);

}  // namespace tilewright
