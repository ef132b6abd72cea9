#include "graph/graph_definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace tilewright {
namespace {

void store(std::byte* target, uint64_t value) { std::memcpy(target, &value, sizeof value); }

bool same_view(const ChipTensor& a, const ChipTensor& b) {
  return a.ndims == b.ndims && a.dtype == b.dtype && a.manual_dep == b.manual_dep && a.fault() == b.fault() &&
         (a.buffer.addr == 0) == (b.buffer.addr == 0) && std::equal(a.shapes, a.shapes + a.ndims, b.shapes) &&
         std::equal(a.strides, a.strides + a.ndims, b.strides);
}

// Sorts uses by source, keeping their order otherwise, and returns where each source begins.
template <typename Use>
std::vector<uint32_t> group(std::vector<Use>& uses, size_t sources) {
  std::vector<uint32_t> begin(sources + 1, 0);
  for (const Use& use : uses) ++begin[use.source + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
  std::vector<Use> grouped(uses.size());
  for (const Use& use : uses) grouped[next[use.source]++] = use;
  uses.swap(grouped);
  return begin;
}

}  // namespace

// Doubling copies of the value's bytes.
void fill(std::byte* memory, const InitialValue& value) {
  uint64_t filled = std::min<uint64_t>(value.bytes, value.size);
  std::memcpy(memory, &value.bits, filled);
  while (filled < value.bytes) {
    const uint64_t count = std::min(filled, value.bytes - filled);
    std::memcpy(memory + filled, memory, count);
    filled += count;
  }
}

// ---- contexts -------------------------------------------------------------------------------------------

ReplayContext::ReplayContext(GraphDefinition& definition, TaskTable& table)
    : definition_(definition),
      table_(table),
      node_count_(static_cast<uint32_t>(definition.body_.nodes.size())),
      first_slot_(table.allocate_nodes(node_count_, this)),
      nodes_(first_slot_ == kNoSlot || node_count_ == 0 ? nullptr : &table.record(first_slot_)),
      arguments_(definition.body_.image.size()),
      predecessors_(definition.body_.predecessors.size()),
      sources_(definition.body_.boundary.size() + 1, 0),
      scalars_(definition.body_.boundary_scalars.size(), 0) {
  if (!usable()) return;
  const RecordedBody& body = definition.body_;
  if (!body.image.empty()) std::memcpy(arguments_.get(), body.image.data(), body.image.size());
  for (size_t i = 0; i < predecessors_.size(); ++i) predecessors_[i] = {slot_of(body.predecessors[i]), 0};
  for (uint32_t i = 0; i < node_count_; ++i) {
    const RecordedBody::Node& node = body.nodes[i];
    TaskSlot& task = nodes_[i];
    std::memcpy(static_cast<void*>(&task), &node.task, sizeof task);
    task.arguments = arguments_.get() + node.arguments;
    TaskRef* const list = predecessors_.data() + node.first_predecessor;
    if (task.predecessor_count <= TaskSlot::kInlinePredecessors) {
      std::copy_n(list, task.predecessor_count, task.inline_predecessors);
    } else {
      task.more_predecessors = list;
    }
  }
  // What is in force before the first instance, which changes what differs: sources_ and scalars_ say zero, so arguments and words do.
  for (const RecordedBody::AddressUse& use : body.addresses) store(arguments_.get() + use.offset, use.delta);
  for (const RecordedBody::ScalarUse& use : body.scalars) store(arguments_.get() + use.offset, 0);
  words_.resize(definition.words_begin_.back());
  for (uint32_t i = 0; i < node_count_; ++i) {
    uint64_t* word = words_.data() + definition.words_begin_[i];
    *word++ = std::bit_cast<uint64_t>(definition.headers_[i]);
    if (!definition.is_plain(i)) continue;
    for (uint32_t t = 0; t < nodes_[i].tensor_count; ++t) *word++ = reinterpret_cast<uint64_t>(nodes_[i].tensors() + t);
    std::copy_n(nodes_[i].scalars(), nodes_[i].scalar_count, word);
  }
}

void ReplayContext::bind(uint32_t shell) {
  shell_ = shell;
  const TaskSlot& task = table_.record(shell);
  const RecordedBody& body = definition_.body_;
  const uint64_t heap = graph_shell(task).heap;
  for (uint32_t source = 0; source < sources_.size(); ++source) {
    const uint64_t address = source < task.tensor_count ? byte_range(task.tensors()[source]).begin : heap;
    if (address == sources_[source]) continue;
    sources_[source] = address;
    for (uint32_t i = definition_.address_begin_[source]; i != definition_.address_begin_[source + 1]; ++i) {
      store(arguments_.get() + body.addresses[i].offset, address + body.addresses[i].delta);
    }
  }
  for (uint32_t source = 0; source < scalars_.size(); ++source) {
    const uint64_t value = task.scalars()[source];
    if (value == scalars_[source]) continue;
    scalars_[source] = value;
    for (uint32_t i = definition_.scalar_word_begin_[source]; i != definition_.scalar_word_begin_[source + 1]; ++i) {
      words_[definition_.scalar_words_[i].offset] = value;
    }
    tasks_complete_ = false;
  }
  if (!definition_.all_plain_) complete_tasks();
  for (const InitialValue& value : body.initial_values) fill(reinterpret_cast<std::byte*>(heap + value.address), value);
}

const uint64_t* ReplayContext::words(uint32_t node) const { return words_.data() + definition_.words_begin_[node]; }

void ReplayContext::complete_tasks() {
  if (tasks_complete_) return;
  for (const RecordedBody::ScalarUse& use : definition_.body_.scalars) store(arguments_.get() + use.offset, scalars_[use.source]);
  tasks_complete_ = true;
}

// ---- definitions ----------------------------------------------------------------------------------------

GraphDefinition::GraphDefinition(RecordedBody body, TaskTable& table) : body_(std::move(body)), table_(table) {
  address_begin_ = group(body_.addresses, body_.boundary.size() + 1);
  for (const RecordedBody::Node& node : body_.nodes) {
    const TaskSlot& task = node.task;
    const bool wide = task.block_num != 1 || (task.lanes & (task.lanes - 1)) != 0;
    const bool timed_dummy = task.lanes == 0 && task.timing_slot() >= 0;
    needs_scheduler_ = needs_scheduler_ || wide || timed_dummy;
  }
  make_words();
  find_alias_classes();
  add_context();
}

void GraphDefinition::make_words() {
  uint32_t at = 0;
  auto use = body_.scalars.begin();  // in order of nodes
  for (const RecordedBody::Node& node : body_.nodes) {
    const NodeHeader header = NodeHeader::of(node.task);
    headers_.push_back(header);
    words_begin_.push_back(at);
    const uint32_t scalars = node.arguments + node.task.tensor_count * static_cast<uint32_t>(sizeof(ChipTensor));
    for (; use != body_.scalars.end() && use->offset < scalars + node.task.scalar_count * 8u; ++use) {
      if (header.lane != NodeHeader::kNotPlain) {
        scalar_words_.push_back({at + 1 + node.task.tensor_count + (use->offset - scalars) / 8, use->source});
      }
    }
    at += 1u + header.argument_count;
    all_plain_ = all_plain_ && header.lane != NodeHeader::kNotPlain;
  }
  words_begin_.push_back(at);
  scalar_word_begin_ = group(scalar_words_, body_.boundary_scalars.size());
}

void GraphDefinition::find_alias_classes() {
  for (const ChipTensor& tensor : body_.boundary) recorded_.push_back(byte_range(tensor));
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < recorded_.size(); ++i) {
    if (recorded_[i].begin != recorded_[i].end) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return recorded_[a].begin < recorded_[b].begin; });
  for (uint32_t i : order) {
    if (!classes_.empty()) {
      AliasClass& last = classes_.back();
      const uint64_t start = recorded_[last.members.front()].begin;
      if (recorded_[i].begin < start + last.bytes) {
        last.members.push_back(i);
        last.bytes = std::max(last.bytes, recorded_[i].end - start);
        continue;
      }
    }
    classes_.push_back({{i}, recorded_[i].end - recorded_[i].begin});
  }
}

std::string GraphDefinition::mismatch(const GraphTaskArgs& args) {
  const size_t count = body_.boundary.size();
  if (static_cast<size_t>(args.tensor_count()) != count || static_cast<size_t>(args.scalar_count()) != body_.boundary_scalars.size()) {
    return fmt::format("{} tensors and {} scalars instead of {} and {}", args.tensor_count(), args.scalar_count(), count,
                       body_.boundary_scalars.size());
  }
  for (uint32_t i = 0; i < count; ++i) {
    const int32_t index = static_cast<int32_t>(i);
    if (args.tag(index) != body_.declared[i]) return fmt::format("tensor {} has another tag", i);
    if (!same_view(args.tensor(index).ref(), body_.boundary[i])) return fmt::format("tensor {} has another shape, strides or type", i);
  }
  for (size_t i = 0; i < body_.fixed_scalars.size(); ++i) {
    if (body_.fixed_scalars[i] && args.scalar_bits()[i] != body_.boundary_scalars[i]) {
      return fmt::format("scalar {}, which the body looks at, has another value", i);
    }
  }
  ranges_.clear();
  for (const AliasClass& alias : classes_) {
    const uint64_t begin = byte_range(args.tensor(static_cast<int32_t>(alias.members.front())).ref()).begin;
    for (uint32_t member : alias.members) {
      const uint64_t distance = recorded_[member].begin - recorded_[alias.members.front()].begin;
      if (byte_range(args.tensor(static_cast<int32_t>(member)).ref()).begin - begin == distance) continue;
      return fmt::format("tensors {} and {} overlap in another way", alias.members.front(), member);
    }
    ranges_.push_back({begin, begin + alias.bytes});
  }
  const auto by_begin = [](ByteRange a, ByteRange b) { return a.begin < b.begin; };
  if (!std::is_sorted(ranges_.begin(), ranges_.end(), by_begin)) std::sort(ranges_.begin(), ranges_.end(), by_begin);
  for (size_t i = 1; i < ranges_.size(); ++i) {
    if (ranges_[i].begin < ranges_[i - 1].end) return "tensors overlap that did not";
  }
  return {};
}

void GraphDefinition::add_context() {
  auto context = std::make_unique<ReplayContext>(*this, table_);
  if (!context->usable()) return;
  contexts_.push_back(std::move(context));
  free_.push_back(contexts_.back().get());
}

ReplayContext* GraphDefinition::acquire(uint32_t shell) {
  ReplayContext* context = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty() && contexts_.size() < kMaxContexts) add_context();
    if (free_.empty()) {
      waiting_.push_back(shell);
      return nullptr;
    }
    context = free_.back();
    free_.pop_back();
  }
  context->bind(shell);
  return context;
}

uint32_t GraphDefinition::release(ReplayContext* context) {
  const std::lock_guard lock(mutex_);
  free_.push_back(context);
  if (waiting_.empty()) return kNoSlot;
  const uint32_t shell = waiting_.front();
  waiting_.pop_front();
  return shell;
}

}  // namespace tilewright
