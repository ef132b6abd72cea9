/* What the main() of a tile program does, from C and whatever can call C: it records the program, compiles it, or runs it on an example
 * and compares with a reference. tilewright/language.h is this for C++; `PROGRAM --help` lists the options. */
#ifndef TILEWRIGHT_TILE_PROGRAM_H
#define TILEWRIGHT_TILE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "tilewright/builder.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum twb_content {
  TWB_UNSET,   /* of what the program only writes */
  TWB_NORMAL,  /* random, mean 0 and deviation 1; floating point only */
  TWB_UNIFORM, /* random, low <= x < high; of integers every one of low, ..., high - 1 */
  TWB_FILLED,  /* `low` everywhere; a number has this content, too */
  TWB_COMPUTED /* `element` of all but the last index as one number, and the last; of a tensor of rank 1 the first is 0 */
} twb_content;

/* What a parameter holds in the example. */
typedef struct twb_example {
  twb_content content;
  double low, high;
  double (*element)(int64_t row, int64_t column);
  const int64_t* extents; /* of a tensor; rank 0: those of its type, none of which is open */
  size_t rank;
} twb_example;

/* A parameter as the reference sees it: the elements row by row, in double precision. Those that the program reads hold the example, rounded
 * to their type; those that it only writes hold NaN, and each must be set. A number has rank 0 and one element. `bounds` is what the
 * program's elements may differ by, where the reference knows that better than the program's tolerance: NaN until it is set. */
typedef struct twb_array {
  double* elements;
  double* bounds;
  const int64_t* extents;
  size_t rank;
} twb_array;

typedef struct twb_program {
  const char* name;
  /* Records into `b`; what twb_finish returns. */
  int (*record)(void* self, twb_builder* b);
  /* Computes what the parameters that are written hold after the program. Null: none, and then there is no example either. */
  void (*reference)(void* self, twb_array* arrays);
  void* self; /* what both are given */
  const twb_parameter* parameters;
  size_t parameter_count;
  const twb_example* example; /* one for each parameter */
  size_t example_count;
  /* An element matches if it differs by at most absolute + relative * |reference|. Below 0: that of its type, docs/guide/running.md. */
  double relative, absolute;
} twb_program;

/* Does what the arguments of main() say. 0 good; 1 it ran and is wrong; 2 a mistake in the program or the arguments; 3 the device or the
 * infrastructure failed. Messages are on the standard error. Handles SIGINT, SIGTERM and SIGHUP while it runs. One call at a time. */
TWB_API int twb_main(const twb_program* program, int argc, char** argv);

#ifdef __cplusplus
}
#endif

#endif /* TILEWRIGHT_TILE_PROGRAM_H */
