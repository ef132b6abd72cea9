#include "common/run.h"
#include "mixed/problem.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "mixed",
                                            "y = x * w and silu(gate) in one task of three lanes for every 32 of 96 rows",
                                            tilewright::examples::mixed_problem);
}
