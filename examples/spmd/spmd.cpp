#include "spmd/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "spmd", "blocks that say who they are: 20, 200 and 60 x 3 lanes",
                                            tilewright::examples::spmd_problem);
}
