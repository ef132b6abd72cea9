// Makes the passes known to tw-opt, by name.
#pragma once

namespace tilewright {

/// Registers every pass of the compiler and its pipelines with MLIR. Call it once, before a command line is read.
void register_passes();

}  // namespace tilewright
