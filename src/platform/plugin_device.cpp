// A device of a platform plug-in: the C interface as a Device.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/error.h"
#include "graph/graph_policy.h"
#include "platform/device.h"
#include "platform/plugin.h"
#include "task/callable.h"

namespace tilewright {
namespace {

constexpr uint64_t kAlignment = 64;

class PluginDevice final : public Device {
 public:
  PluginDevice(const PlatformInfo& info, int device_id) : info_(info), plugin_(*info.plugin), device_id_(device_id) {
    plugin_.call("open", table().open, device_id, &device_);
    if (device_ == nullptr) throw plugin_.broken("open gave no device");
  }
  ~PluginDevice() override { close(); }

  const PlatformInfo& platform() const override { return info_; }

  uint64_t allocate(uint64_t bytes) override {
    uint64_t address = 0;
    use("allocate", table().allocate, bytes, &address);
    check_new_block(address, bytes);
    allocations_.emplace(address, bytes);
    return address;
  }
  void free(uint64_t address) override {
    require_open();
    if (allocations_.find(address) == allocations_.end()) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("free: {:#x} is no allocation of this device", address));
    }
    allocations_.erase(address);
    use("release", table().release, address);
  }
  void check_range(uint64_t address, uint64_t bytes) const override {
    require_open();
    auto after = allocations_.upper_bound(address);
    if (after != allocations_.begin()) {
      const auto& [begin, size] = *std::prev(after);
      if (address - begin <= size && bytes <= size - (address - begin)) return;
    }
    throw Error(ErrorCode::kOutOfBounds,
                fmt::format("device range {:#x} of {} bytes is not inside one allocation of device {}", address, bytes, info_.name));
  }
  void copy_to_device(uint64_t address, const void* source, uint64_t bytes) override {
    check_range(address, bytes);
    if (bytes != 0) use("copy_to_device", table().copy_to_device, address, source, bytes);
  }
  void copy_from_device(void* destination, uint64_t address, uint64_t bytes) override {
    check_range(address, bytes);
    if (bytes != 0) use("copy_from_device", table().copy_from_device, destination, address, bytes);
  }

  void load(uint32_t slot, std::span<const uint8_t> image) override {
    static_cast<void>(parse_chip_callable(image));  // plug-ins may trust the layout
    tw_platform_program* program = nullptr;
    use("prepare", table().prepare, static_cast<const void*>(image.data()), image.size(), &program);
    if (program == nullptr) throw plugin_.broken("prepare gave no program");
    if (const auto at = programs_.find(slot); at != programs_.end()) discard(at->second);
    programs_[slot] = program;
  }
  void unload(uint32_t slot) override {
    const auto at = programs_.find(slot);
    if (at == programs_.end()) throw Error(ErrorCode::kUnknownHandle, fmt::format("no callable is loaded in slot {}", slot));
    discard(at->second);
    programs_.erase(at);
  }

  RunReport run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) override;

 private:
  const tw_platform_plugin& table() const { return plugin_.table(); }

  void require_open() const {
    if (device_ != nullptr) return;
    throw Error(ErrorCode::kDeviceLost, fmt::format("device {} ({}) was lost, and with it its memory: {}", device_id_, info_.name, lost_),
                "finalize the worker and start it again");
  }
  void close() noexcept {
    if (device_ != nullptr) plugin_.call_quietly("close", table().close, device_);
    device_ = nullptr;
  }
  void discard(tw_platform_program* program) {
    if (device_ != nullptr) plugin_.call_quietly("discard", table().discard, device_, program);
  }

  /// Calls a function of the plug-in that may lose the device.
  template <typename Call>
  void guard(Call&& call) {
    try {
      call();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kDeviceLost) lose(error.message());
      throw;
    }
  }
  template <typename Function, typename... Arguments>
  void use(const char* what, Function* function, Arguments... arguments) {
    require_open();
    guard([&] { plugin_.call(what, function, device_, arguments...); });
  }
  void lose(const std::string& why) {
    lost_ = why;
    close();
    allocations_.clear();
    programs_.clear();
  }

  void check_new_block(uint64_t address, uint64_t bytes) const;
  uint64_t time_limit_ms(const RunOptions& options) const;
  void check_options(const RunOptions& options, const GraphPolicy& policy) const;
  RunReport read_report(const tw_platform_report& from) const;

  const PlatformInfo& info_;
  const PlatformPlugin& plugin_;
  const int device_id_;
  const uint64_t default_deadline_ms_ = deadline_from_environment();
  tw_platform_device* device_ = nullptr;
  std::string lost_;
  std::map<uint64_t, uint64_t> allocations_;  ///< address -> bytes
  std::map<uint32_t, tw_platform_program*> programs_;
};

void PluginDevice::check_new_block(uint64_t address, uint64_t bytes) const {
  const auto broken = [&](const std::string& why) {
    return plugin_.broken(fmt::format("allocate({}) returned {:#x}, which {}", bytes, address, why));
  };
  if (address == 0) throw broken("is no address");
  if (address % kAlignment != 0) throw broken(fmt::format("is not aligned to {} bytes", kAlignment));
  if (address + bytes < address) throw broken("leaves the address space");
  const auto after = allocations_.lower_bound(address);
  const bool runs_into_next = after != allocations_.end() && after->first < address + std::max<uint64_t>(bytes, 1);
  const bool inside_previous =
      after != allocations_.begin() && std::prev(after)->first + std::max<uint64_t>(std::prev(after)->second, 1) > address;
  if (runs_into_next || inside_previous) throw broken("overlaps memory that is allocated");
}

void PluginDevice::check_options(const RunOptions& options, const GraphPolicy& policy) const {
  const auto require = [&](bool there, const std::string& what, const char* hint) {
    if (!there) throw Error(ErrorCode::kUnsupported, fmt::format("platform {} does not support {}", info_.name, what), hint);
  };
  require((plugin_.info().runtimes >> static_cast<uint32_t>(options.runtime) & 1) != 0,
          fmt::format("the runtime {}", runtime_name(options.runtime)), "choose another runtime variant");
  require(!options.check, "checked runs", "run it on a simulator");
  require(!options.check_races, "the search for races", "run it on a simulator");
  require(options.sim_seed == 0, "schedules that a seed decides", "leave out the seed, or use a2a3sim or a5sim");
  require(!options.record_dependencies || plugin_.has(TW_PLATFORM_RECORDS_DEPENDENCIES), "record_dependencies", "run it on a simulator");
  require(!policy.track_war || plugin_.has(TW_PLATFORM_TRACKS_WAR), "track_war", "add the edges to the orchestration");
  const bool names_deadline = options.deadline_ms != 0 && options.deadline_ms != kNoDeadline;
  require(!names_deadline || plugin_.has(TW_PLATFORM_HAS_DEADLINE), "a deadline", "leave it out");
  require(options.aic_cores == 0 || options.aic_cores == info_.aic_cores || plugin_.has(TW_PLATFORM_LOWERS_CORES), "fewer cores",
          "use 0 for all");
  require(options.host_threads == 0 || info_.simulated, "host_threads", "it is for simulators; use 0");
  if (options.aic_cores > info_.aic_cores) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("{} AIC cores asked for, {} has {}", options.aic_cores, info_.name, info_.aic_cores));
  }
}

/// As RunOptions::deadline_ms has it, in device time; 0: none.
uint64_t PluginDevice::time_limit_ms(const RunOptions& options) const {
  if (!plugin_.has(TW_PLATFORM_HAS_DEADLINE) || options.deadline_ms == kNoDeadline) return 0;
  const uint64_t named = options.deadline_ms != 0 ? options.deadline_ms : default_deadline_ms_;
  if (named == kNoDeadline) return 0;
  return named != 0 ? named : kDefaultDeadlineMs;
}

RunReport PluginDevice::run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) {
  require_open();
  require_supported(config);
  config.validate();
  const GraphPolicy policy = policy_of(options);
  check_options(options, policy);
  const auto at = programs_.find(slot);
  if (at == programs_.end()) throw Error(ErrorCode::kUnknownHandle, fmt::format("no callable is loaded in slot {}", slot));

  std::vector<ChipTensor> tensors;
  for (int32_t i = 0; i < args.tensor_count(); ++i) tensors.push_back(args.tensor(i));
  std::vector<uint64_t> scalars;
  for (int32_t i = 0; i < args.scalar_count(); ++i) scalars.push_back(args.scalar(i));
  tw_platform_launch launch{};
  launch.struct_size = sizeof launch;
  launch.tensors = tensors.data();
  launch.tensor_count = tensors.size();
  launch.tensor_bytes = sizeof(ChipTensor);
  launch.scalars = scalars.data();
  launch.scalar_count = scalars.size();
  launch.call_config = &config;
  launch.call_config_bytes = sizeof config;
  launch.runtime = static_cast<int32_t>(options.runtime);
  launch.aic_cores = options.aic_cores;
  launch.record_dependencies = options.record_dependencies ? 1 : 0;
  launch.track_war = policy.track_war ? 1 : 0;
  launch.time_limit_ms = time_limit_ms(options);
  launch.host_threads = options.host_threads;

  tw_platform_run* run = nullptr;
  use("launch", table().launch, at->second, static_cast<const tw_platform_launch*>(&launch), &run);
  if (run == nullptr) throw plugin_.broken("launch gave no run");
  tw_platform_report report{};
  report.struct_size = sizeof report;
  try {
    int32_t ended = 0;
    plugin_.call("poll", table().poll, run, &ended);  // a platform may have run it all in launch
    if (ended != 0 && ended != 1) throw plugin_.broken(fmt::format("poll says neither 0 nor 1, but {}", ended));
    if (ended == 0) plugin_.call("wait", table().wait, run, UINT64_MAX, &ended);
    if (ended != 1) throw plugin_.broken("wait without a time-out returned before the run had ended");
  } catch (const Error& error) {
    tw_platform_error ignored;  // how waiting failed is what counts
    plugin_.call_quietly("finalize", table().finalize, run, &report, &ignored);
    if (error.code() == ErrorCode::kDeviceLost) lose(error.message());
    throw;
  }
  guard([&] { plugin_.call("finalize", table().finalize, run, &report); });
  return read_report(report);
}

RunReport PluginDevice::read_report(const tw_platform_report& from) const {
  if (from.struct_size != sizeof from) throw plugin_.broken(fmt::format("finalize changed struct_size to {}", from.struct_size));
  if ((from.edges == nullptr && from.edges_size != 0) || (from.tasks == nullptr && from.tasks_size != 0)) {
    throw plugin_.broken("the report counts edges or tasks and has none");
  }
  RunReport report;
  report.task_count = from.task_count;
  std::copy(std::begin(from.edge_count), std::end(from.edge_count), report.edge_count);
  report.aic_cores_used = from.aic_cores_used;
  report.aiv_cores_used = from.aiv_cores_used;
  report.run_ns = from.run_ns;
  std::copy(std::begin(from.task_window), std::end(from.task_window), report.task_window);
  std::copy(std::begin(from.heap_bytes), std::end(from.heap_bytes), report.heap_bytes);
  report.staged_early = from.staged_early;
  for (size_t i = 0; i < std::size(report.timing_slots); ++i) {
    report.timing_slots[i] = {from.timing_slots[i][0], from.timing_slots[i][1]};
  }
  for (size_t i = 0; i < from.edges_size; ++i) {
    const tw_platform_edge& edge = from.edges[i];
    if (edge.source < 0 || edge.source > static_cast<int32_t>(EdgeSource::kDerived))
      throw plugin_.broken(fmt::format("edge {} has source {}", i, edge.source));
    report.edges.push_back({PTO2TaskId{edge.predecessor}, PTO2TaskId{edge.successor}, static_cast<EdgeSource>(edge.source),
                            static_cast<int16_t>(edge.argument), edge.overlap_bytes});
  }
  for (size_t i = 0; i < from.tasks_size; ++i) {
    const tw_platform_task& task = from.tasks[i];
    report.tasks.push_back({PTO2TaskId{task.id}, {task.kernel_ids[0], task.kernel_ids[1], task.kernel_ids[2]}, task.named_dependencies});
  }
  return report;
}

}  // namespace

std::unique_ptr<Device> make_plugin_device(const PlatformInfo& info, int device_id) {
  require_available(info);
  if (info.plugin == nullptr) throw Error(ErrorCode::kUnsupported, fmt::format("platform {} is not a plug-in's", info.name));
  return std::make_unique<PluginDevice>(info, device_id);
}

}  // namespace tilewright
