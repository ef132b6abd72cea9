#include "common/run.h"
#include "vector_dag/problem.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "recorded_graph",
                                            "(a + b + 1)(a + b + 2) + (a + b), the tasks of 32 rows recorded and replayed",
                                            tilewright::examples::vector_dag_problem);
}
