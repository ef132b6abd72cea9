#include "task_overhead/shapes.h"

#include <algorithm>
#include <random>

#include "base/error.h"
#include "task_overhead/names.h"

namespace tilewright::bench {

namespace {

constexpr uint32_t kNobody = UINT32_MAX;

/// Collects the accesses of tasks in submission order.
class WorkloadBuilder {
 public:
  WorkloadBuilder(Shape shape, uint32_t task_count, uint64_t seed) : workload_{shape, seed, 0, {}, {0}, {}} {
    workload_.inout.reserve(task_count);
    workload_.read_begin.reserve(task_count + 1);
  }
  void read(uint32_t slot) { workload_.reads.push_back(slot); }
  void end_task(uint32_t inout) {
    workload_.inout.push_back(inout);
    workload_.read_begin.push_back(static_cast<uint32_t>(workload_.reads.size()));
    workload_.slot_count = std::max(workload_.slot_count, inout + 1);
  }
  Workload finish() { return std::move(workload_); }

 private:
  Workload workload_;
};

void read_fork_join(WorkloadBuilder& builder, uint32_t task) {
  const uint32_t place = task % (kForkWidth + 2);
  if (place == 0) return;
  if (place <= kForkWidth) return builder.read(task - place);
  for (uint32_t reader = task - kForkWidth; reader < task; ++reader) builder.read(reader);
}

void read_wavefront(WorkloadBuilder& builder, uint32_t task) {
  if (task >= kWavefrontWidth) builder.read(task - kWavefrontWidth);
  if (task % kWavefrontWidth != 0) builder.read(task - 1);
}

void read_random(WorkloadBuilder& builder, uint32_t task, std::mt19937_64& random) {
  const uint32_t window = std::min(task, kRandomWindow);
  if (window == 0) return;
  // The remainder, not uniform_int_distribution, whose results differ between standard libraries.
  const uint32_t first = static_cast<uint32_t>(random() % window);
  builder.read(task - 1 - first);
  if (window == 1) return;
  const uint32_t second = (first + 1 + static_cast<uint32_t>(random() % (window - 1))) % window;
  builder.read(task - 1 - second);
}

}  // namespace

std::string_view shape_name(Shape shape) {
  switch (shape) {
    case Shape::kIndependent: return "independent";
    case Shape::kChain: return "chain";
    case Shape::kForkJoin: return "fork_join_31";
    case Shape::kWavefront: return "wavefront_100";
    case Shape::kRandomReads: return "random_2_of_256";
  }
  return "unknown";
}

Shape parse_shape(std::string_view name) { return parse_name<Shape>("shape", name, kAllShapes, shape_name); }

Workload make_workload(Shape shape, uint32_t task_count, uint64_t seed) {
  if (task_count == 0) throw Error(ErrorCode::kInvalidArgument, "a workload of no tasks", "ask for at least one task");
  WorkloadBuilder builder(shape, task_count, seed);
  std::mt19937_64 random(seed);
  for (uint32_t task = 0; task < task_count; ++task) {
    if (shape == Shape::kForkJoin) read_fork_join(builder, task);
    if (shape == Shape::kWavefront) read_wavefront(builder, task);
    if (shape == Shape::kRandomReads) read_random(builder, task, random);
    builder.end_task(shape == Shape::kChain ? 0 : task);
  }
  return builder.finish();
}

Order derive_order(const Workload& workload) {
  Order order{{0}, {}};
  std::vector<uint32_t> last_writer(workload.slot_count, kNobody);
  for (uint32_t task = 0; task < workload.task_count(); ++task) {
    const auto start = static_cast<std::ptrdiff_t>(order.preds.size());
    const auto depend_on_writer_of = [&](uint32_t slot) {
      if (last_writer[slot] != kNobody) order.preds.push_back(last_writer[slot]);
    };
    for (uint32_t slot : workload.reads_of(task)) depend_on_writer_of(slot);
    depend_on_writer_of(workload.inout[task]);
    std::sort(order.preds.begin() + start, order.preds.end());
    order.preds.erase(std::unique(order.preds.begin() + start, order.preds.end()), order.preds.end());
    order.begin.push_back(static_cast<uint32_t>(order.preds.size()));
    last_writer[workload.inout[task]] = task;
  }
  return order;
}

}  // namespace tilewright::bench
