// AIV: folds one page into the running softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018), and divides by the sum after the last page:
//
//   new_max = max(max, block_max)      a = exp(max - new_max)      b = exp(block_max - new_max)
//   sum     = a * sum + b * block_sum  out = a * out + b * block_out
//
//   args[0]  block_max  f32 [16]
//   args[1]  block_sum  f32 [16]
//   args[2]  block_out  f32 [16, 128]
//   args[3]  max        f32 [16]          running; not read at the first page
//   args[4]  sum        f32 [16]          running; not read at the first page
//   args[5]  out        f32 [1, 16, 128]  running; the result after the last page
//   args[6]  first      scalar            1 at the first page
//   args[7]  last       scalar            1 at the last page
#include "fold_page.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  fold_page({data_of<float>(tensor_arg(args, 0)), data_of<float>(tensor_arg(args, 1)), data_of<float>(tensor_arg(args, 2))},
            {data_of<float>(tensor_arg(args, 3)), data_of<float>(tensor_arg(args, 4)), data_of<float>(tensor_arg(args, 5))}, args[6] != 0,
            args[7] != 0);
}
