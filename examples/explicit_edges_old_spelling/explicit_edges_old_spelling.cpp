#include "common/run.h"
#include "vector_dag/problem.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "explicit_edges_old_spelling",
                                            "(a + b + 1)(a + b + 2) + (a + b) with every edge named, in the old spelling",
                                            tilewright::examples::vector_dag_problem);
}
