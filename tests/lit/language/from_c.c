/* The builder is C: another language can record programs.
 * RUN: %cc %s -o %t %libraries && %t | tw-opt | FileCheck %s
 */
#include <stdio.h>
#include <tilewright/builder.h>

int main(void) {
  const int64_t extents[] = {TWB_OPEN, 128};
  const twb_parameter parameters[] = {{TWB_TENSOR, TWB_F32, TWB_IN, extents, 2, "x", 0}, {TWB_TENSOR, TWB_F32, TWB_OUT, extents, 2, NULL, 0}};
  twb_value arguments[2];
  twb_builder* b = twb_create();
  twb_locate(b, __FILE__, __LINE__, 1);
  twb_begin_orchestration(b, "from_c", parameters, 2, arguments);
  /* CHECK: tw.orchestration @from_c(%[[X:.*]]: !tw.tensor<?x128xf32>, %[[Y:.*]]: !tw.tensor<?x128xf32> {tw.out})
   * CHECK: scf.for
   * CHECK: tw.at "double"
   * CHECK: tile.add %[[T:.*]], %[[T]] : !tile.tile<64x128xf32>
   * CHECK: } {tw.parallel}
   */
  const twb_value row =
      twb_begin_for(b, twb_integer(b, TWB_INDEX, 0), twb_dim(b, arguments[0], 0), twb_integer(b, TWB_INDEX, 64), TWB_PARALLEL, 0);
  const twb_task task = {.name = "double"};
  twb_begin_at(b, &task);
  const twb_value at[] = {row, twb_integer(b, TWB_INDEX, 0)};
  const twb_shape shape = {twb_integer(b, TWB_INDEX, 64), twb_integer(b, TWB_INDEX, 128), 0, 0, TWB_ANYWHERE};
  const twb_value tile = twb_load(b, arguments[0], at, 2, &shape);
  const twb_value both[] = {tile, tile};
  twb_store(b, twb_operator(b, "add", both, 2, NULL, TWB_F32, NULL), arguments[1], at, 2, 0);
  twb_end_at(b);
  twb_end_for(b);
  twb_end_function(b);
  const int good = twb_finish(b);
  for (size_t i = 0; i < twb_error_count(b); ++i) fprintf(stderr, "%s\n", twb_error_text(b, i));
  fputs(twb_text(b, 1), stdout);
  twb_destroy(b);
  return good ? 0 : 1;
}
