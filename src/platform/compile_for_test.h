// Compiles a source text to a shared object, for tests.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {

inline std::vector<uint8_t> compile_for_test(const std::string& source, const std::vector<std::string>& flags = {}) {
  const TemporaryDirectory directory;
  const std::string input = directory.path() / "code.cpp";
  const std::string output = directory.path() / "code.so";
  std::ofstream(input) << source;
  std::vector<std::string> argv = {"g++", "-shared", "-fPIC", "-O1", "-std=c++20", input, "-o", output};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const ProcessResult result = run_process(argv);
  if (result.exit_code != 0) throw std::runtime_error(result.output);
  const std::string bytes = read_file(output);
  return {bytes.begin(), bytes.end()};
}

}  // namespace tilewright
