#include "bgemm/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "bgemm", "c + a * b for a batch of 3, M = 128, N = 64, K = 256",
                                            tilewright::examples::bgemm_problem);
}
