// 'tw interpret' behind its command line: asks the compiler's interpreter, compares, writes the outputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run_request.h"
#include "run_result.h"

namespace tilewright {

struct InterpretWords {
  RunWords run;  ///< the program, tensors and numbers, outputs and goldens, and the platform, whose number of cores a program may ask for
  uint64_t max_while_turns = 1'000'000;
};

/// A tensor that the program may write.
struct InterpretedTensor {
  std::string name;
  std::string description;  ///< "f32[64,128]"
  uint64_t undefined = 0;  ///< how many elements the program never set
  std::vector<uint32_t> first_undefined;
};

struct InterpretResult {
  std::string program;
  std::string orchestration;
  std::string unstable;  ///< where the program's way hung on rounding; empty if nowhere
  std::vector<InterpretedTensor> tensors;
  std::vector<NamedComparison> comparisons;
  std::vector<WrittenOutput> outputs;

  bool passed() const;
};

/// What the interpreter leaves in a tensor of a request.
struct InterpretedElements {
  HostTensor values;
  std::vector<uint8_t> undefined;  ///< one an element: 1 if the program does not say what it is
  std::vector<double> bounds;  ///< how far a device's may lie from it; infinity if undefined
};
struct Interpretation {
  std::vector<InterpretedElements> tensors;
  std::string unstable;  ///< as in InterpretResult
};

/// Runs a program of this text on the tensors and numbers of `request`, which stay as they are. `platform` is the name of one, and `name`
/// that of the program's file. Throws Error.
Interpretation interpret_request(const std::string& text, const std::string& name, const RunRequest& request, const std::string& platform,
                                 uint64_t max_while_turns = 1'000'000);

/// Throws Error: what is wrong with the program or its arguments (exit code 2), at which line.
InterpretResult interpret_program(const InterpretWords& words);

std::string format_result(const InterpretResult& result);
std::string result_as_json(const InterpretResult& result);

}  // namespace tilewright
