// AIV: a line of its own, told from the other AIV of the block by get_sub_block_id.
//
//   args[0]  lines  f32 [blocks, 16] or [blocks, 3, 16]
//   args[1]  lines of a block
#include "sign_in.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) { sign_in(args, 1 + get_sub_block_id(args)); }
