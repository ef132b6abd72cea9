// What a compiler says of a kernel, in one line for each mistake.
#pragma once

#include <string>
#include <vector>

namespace tilewright {

/// The errors in the output of g++ or clang, in its order: "add.cpp:41: TADD: operands have one element type; TCVT converts". A rule of the
/// instruction set's headers (a static_assert) is shown with the line that calls the instruction and the instruction's name; what the
/// compiler reports at a line of its own stays as it is. Repetitions are left out.
std::vector<std::string> readable_errors(const std::string& compiler_output);

}  // namespace tilewright
