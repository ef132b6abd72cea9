// The options by which 'tw run', 'tw deps' and 'tw interpret' are told what to run, with which tensors and numbers.
#pragma once

#include <CLI/CLI.hpp>

#include "run_request.h"

namespace tilewright {

// `words` outlives the command.

/// The callable, --platform, --runtime, --device.
void add_callable_options(CLI::App& command, RunWords& words);
/// --arg, --scalar.
void add_argument_options(CLI::App& command, RunWords& words);
/// Those, and --output, --golden, --rtol, --atol, --nan.
void add_tensor_options(CLI::App& command, RunWords& words);

}  // namespace tilewright
