// One problem for paged attention: inputs drawn from a seed, and the right answer in double precision.
#pragma once

#include <cstdint>
#include <vector>

#include "common/example.h"

namespace tilewright::examples {

/// The arguments of examples/paged_attention, laid out as its orchestration describes them.
struct AttentionCase {
  static constexpr uint32_t kHeadDim = 128;
  static constexpr uint32_t kBlock = 128;           ///< tokens a page
  static constexpr uint32_t kHeadsPerKvHead = 16;

  uint32_t batch = 0;
  uint32_t heads = 0;
  uint32_t kv_heads = 0;
  uint32_t pages = 0;       ///< of the cache; more than the sequences use
  uint32_t max_blocks = 0;  ///< columns of the block table
  float scale = 0;
  std::vector<_Float16> query;
  std::vector<_Float16> key_cache;    ///< NaN wherever no token is stored
  std::vector<_Float16> value_cache;  ///< NaN wherever no token is stored
  std::vector<int32_t> block_table;   ///< shuffled pages; -1 past a sequence's last page
  std::vector<int32_t> context_lens;
};

/// `heads` is a multiple of 16, every context at least 1. The same arguments give the same case on every machine.
/// Throws Error(kInvalidArgument).
AttentionCase make_attention_case(uint32_t heads, const std::vector<int32_t>& contexts, uint64_t seed);

/// Attention by its definition, and how far a program that rounds its softmax weights to f16 and computes otherwise in
/// f32 may be from it. Both [batch, heads, 128].
struct AttentionReference {
  std::vector<double> value;
  std::vector<double> bound;
};
AttentionReference attention_reference(const AttentionCase& problem);

/// The arguments of the callable, with the reference as what to expect of "out".
Problem attention_problem(const AttentionCase& attention, AttentionReference reference);

}  // namespace tilewright::examples
