#include "paged_attention/program.h"

int main(int argc, char** argv) {
  return tilewright::examples::attention_main(
      argc, argv,
      {.name = "paged_attention",
       .about = "Paged attention on tile kernels, compared with its definition in double precision.",
       .contexts = {1024, 641, 300, 77}});
}
