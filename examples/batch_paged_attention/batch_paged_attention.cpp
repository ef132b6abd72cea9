#include "paged_attention/program.h"

int main(int argc, char** argv) {
  return tilewright::examples::attention_main(
      argc, argv,
      {.name = "batch_paged_attention",
       .about = "Paged attention with tasks that cover a chunk of the batch, compared with its definition in double precision.",
       .contexts = {1024, 641, 300, 77, 128, 1, 513, 897, 129, 256},
       .chunk = 4});
}
