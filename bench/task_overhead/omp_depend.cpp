// OpenMP `task depend` on libomp, the runtime of clang++.
#include "task_overhead/openmp_depend.h"

int main(int argc, char** argv) {
  tilewright::bench::OpenmpDepend system("omp_depend", "libomp of " __VERSION__);
  return tilewright::bench::system_main(argc, argv, system);
}
