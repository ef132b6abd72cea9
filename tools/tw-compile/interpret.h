// What tw asks of the interpreter, as JSON in and out; tensors are files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tilewright {

/// {"name": of the orchestration, "arguments": [{"name", "direction": "IN", "OUT", "INOUT" or "SCALAR"}]}. Throws Error.
nlohmann::json signature_of_program(const std::string& text, const std::string& name);

/// Runs a program. `request` is {"arguments": [...], "max_while_turns", "cluster_count", "aiv_count"} with an argument {"tensor": file.npy,
/// "dtype"} or {"dtype", "bits"} each, in order. Afterwards each tensor's file holds its elements, file.npy.bounds a double for each (how far a
/// device's may be, as interpret::TensorOutcome::error), and file.npy.undefined a byte for each: 1 if the program does not say what it is.
/// Returns {"unstable": text}. Throws Error.
nlohmann::json interpret_program(const std::string& text, const std::string& name, const nlohmann::json& request);

}  // namespace tilewright
