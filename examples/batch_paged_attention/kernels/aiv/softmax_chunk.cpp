// AIV: the softmax of each request's page by itself, a request of the chunk in each block.
//
//   args[0]  scores        f32 [requests, 16, 128]
//   args[1]  context_lens  i32 [requests]
//   args[2]  weights       f16 [requests, 16, 128]  zero where there is no token; requests without a page stay as they are,
//   args[3]  block_max     f32 [requests, 16]       here
//   args[4]  block_sum     f32 [requests, 16]       and here, too
//   args[5]  step          scalar
//   args[6]  scale         scalar, f32              1 / sqrt(head dim)
#include "../../../paged_attention/kernels/aiv/softmax_page.h"
#include "../request.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const RequestPage page = request_page(args, tensor_arg(args, 1), static_cast<int>(args[5]));
  if (page.tokens <= 0) return;
  softmax_page(element_of<float>(tensor_arg(args, 0), page.request), page.tokens, from_u64<float>(static_cast<uint64_t>(args[6])),
               {element_of<half>(tensor_arg(args, 2), page.request), element_of<float>(tensor_arg(args, 3), page.request),
                element_of<float>(tensor_arg(args, 4), page.request)});
}
