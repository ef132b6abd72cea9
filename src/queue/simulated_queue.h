// A queue directory and processes that exist in memory only, for exploring every interleaving and every crash of the protocol.
//
// The real Seat runs in fibers over this; a scheduler that a test drives decides who moves next and who dies.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "queue/seat.h"

namespace tilewright::queue {

struct SimulatedJob {
  std::vector<int> pool;
  int width = 1;
};

/// What is explored: jobs, devices, and what may go wrong.
struct Scenario {
  std::vector<Device> devices;
  std::vector<SimulatedJob> jobs;
  int crashes = 0;            ///< how many processes may die, anywhere
  std::set<int> foreign;      ///< devices whose lock somebody outside the queue holds
  uint64_t most_states = 0;   ///< 0: all
};

struct Exploration {
  uint64_t states = 0;
  uint64_t runs = 0;
  bool complete = false;
  std::string violation;  ///< empty: none
  std::string trace;      ///< the schedule that led to it
};

/// Runs the scenario under every schedule. Depth first; states seen before are not explored again.
Exploration explore(const Scenario& scenario);

}  // namespace tilewright::queue
