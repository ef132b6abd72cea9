#include "common/run.h"
#include "matmul_bias/problem.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "matmul_bias", "c = max(a * b + bias, 0), M = 128, N = 256, K = 384",
                                            tilewright::examples::matmul_bias_problem);
}
