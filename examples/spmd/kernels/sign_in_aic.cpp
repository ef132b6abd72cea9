// AIC: the first line of its block.
//
//   args[0]  lines  f32 [blocks, 3, 16]
//   args[1]  lines of a block
#include "sign_in.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) { sign_in(args, 0); }
