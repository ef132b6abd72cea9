#include "pipeline/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "pipeline",
                                            "silu(x * w1) * w2 for 100 tiles of 32 rows, in one task of three lanes",
                                            tilewright::examples::pipeline_problem);
}
