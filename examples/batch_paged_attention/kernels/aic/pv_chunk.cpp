// AIC: block_out = weights * value, a request of the chunk in each block.
//
//   args[0]  weights       f16 [requests, 16, 128]
//   args[1]  value_cache   f16 [pages, 128, 1, 128]
//   args[2]  block_table   i32 [requests, 1]         the page of each request in this step
//   args[3]  context_lens  i32 [requests]
//   args[4]  block_out     f32 [requests, 16, 128]   requests without a page stay as they are
//   args[5]  step          scalar
#include "../../../paged_attention/kernels/aic/pv_page.h"
#include "../request.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const RequestPage page = request_page(args, tensor_arg(args, 3), static_cast<int>(args[5]));
  if (page.tokens <= 0) return;
  const PageRows value = page_rows(tensor_arg(args, 1), tensor_arg(args, 2), page.request);
  pv_page(element_of<half>(tensor_arg(args, 0), page.request), value.data, page.tokens, value.stride,
          element_of<float>(tensor_arg(args, 4), page.request));
}
