#include "cross_core_flags/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "cross_core_flags", "x * w less its column means over 32 rows, for 90 tiles",
                                            tilewright::examples::cross_core_flags_problem);
}
