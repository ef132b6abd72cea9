// AIC: scores = query * key^T for the 16 heads of one tile and the valid tokens of one page.
//
//   args[0]  query   f16 [1, 16, 128]        rows are heads
//   args[1]  key     f16 [1, tokens, 1, 128] a view of the page: only tokens that exist, 1 to 128 of them
//   args[2]  scores  f32 [16, 128]           columns from `tokens` on are left as they are
#include "qk_page.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  __gm__ ChipTensor *key = tensor_arg(args, 1);
  qk_page(data_of<half>(tensor_arg(args, 0)), data_of<half>(key), static_cast<int>(key->shapes[1]), static_cast<int>(key->strides[1]),
          data_of<float>(tensor_arg(args, 2)));
}
