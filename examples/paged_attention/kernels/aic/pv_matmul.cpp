// AIC: block_out = weights * value for the 16 heads of one tile and the valid tokens of one page.
//
//   args[0]  weights    f16 [16, 128]           zero from column `tokens` on
//   args[1]  value      f16 [1, tokens, 1, 128] a view of the page: only tokens that exist, 1 to 128 of them
//   args[2]  block_out  f32 [16, 128]
#include "pv_page.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *value = tensor_arg(args, 1);
  pv_page(data_of<half>(tensor_arg(args, 0)), data_of<half>(value), static_cast<int>(value->shapes[1]), static_cast<int>(value->strides[1]),
          data_of<float>(tensor_arg(args, 2)));
}
