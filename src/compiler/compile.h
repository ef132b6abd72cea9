// From a program as text to the content of an artifact. Free of MLIR.
#pragma once

#include <string>

#include "tilewright/run_options.h"
#include "toolchain/artifact.h"

namespace tilewright {

struct CompileRequest {
  std::string text;  ///< a module of the dialects tw and tile, as tw-opt reads it
  std::string name;  ///< of the file, for messages
  std::string platform = "a2a3sim";
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  bool derive_dependencies = false;  ///< tasks name those that they have to wait for, and the artifact has a dependencies.json
};

/// Compiles a program, through all passes. The same request gives the same content. Throws Error: kParseError and kInvalidArgument with what is
/// wrong at which line ("softmax.cpp:12: error: ..."), kUnknownPlatform. Thread safe.
ArtifactContent compile_program(const CompileRequest& request);

}  // namespace tilewright
