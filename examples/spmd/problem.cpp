#include "spmd/problem.h"

#include <string>
#include <utility>

namespace tilewright::examples {
namespace {

/// What `blocks` blocks of `lanes` lanes write, one line of 16 words each.
void add_lines(Problem& problem, const std::string& name, uint32_t blocks, uint32_t lanes) {
  std::vector<double> want;
  for (uint32_t block = 0; block < blocks; ++block) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      std::vector<double> line(16);
      line[0] = block;
      line[1] = blocks;
      line[2] = lane;
      want.insert(want.end(), line.begin(), line.end());
    }
  }
  const std::vector<double> exactly(want.size());
  const std::vector<uint32_t> shape = lanes == 1 ? std::vector<uint32_t>{blocks, 16} : std::vector<uint32_t>{blocks, lanes, 16};
  problem.output(name, shape, std::move(want), exactly);
}

}  // namespace

Problem spmd_problem(uint64_t) {
  Problem problem;
  add_lines(problem, "few", 20, 1);
  add_lines(problem, "many", 200, 1);
  add_lines(problem, "mixed", 60, 3);
  return problem;
}

}  // namespace tilewright::examples
