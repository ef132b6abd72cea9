// Paged attention of one decoding step as in examples/paged_attention, with the requests of the batch taken in chunks: a task covers
// one step of all requests of a chunk, one request in each of its blocks, so that there are as many tasks for a chunk as there
// would be for its longest request alone.
//
//   tensor 0  query         f16 [batch, heads, 128]
//   tensor 1  key_cache     f16 [pages, 128, kv_heads, 128]
//   tensor 2  value_cache   f16 [pages, 128, kv_heads, 128]
//   tensor 3  block_table   i32 [batch, max_blocks]  entry (b, i) is the page of tokens 128 * i ... of request b
//   tensor 4  context_lens  i32 [batch]              1 to 128 * max_blocks tokens
//   tensor 5  out           f32 [batch, heads, 128]
//   scalar 0  scale         f32
//   scalar 1  chunk         requests of a chunk, 1 to 32767; the last chunk has what is left of the batch
//
// heads = 16 * kv_heads. Step i of a chunk works on page i of each of its requests. A request with fewer pages has nothing to do in
// the later steps; its blocks find that out by themselves and return. Unlike there, the kernels look up the pages: which page
// a block reads is not known when its task is submitted, only that all of the cache is input.
#include "pto_orchestration_api.h"

namespace {

constexpr uint32_t kTileHeads = 16;
constexpr uint32_t kHeadDim = 128;
constexpr uint32_t kBlock = 128;
constexpr uint64_t kMostBlocks = 32767;  // of a task: launch_spec counts in 16 bits

// func_id of callable.json
enum Kernel : int32_t { kQkChunk = 0, kSoftmaxChunk = 1, kPvChunk = 2, kUpdateChunk = 3 };

/// The requests that share their tasks.
struct Chunk {
  uint32_t first;
  uint32_t requests;
};

/// What the steps of one (chunk, key/value head) share.
struct ChunkTile {
  uint32_t requests;
  ChipTensor query;         ///< [requests, 16, 128]
  ChipTensor key_cache;     ///< [pages, 128, 1, 128]
  ChipTensor value_cache;   ///< [pages, 128, 1, 128]
  ChipTensor context_lens;  ///< [requests]
  ChipTensor out;           ///< [requests, 16, 128], also the running output
  ChipTensor max;           ///< [requests, 16], running
  ChipTensor sum;           ///< [requests, 16], running
  uint64_t scale;           ///< as the argument came: f32 bits
};

/// `pages` is the column of the block table that belongs to the step.
void submit_step(const ChunkTile &tile, const ChipTensor &pages, uint32_t step) {
  static_assert(kBlock == kHeadDim, "scores, weights and block_out share matrix_shape");
  const uint32_t matrix_shape[] = {tile.requests, kTileHeads, kBlock};
  const TensorCreateInfo f32_matrix(matrix_shape, 3, DataType::FLOAT32);
  const TensorCreateInfo f16_matrix(matrix_shape, 3, DataType::FLOAT16);
  const TensorCreateInfo f32_vector(matrix_shape, 2, DataType::FLOAT32);
  const auto blocks = static_cast<int16_t>(tile.requests);

  CoreTaskArgs qk;
  qk.launch_spec.set_block_num(blocks);
  qk.add_input(tile.query, tile.key_cache, pages, tile.context_lens);
  qk.add_output(f32_matrix);
  qk.add_scalar(step);
  const TaskOutputTensors scores = rt_submit_aic_task(kQkChunk, qk);
  if (rt_is_fatal()) return;  // a failed submit has no outputs

  CoreTaskArgs softmax;
  softmax.launch_spec.set_block_num(blocks);
  softmax.add_input(scores.get_ref(0), tile.context_lens);
  softmax.add_output(f16_matrix, f32_vector, f32_vector);
  softmax.add_scalar(step, tile.scale);
  const TaskOutputTensors weights = rt_submit_aiv_task(kSoftmaxChunk, softmax);
  if (rt_is_fatal()) return;

  CoreTaskArgs pv;
  pv.launch_spec.set_block_num(blocks);
  pv.add_input(weights.get_ref(0), tile.value_cache, pages, tile.context_lens);
  pv.add_output(f32_matrix);
  pv.add_scalar(step);
  const TaskOutputTensors block_out = rt_submit_aic_task(kPvChunk, pv);
  if (rt_is_fatal()) return;

  CoreTaskArgs update;
  update.launch_spec.set_block_num(blocks);
  update.add_input(weights.get_ref(1), weights.get_ref(2), block_out.get_ref(0), tile.context_lens);
  update.add_inout(tile.max, tile.sum, tile.out);
  update.add_scalar(step);
  rt_submit_aiv_task(kUpdateChunk, update);
}

/// The pages of a request. Reports a context that the block table cannot hold, and a page outside the cache: nobody else would,
/// because it is a kernel that looks the page up. 0 then.
uint32_t pages_of_request(const ChipTensor &context_lens, const ChipTensor &block_table, uint32_t cache_pages, uint32_t request) {
  const uint32_t max_blocks = block_table.shapes[1];
  const uint32_t length_at[] = {request};
  const int32_t context = get_tensor_data<int32_t>(context_lens, 1, length_at);
  if (rt_is_fatal()) return 0;
  if (context < 1 || static_cast<uint32_t>(context) > max_blocks * kBlock) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "request %u has a context of %d tokens; the block table holds 1 to %u", request,
                    context, max_blocks * kBlock);
    return 0;
  }
  const uint32_t blocks = (static_cast<uint32_t>(context) + kBlock - 1) / kBlock;
  for (uint32_t i = 0; i < blocks; ++i) {
    const uint32_t entry_at[] = {request, i};
    const int32_t page = get_tensor_data<int32_t>(block_table, 2, entry_at);
    if (rt_is_fatal()) return 0;
    if (page < 0 || static_cast<uint32_t>(page) >= cache_pages) {
      rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "block %u of request %u is page %d of a cache of %u", i, request, page, cache_pages);
      return 0;
    }
  }
  return blocks;
}

/// As many as its longest request has pages. 0 after a report.
uint32_t steps_of_chunk(const ChipTensor &context_lens, const ChipTensor &block_table, uint32_t cache_pages, const Chunk &chunk) {
  uint32_t steps = 0;
  for (uint32_t b = chunk.first; b < chunk.first + chunk.requests; ++b) {
    const uint32_t blocks = pages_of_request(context_lens, block_table, cache_pages, b);
    if (blocks == 0) return 0;
    steps = blocks > steps ? blocks : steps;
  }
  return steps;
}

}  // namespace

extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {.expected_arg_count = 8}; }

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args) {
  const ChipTensor &query = orch_args.tensor(0).ref();
  const ChipTensor &key_cache = orch_args.tensor(1).ref();
  const ChipTensor &value_cache = orch_args.tensor(2).ref();
  const ChipTensor &block_table = orch_args.tensor(3).ref();
  const ChipTensor &context_lens = orch_args.tensor(4).ref();
  const ChipTensor &out = orch_args.tensor(5).ref();
  const uint64_t scale = orch_args.scalar(0);
  const uint64_t chunk_size = orch_args.scalar(1);

  const uint32_t batch = query.shapes[0];
  const uint32_t heads = query.shapes[1];
  const uint32_t pages = key_cache.shapes[0];
  const uint32_t kv_heads = key_cache.shapes[2];
  if (query.shapes[2] != kHeadDim || key_cache.shapes[1] != kBlock || key_cache.shapes[3] != kHeadDim || heads != kTileHeads * kv_heads) {
    rt_report_fatal(
        PTO2_ERROR_EXPLICIT_ORCH_FATAL,
        "batch paged attention takes head dim 128, pages of 128 tokens and 16 query heads per key/value head, not head dim %u, pages "
        "of %u tokens and %u query heads for %u key/value heads",
        query.shapes[2], key_cache.shapes[1], heads, kv_heads);
    return;
  }
  if (chunk_size < 1 || chunk_size > kMostBlocks) {
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "a chunk has 1 to 32767 requests, not %llu",
                    static_cast<unsigned long long>(chunk_size));
    return;
  }

  const auto requests_of_chunk = static_cast<uint32_t>(chunk_size);
  for (uint32_t first = 0; first < batch; first += requests_of_chunk) {
    const Chunk chunk{first, batch - first < requests_of_chunk ? batch - first : requests_of_chunk};
    const uint32_t steps = steps_of_chunk(context_lens, block_table, pages, chunk);
    if (rt_is_fatal()) return;

    const uint32_t list_shape[] = {chunk.requests};
    const uint32_t list_at[] = {first};
    const ChipTensor chunk_lens = context_lens.view(list_shape, list_at);
    for (uint32_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      // What the tasks inside allocate is given back as a whole when they are done.
      PTO2_SCOPE() {
        const uint32_t tile_shape[] = {chunk.requests, kTileHeads, kHeadDim};
        const uint32_t tile_at[] = {first, kv_head * kTileHeads, 0};
        const uint32_t cache_shape[] = {pages, kBlock, 1, kHeadDim};
        const uint32_t cache_at[] = {0, 0, kv_head, 0};
        const TensorCreateInfo vector(tile_shape, 2, DataType::FLOAT32);
        const TaskOutputTensors running = alloc_tensors(vector, vector);
        if (rt_is_fatal()) return;
        const ChunkTile tile{chunk.requests,
                             query.view(tile_shape, tile_at),
                             key_cache.view(cache_shape, cache_at),
                             value_cache.view(cache_shape, cache_at),
                             chunk_lens,
                             out.view(tile_shape, tile_at),
                             running.get_ref(0),
                             running.get_ref(1),
                             scale};
        for (uint32_t step = 0; step < steps; ++step) {
          const uint32_t column_shape[] = {chunk.requests, 1};
          const uint32_t column_at[] = {first, step};
          submit_step(tile, block_table.view(column_shape, column_at), step);
          if (rt_is_fatal()) return;
        }
      }
    }
  }
}
