// The program of the two paged attention examples, from sources to a compared result: docs/guide/examples.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tilewright::examples {

struct AttentionProgram {
  std::string name;               ///< directory under examples/; its callable takes what attention_problem() makes
  std::string about;              ///< for --help
  std::vector<int32_t> contexts;  ///< tokens of each sequence unless options say otherwise; a larger batch repeats them
  std::optional<uint32_t> chunk = {};  ///< if there is one, the callable's last scalar, and --chunk can change it
};

/// A whole program: options, run, print. Returns the exit code.
int attention_main(int argc, char** argv, const AttentionProgram& program);

}  // namespace tilewright::examples
