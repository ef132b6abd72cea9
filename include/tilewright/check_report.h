// What a checked run found (RunOptions::check). What is checked: docs/guide/checking.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tilewright {

/// An instruction of a kernel, as a fault names it.
struct CheckedInstruction {
  std::string name;     ///< "TADD"; empty: no such instruction takes part
  std::string pipe;     ///< "PIPE_V"
  std::string core;     ///< "AIV0 of block 3"
  std::string operand;  ///< "operand 1, a tile in UB (Vec), f32 16x16 (valid 16x16)"; empty if it is about none
  std::string access;   ///< "reads", "writes" or "adds to"; empty without an operand
  std::string place;    ///< "add.cpp:41"; "kernel_0.so+0x1a2b (built without lines)" without debugging information
};

/// A mistake in a kernel. Mistakes at the same places of the sources are one fault.
struct CheckFault {
  std::string kind;    ///< "unordered", "never-written", ...: a fixed word of docs/guide/checking.md
  std::string kernel;  ///< "func_id 3"; tw knows its name
  std::string problem;  ///< one sentence
  CheckedInstruction first;   ///< the one that ran before, where a fault is about two
  CheckedInstruction second;  ///< the one that showed the mistake
  std::string memory;  ///< "UB (Vec)", "tensor 2", "device memory"; empty if it is not about bytes
  uint64_t begin = 0;  ///< the first stretch of bytes: offsets into the memory, from the tensor's first element, or addresses
  uint64_t end = 0;
  uint64_t bytes = 0;  ///< of all stretches
  std::string remedy;
  uint64_t count = 1;  ///< how often it was seen
};

struct CheckReport {
  std::vector<CheckFault> faults;  ///< in the order in which they were found
  uint64_t unlisted = 0;           ///< faults beyond the number that is listed

  bool clean() const { return faults.empty() && unlisted == 0; }
};

/// Whether the environment asks for every run to be checked: TW_CHECK=1. Throws Error(kInvalidArgument) if the variable is neither
/// 0 nor 1.
bool environment_asks_for_check();

/// The report as text, some lines for each fault; empty if there is none.
std::string format_check_report(const CheckReport& report);

}  // namespace tilewright
