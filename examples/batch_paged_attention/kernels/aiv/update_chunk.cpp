// AIV: folds each request's page into its running softmax, a request of the chunk in each block; the request's last page divides.
//
//   args[0]  block_max     f32 [requests, 16]
//   args[1]  block_sum     f32 [requests, 16]
//   args[2]  block_out     f32 [requests, 16, 128]
//   args[3]  context_lens  i32 [requests]
//   args[4]  max           f32 [requests, 16]       running; not read in step 0
//   args[5]  sum           f32 [requests, 16]       running; not read in step 0
//   args[6]  out           f32 [requests, 16, 128]  running; the result after the request's last page
//   args[7]  step          scalar
#include "../../../paged_attention/kernels/aiv/fold_page.h"
#include "../request.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const RequestPage page = request_page(args, tensor_arg(args, 3), static_cast<int>(args[7]));
  if (page.tokens <= 0) return;
  const PartialSoftmax block = {element_of<float>(tensor_arg(args, 0), page.request), element_of<float>(tensor_arg(args, 1), page.request),
                                element_of<float>(tensor_arg(args, 2), page.request)};
  const PartialSoftmax running = {element_of<float>(tensor_arg(args, 4), page.request),
                                  element_of<float>(tensor_arg(args, 5), page.request),
                                  element_of<float>(tensor_arg(args, 6), page.request)};
  fold_page(block, running, page.step == 0, page.last);
}
