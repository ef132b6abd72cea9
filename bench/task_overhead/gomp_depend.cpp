// OpenMP `task depend` on libgomp, the runtime of g++.
#include "task_overhead/openmp_depend.h"

int main(int argc, char** argv) {
  tilewright::bench::OpenmpDepend system("gomp_depend", "libgomp of g++ " __VERSION__);
  return tilewright::bench::system_main(argc, argv, system);
}
