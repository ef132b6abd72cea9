// AIC: scores = query * key^T, a request of the chunk in each block.
//
//   args[0]  query         f16 [requests, 16, 128]
//   args[1]  key_cache     f16 [pages, 128, 1, 128]
//   args[2]  block_table   i32 [requests, 1]         the page of each request in this step
//   args[3]  context_lens  i32 [requests]
//   args[4]  scores        f32 [requests, 16, 128]   columns that are no token, and requests without a page, stay as they are
//   args[5]  step          scalar
#include "../../../paged_attention/kernels/aic/qk_page.h"
#include "../request.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const RequestPage page = request_page(args, tensor_arg(args, 3), static_cast<int>(args[5]));
  if (page.tokens <= 0) return;
  const PageRows key = page_rows(tensor_arg(args, 1), tensor_arg(args, 2), page.request);
  qk_page(element_of<half>(tensor_arg(args, 0), page.request), key.data, page.tokens, key.stride,
          element_of<float>(tensor_arg(args, 4), page.request));
}
