// AIV: the softmax of one page by itself: weights = exp(scale * scores - max), with the max and the sum of each row.
//
//   args[0]  scores     f32 [16, 128]  columns from `tokens` on hold anything
//   args[1]  weights    f16 [16, 128]  zero from column `tokens` on
//   args[2]  block_max  f32 [16]
//   args[3]  block_sum  f32 [16]       of the weights as rounded to f16, so that weights / sum add up to one
//   args[4]  tokens     scalar         1 to 128
//   args[5]  scale      scalar, f32    1 / sqrt(head dim)
#include "softmax_page.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  softmax_page(data_of<float>(tensor_arg(args, 0)), static_cast<int>(args[4]), from_u64<float>(static_cast<uint64_t>(args[5])),
               {data_of<half>(tensor_arg(args, 1)), data_of<float>(tensor_arg(args, 2)), data_of<float>(tensor_arg(args, 3))});
}
