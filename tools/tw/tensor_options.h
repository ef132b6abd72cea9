// The options by which 'tw run' and 'tw interpret' are given tensors and numbers.
#pragma once

#include <CLI/CLI.hpp>

#include "run_request.h"

namespace tilewright {

/// --arg, --scalar, --output, --golden, --rtol, --atol, --nan. `words` outlives the command.
void add_tensor_options(CLI::App& command, RunWords& words);

}  // namespace tilewright
