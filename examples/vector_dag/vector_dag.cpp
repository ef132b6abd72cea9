#include "vector_dag/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "vector_dag",
                                            "(a + b + 1)(a + b + 2) + (a + b) in five tasks for every 32 of 256 rows",
                                            tilewright::examples::vector_dag_problem);
}
