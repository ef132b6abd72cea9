// Many submitters over few devices while processes of all kinds are killed at random.
#pragma once

#include <set>
#include <string>

#include "queue_fixture.h"

namespace tilewright::queue {

class ChaosTest : public QueueTest {
 protected:
  /// `submitters` at once over four devices. Every time one ends, something happens to a random job or process: kill -9, cancel, or
  /// nothing. Each job holds an exclusive lock on a file for each of its devices, with all its processes, while it runs.
  void run_chaos(int submitters, unsigned seed);
  static unsigned seed();

 private:
  void cancel_one(unsigned choice, std::set<std::string>& touched);
};

}  // namespace tilewright::queue
