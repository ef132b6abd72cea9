// Paged attention of one decoding step: out = softmax(scale * query * key^T) * value, one query token per sequence, keys
// and values in pages of 128 tokens that lie anywhere in the cache.
//
//   tensor 0  query         f16 [batch, heads, 128]
//   tensor 1  key_cache     f16 [pages, 128, kv_heads, 128]
//   tensor 2  value_cache   f16 [pages, 128, kv_heads, 128]
//   tensor 3  block_table   i32 [batch, max_blocks]  entry (b, i) is the page of tokens 128 * i ... of sequence b
//   tensor 4  context_lens  i32 [batch]              1 to 128 * max_blocks tokens
//   tensor 5  out           f32 [batch, heads, 128]
//   scalar 0  scale         f32
//
// heads = 16 * kv_heads: the 16 query heads that share a key/value head make one tile. A (sequence, key/value head) is
// a chain of online updates; the three tasks of a page that feed it depend on nothing but each other, so pages run in
// parallel as far as cores go:
//
//   page 0:  qk -> softmax -> pv -> update
//   page 1:  qk -> softmax -> pv ---> update
//   page 2:  qk -> softmax -> pv -----> update -> out
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kTileHeads = 16;
constexpr uint32_t kHeadDim = 128;
constexpr uint32_t kBlock = 128;

// func_id of callable.json
enum Kernel : int32_t { kQkMatmul = 0, kSoftmaxPrepare = 1, kPvMatmul = 2, kOnlineUpdate = 3 };

constexpr uint32_t kMatrixShape[] = {kTileHeads, kBlock};
constexpr uint32_t kVectorShape[] = {kTileHeads};
static_assert(kBlock == kHeadDim, "scores, weights and block_out share kMatrixShape");

/// What the pages of one (sequence, key/value head) share.
struct HeadTile {
  ChipTensor query;  ///< [1, 16, 128]
  ChipTensor out;    ///< [1, 16, 128], also the running output
  ChipTensor max;    ///< [16], running
  ChipTensor sum;    ///< [16], running
  uint64_t scale;    ///< as the argument came: f32 bits
};

struct Page {
  ChipTensor key;    ///< [1, tokens, 1, 128]
  ChipTensor value;  ///< [1, tokens, 1, 128]
  uint32_t tokens;
  bool first;
  bool last;
};

void submit_page(const HeadTile &tile, const Page &page) {
  const TensorCreateInfo f32_matrix(kMatrixShape, 2, DataType::FLOAT32);
  const TensorCreateInfo f16_matrix(kMatrixShape, 2, DataType::FLOAT16);
  const TensorCreateInfo f32_vector(kVectorShape, 1, DataType::FLOAT32);

  CoreTaskArgs qk;
  qk.add_input(tile.query, page.key);
  qk.add_output(f32_matrix);
  const TaskOutputTensors scores = rt_submit_aic_task(kQkMatmul, qk);
  if (rt_is_fatal()) return;  // a failed submit has no outputs

  CoreTaskArgs softmax;
  softmax.add_input(scores.get_ref(0));
  softmax.add_output(f16_matrix, f32_vector, f32_vector);
  softmax.add_scalar(page.tokens, tile.scale);
  const TaskOutputTensors weights = rt_submit_aiv_task(kSoftmaxPrepare, softmax);
  if (rt_is_fatal()) return;

  CoreTaskArgs pv;
  pv.add_input(weights.get_ref(0), page.value);
  pv.add_output(f32_matrix);
  const TaskOutputTensors block_out = rt_submit_aic_task(kPvMatmul, pv);
  if (rt_is_fatal()) return;

  CoreTaskArgs update;
  update.add_input(weights.get_ref(1), weights.get_ref(2), block_out.get_ref(0));
  update.add_inout(tile.max, tile.sum, tile.out);
  update.add_scalar(page.first, page.last);
  rt_submit_aiv_task(kOnlineUpdate, update);
}

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 7}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &query = orch_args.tensor(0).ref();
  const ChipTensor &key_cache = orch_args.tensor(1).ref();
  const ChipTensor &value_cache = orch_args.tensor(2).ref();
  const ChipTensor &block_table = orch_args.tensor(3).ref();
  const ChipTensor &context_lens = orch_args.tensor(4).ref();
  const ChipTensor &out = orch_args.tensor(5).ref();
  const uint64_t scale = orch_args.scalar(0);

  const uint32_t batch = query.shapes[0];
  const uint32_t heads = query.shapes[1];
  const uint32_t kv_heads = key_cache.shapes[2];
  const uint32_t max_blocks = block_table.shapes[1];
  if (query.shapes[2] != kHeadDim || key_cache.shapes[1] != kBlock || key_cache.shapes[3] != kHeadDim || heads != kTileHeads * kv_heads) {
    rt_report_fatal(
        PTO2_ERROR_EXPLICIT_ORCH_FATAL,
        "paged attention takes head dim 128, pages of 128 tokens and 16 query heads per key/value head, not head dim %u, pages of "
        "%u tokens and %u query heads for %u key/value heads",
        query.shapes[2], key_cache.shapes[1], heads, kv_heads);
    return;
  }

  for (uint32_t b = 0; b < batch; ++b) {
    const uint32_t length_at[] = {b};
    const int32_t context = get_tensor_data<int32_t>(context_lens, 1, length_at);
    if (context < 1 || static_cast<uint32_t>(context) > max_blocks * kBlock) {
      rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "sequence %u has a context of %d tokens; the block table holds 1 to %u", b, context,
                      max_blocks * kBlock);
      return;
    }
    const uint32_t blocks = (static_cast<uint32_t>(context) + kBlock - 1) / kBlock;

    for (uint32_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      // What the tasks inside allocate is given back as a whole when they are done.
      PTO2_SCOPE() {
        const uint32_t tile_shape[] = {1, kTileHeads, kHeadDim};
        const uint32_t tile_at[] = {b, kv_head * kTileHeads, 0};
        const TensorCreateInfo vector(kVectorShape, 1, DataType::FLOAT32);
        const TaskOutputTensors running = alloc_tensors(vector, vector);
        if (rt_is_fatal()) return;
        const HeadTile tile{query.view(tile_shape, tile_at), out.view(tile_shape, tile_at), running.get_ref(0), running.get_ref(1), scale};

        for (uint32_t i = 0; i < blocks; ++i) {
          const uint32_t entry_at[] = {b, i};
          // A page outside the cache makes the views below faulty, and the submit reports it.
          const auto page = static_cast<uint32_t>(get_tensor_data<int32_t>(block_table, 2, entry_at));
          const bool last = i + 1 == blocks;
          const uint32_t tokens = last ? static_cast<uint32_t>(context) - i * kBlock : kBlock;
          const uint32_t page_shape[] = {1, tokens, 1, kHeadDim};
          const uint32_t page_at[] = {page, 0, kv_head, 0};
          submit_page(tile, {key_cache.view(page_shape, page_at), value_cache.view(page_shape, page_at), tokens, i == 0, last});
          if (rt_is_fatal()) return;
        }
      }
    }
  }
}
