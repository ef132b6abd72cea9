// Tilewright itself: dependencies are found while tasks run.
#include "task_overhead/tilewright_system.h"

int main(int argc, char** argv) {
  tilewright::bench::Tilewright system({.name = "tilewright", .orchestration = "orchestration.cpp"});
  return tilewright::bench::system_main(argc, argv, system);
}
