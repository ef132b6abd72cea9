#include "task_overhead/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "harness/case_main.h"
#include "harness/report.h"

namespace tilewright::bench {

namespace {

constexpr KnownSystem kSystems[] = {
    {"tilewright", true, true, "this project's engine is not part of this build"},
    {"tilewright_host_build", true, true, "this project's engine is not part of this build"},
    {"tilewright_replay", true, true, "this project's engine is not part of this build"},
    {"tbb_flow_graph", false, true, "install libtbb-dev and configure again"},
    {"gomp_depend", true, true, "it needs g++ as the project's compiler (libgomp comes with it)"},
    {"omp_depend", true, true, "install clang-19 and libomp-19-dev and configure again"},
    {"starpu", true, true, "install libstarpu-dev and configure again"},
    {"serial_loop", false, false, "build the target tw-bench-task_overhead-serial_loop"},
};

/// The product of its lists is measured.
struct Block {
  std::vector<const KnownSystem*> systems;
  std::vector<Shape> shapes;
  std::vector<uint32_t> counts;
  std::vector<Layout> layouts;
  std::vector<uint32_t> threads;
  std::vector<uint32_t> kernel_ns;
};

std::vector<const KnownSystem*> parse_systems(const std::string& list) {
  std::string known;
  for (const KnownSystem& system : kSystems) known += fmt::format("{}{}", known.empty() ? "" : ", ", system.name);
  std::vector<const KnownSystem*> chosen;
  for (const std::string& name : split_list(list)) {
    const auto* found = std::find_if(std::begin(kSystems), std::end(kSystems), [&](const KnownSystem& s) { return s.name == name; });
    if (found == std::end(kSystems))
      throw Error(ErrorCode::kInvalidArgument, fmt::format("there is no system \"{}\"", name), "known are " + known);
    chosen.push_back(found);
  }
  return chosen;
}

std::vector<const KnownSystem*> systems_where(bool (*wanted)(const KnownSystem&)) {
  std::vector<const KnownSystem*> chosen;
  for (const KnownSystem& system : kSystems) {
    if (wanted(system)) chosen.push_back(&system);
  }
  return chosen;
}

std::vector<Shape> parse_shapes(const std::string& list) {
  std::vector<Shape> shapes;
  for (const std::string& name : split_list(list)) shapes.push_back(parse_shape(name));
  return shapes;
}

std::vector<Layout> parse_layouts(const std::string& list) {
  std::vector<Layout> layouts;
  for (const std::string& name : split_list(list)) {
    layouts.push_back(parse_layout(name));
    if (layouts.back() == Layout::kAny) {
      throw Error(ErrorCode::kInvalidArgument, "the layout \"any\" is that of systems which are not told about memory, and not chosen");
    }
  }
  return layouts;
}

std::vector<uint32_t> parse_numbers(const std::string& list, uint32_t least, std::string_view what, std::string_view example) {
  std::vector<uint32_t> numbers;
  for (const std::string& text : split_list(list)) {
    uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || number < least) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no {}", text, what), fmt::format("write for example {}", example));
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<Block> default_blocks(bool quick) {
  const auto everyone = systems_where([](const KnownSystem&) { return true; });
  const auto ours = systems_where([](const KnownSystem& system) { return &system == &kSystems[0]; });
  const std::vector<Shape> shapes(std::begin(kAllShapes), std::end(kAllShapes));
  const std::vector<Layout> layouts(std::begin(kMemoryLayouts), std::end(kMemoryLayouts));
  const std::vector<Layout> own = {Layout::kOwnBuffers};
  // A chain has no two tasks that could run at the same time, so its efficiency says nothing.
  const std::vector<Shape> parallel = {Shape::kIndependent, Shape::kForkJoin, Shape::kWavefront, Shape::kRandomReads};
  if (quick) {
    return {{everyone, shapes, {10000}, own, {1, 2}, {0}},
            {ours, shapes, {10000}, layouts, {1, 2}, {0}},
            {everyone, parallel, {5000}, own, {2}, {100, 1000, 10000}}};
  }
  return {{everyone, shapes, {10000, 100000}, layouts, {1, 2}, {0}},
          {ours, shapes, {1000, 10000, 100000, 1000000}, layouts, {1, 2}, {0}},
          {everyone, parallel, {10000}, own, {2}, {50, 100, 200, 500, 1000, 2000, 5000, 10000}}};
}

void append(std::vector<Measurement>& plan, const Measurement& measurement) {
  if (std::find(plan.begin(), plan.end(), measurement) == plan.end()) plan.push_back(measurement);
}

void append(std::vector<Measurement>& plan, const Block& block) {
  for (Shape shape : block.shapes) {
    for (uint32_t tasks : block.counts) {
      for (uint32_t kernel_ns : block.kernel_ns) {
        for (uint32_t threads : block.threads) {
          for (Layout layout : block.layouts) {
            for (const KnownSystem* system : block.systems) {
              append(plan,
                     {system,
                      shape,
                      tasks,
                      {system->sees_memory ? layout : Layout::kAny, system->uses_threads ? static_cast<int>(threads) : 1, kernel_ns}});
            }
          }
        }
      }
    }
  }
}

template <typename T>
void replace(std::vector<T>& list, const std::vector<T>& given) {
  if (!given.empty()) list = given;
}

}  // namespace

std::span<const KnownSystem> known_systems() { return kSystems; }

bool Measurement::operator==(const Measurement& other) const {
  return system == other.system && shape == other.shape && tasks == other.tasks && conditions.layout == other.conditions.layout &&
         conditions.threads == other.conditions.threads && conditions.kernel_ns == other.conditions.kernel_ns;
}

std::vector<Measurement> make_plan(const PlanOptions& options) {
  const Block given = {parse_systems(options.systems),
                       parse_shapes(options.shapes),
                       parse_numbers(options.counts, 1, "number of tasks", "--n 10000,100000"),
                       parse_layouts(options.layouts),
                       parse_numbers(options.threads, 1, "number of threads", "--threads 1,2"),
                       parse_numbers(options.kernel_ns, 0, "kernel time in nanoseconds", "--kernel-ns 0,100,1000")};
  std::vector<Measurement> plan;
  for (Block block : default_blocks(options.quick)) {
    replace(block.systems, given.systems);
    replace(block.shapes, given.shapes);
    replace(block.counts, given.counts);
    replace(block.layouts, given.layouts);
    replace(block.threads, given.threads);
    replace(block.kernel_ns, given.kernel_ns);
    append(plan, block);
  }
  return plan;
}

std::vector<Field> fields_of(const Measurement& m) {
  std::vector<Field> fields = {
      {"shape", std::string(shape_name(m.shape))}, {"tasks", int64_t{m.tasks}}, {"layout", std::string(layout_name(m.conditions.layout))}};
  if (m.system->uses_threads) {
    fields.push_back({"threads", int64_t{m.conditions.threads}});
  } else {
    fields.push_back({"threads", std::string(kAnyGroup)});
  }
  fields.push_back({"kernel_ns", int64_t{m.conditions.kernel_ns}});
  return fields;
}

}  // namespace tilewright::bench
