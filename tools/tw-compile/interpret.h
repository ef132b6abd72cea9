// What tw asks of the interpreter, as JSON in and out; tensors are files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tilewright {

/// {"name": of the orchestration, "arguments": [{"name", "direction": "IN", "OUT", "INOUT" or "SCALAR"}]}. Throws Error.
nlohmann::json signature_of_program(const std::string& text, const std::string& name);

/// Runs a program. `request` is {"arguments": [...], "max_while_turns", "cluster_count", "aiv_count"} with an argument {"tensor": file.npy, "dtype"}
/// or {"dtype", "bits"} each, in order. Each tensor's file receives its elements afterwards, and file.npy.undefined one byte an element: 1 if
/// it is undefined. Returns {"unstable": text}. Throws Error.
nlohmann::json interpret_program(const std::string& text, const std::string& name, const nlohmann::json& request);

}  // namespace tilewright
