#include "all_meet/problem.h"

#include "common/run.h"

int main(int argc, char** argv) {
  return tilewright::examples::example_main(argc, argv, "all_meet", "softmax of 327680 numbers on all vector cores at once",
                                            tilewright::examples::all_meet_problem);
}
