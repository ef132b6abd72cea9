// tw doctor: what is installed on this machine, what is missing, and what it would enable.
#pragma once

#include <string>
#include <vector>

namespace tilewright {

struct Check {
  std::string group;   ///< "compilers", "host", ...
  std::string name;    ///< "g++"
  bool required;
  bool found;
  std::string detail;  ///< version, path or number; what is missing if not found
  std::string use;     ///< what it enables
};

/// Looks at this machine; starts the compilers found with --version. Changes nothing.
std::vector<Check> run_checks();

}  // namespace tilewright
