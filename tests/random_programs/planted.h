// Mistakes that the compiler could make, planted in the kernels that it writes: whether random programs find them.
#pragma once

#include <functional>
#include <string>

namespace tilewright::random_programs {

using Mistake = std::function<void(std::string& kernel)>;

/// TSUB(r, b, a) for the first TSUB(r, a, b) of a kernel.
void exchanged_operands(std::string& kernel);
/// A kernel without its first flag from the vector pipe to the one that stores.
void missing_flag(std::string& kernel);
/// The first loop of a kernel runs once more.
void loop_too_long(std::string& kernel);

struct PlantedReport {
  std::string text;       ///< the failure, made small; empty if `most` programs did not find the mistake
  size_t statements = 0;  ///< what is left of the program
};
/// Programs from seed 1 on, until one fails. Prints how many it took.
PlantedReport find_planted(const Mistake& mistake, uint64_t most);

}  // namespace tilewright::random_programs
