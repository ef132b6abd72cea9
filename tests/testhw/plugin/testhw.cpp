// testhw: a platform of class hardware whose chip is Tilewright's simulator, reached as an outsider reaches it: through
// tilewright/platform_plugin.h on one side and tilewright/c_api.h on the other.
//
// It is unlike the simulator wherever real hardware is: its addresses are no pointers (no x86 process can read them), its launches
// are asynchronous, a device has one owner, and its kernels come from its own compiler: they end with a mark that prepare() looks for.
#include <tensor.h>
#include <tilewright/c_api.h>
#include <tilewright/call_config.h>
#include <tilewright/callable.h>
#include <tilewright/platform_plugin.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int32_t kDevices = 4;
constexpr uint64_t kNotAPointer = uint64_t{1} << 60;  // beyond what x86-64 and AArch64 can address
constexpr char kMark[] = "testhw kernel";              // at the end of each kernel

const tw_platform_host *host;

/// The chip's name, as the simulator knows it.
constexpr const char *kChip = "a2a3sim";

struct ErrorOwner {
  ~ErrorOwner() { tw_error_free(error); }
  tw_error *error = nullptr;
};

int32_t fail(tw_platform_error *error, int32_t code, const std::string &message, const char *hint = "") {
  host->report_error(error, message.c_str(), hint, 0);
  return code;
}

/// What the library said, in the words of the plug-in interface: the numbers are the same.
int32_t forward(tw_platform_error *error, const tw_error *from) {
  const int code = tw_error_code(from);
  host->report_error(error, tw_error_message(from), tw_error_hint(from), tw_error_status(from));
  switch (code) {
    case TW_PLATFORM_INVALID_ARGUMENT:
    case TW_PLATFORM_UNSUPPORTED:
    case TW_PLATFORM_LIMIT_EXCEEDED:
    case TW_PLATFORM_OUT_OF_BOUNDS:
    case TW_PLATFORM_SYMBOL_MISSING:
    case TW_PLATFORM_RUN_FAILED:
    case TW_PLATFORM_KERNEL_CRASHED:
    case TW_PLATFORM_DEVICE_MEMORY:
    case TW_PLATFORM_DEADLOCK:
    case TW_PLATFORM_DEADLINE: return code;
    case 1009: return TW_PLATFORM_INVALID_ARGUMENT;  // signature_mismatch
    default: return TW_PLATFORM_DEVICE_LOST;
  }
}

/// Numbers of devices that are open in this process. (A driver would hold a lock on the device.)
std::mutex owners_mutex;
std::set<int32_t> owners;

void *to_chip(uint64_t address) { return reinterpret_cast<void *>(address & ~kNotAPointer); }

}  // namespace

struct tw_platform_program {
  tw_callable callable;
  std::vector<ArgDirection> tensors;  // as the callable declares them; empty if it does not
};

struct tw_platform_run {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  tw_arguments *arguments = nullptr;
  int result = 0;
  ErrorOwner error;
  tw_report *report = nullptr;
  std::vector<tw_platform_edge> edges;
  std::vector<tw_platform_task> tasks;
  std::thread worker;
  tw_platform_device *device = nullptr;
};

struct tw_platform_device {
  int32_t id;
  tw_worker *worker;
  std::unique_ptr<tw_platform_run> last_run;  // keeps the arrays of its report
};

namespace {

int32_t describe(tw_platform_info *info, tw_platform_error *error) {
  tw_platform chip{};
  chip.struct_size = sizeof chip;
  size_t at = 0;
  while (at < tw_platform_count()) {
    ErrorOwner failure;
    if (tw_platform_get(at, &chip, &failure.error) != 0) return forward(error, failure.error);
    if (std::strcmp(chip.name, kChip) == 0) break;
    ++at;
  }
  if (at == tw_platform_count()) return fail(error, TW_PLATFORM_UNAVAILABLE, "there is no simulator to be testhw's chip");
  // The chip's compiler: g++, and a mark behind what it makes.
  static constexpr const char *kPack = R"(cat "$1" > "$2" && printf 'testhw kernel' >> "$2")";
#define TESTHW_KERNEL(CORE) \
  {TESTHW_CXX,              \
   "-std=c++20",            \
   "-shared",               \
   "-fPIC",                 \
   "-fno-gnu-unique",       \
   "-ffp-contract=off",     \
   "{flags}",               \
   "-D__CPU_SIM",           \
   CORE,                    \
   "-D__NPU_ARCH__=2201",   \
   "-DTESTHW",              \
   "{includes}",            \
   "-MD",                   \
   "-MT",                   \
   "object",                \
   "-MF",                   \
   "{depfile}",             \
   "-o",                    \
   "{scratch}/kernel.so",   \
   "{source}",              \
   "&&",                    \
   "sh",                    \
   "-c",                    \
   kPack,                   \
   "pack",                  \
   "{scratch}/kernel.so",   \
   "{output}",              \
   nullptr}
  static const char *const kAic[] = TESTHW_KERNEL("-D__DAV_CUBE__");
  static const char *const kAiv[] = TESTHW_KERNEL("-D__DAV_VEC__");
  static const tw_platform_recipe kRecipe{sizeof(tw_platform_recipe), "testhw compiler 1 on " TESTHW_CXX " " __VERSION__, kAic, kAiv,
                                          nullptr};
  static constexpr uint64_t kMemories[TW_PLATFORM_SPACES] = {192 << 10, 512 << 10, 64 << 10, 64 << 10, 128 << 10,
                                                             1 << 10,   2 << 10,   0,        0,        0};
  info->arch = chip.arch;
  info->requirement = "nothing: its chip is the simulator";
  info->platform_class = TW_PLATFORM_CLASS_HARDWARE;
  info->orchestration = TW_PLATFORM_ORCHESTRATION_ON_DEVICE;
  info->aic_cores = chip.aic_cores;
  info->aiv_cores = 2 * chip.aic_cores;
  info->memory_bytes = chip.memory_bytes;
  info->features = TW_PLATFORM_RECORDS_DEPENDENCIES | TW_PLATFORM_TRACKS_WAR | TW_PLATFORM_HAS_DEADLINE | TW_PLATFORM_LOWERS_CORES;
  info->runtimes = 7;
  std::memcpy(info->core_memory_bytes, kMemories, sizeof kMemories);
  info->recipe = &kRecipe;
  return TW_PLATFORM_OK;
}

int32_t device_count(int32_t *count, tw_platform_error *) {
  *count = kDevices;
  return TW_PLATFORM_OK;
}

int32_t open_device(int32_t device_id, tw_platform_device **device, tw_platform_error *error) {
  if (device_id >= kDevices) {
    return fail(error, TW_PLATFORM_UNAVAILABLE, "there is no testhw device " + std::to_string(device_id) + ", the last is 3");
  }
  const std::lock_guard lock(owners_mutex);
  if (!owners.insert(device_id).second) {
    return fail(error, TW_PLATFORM_UNAVAILABLE, "testhw device " + std::to_string(device_id) + " is in use");
  }
  tw_worker_options options = TW_WORKER_OPTIONS_INIT;
  options.platform = kChip;
  options.device_id = device_id;
  ErrorOwner failure;
  tw_worker *worker = nullptr;
  if (tw_worker_create(&options, &worker, &failure.error) != 0) {
    owners.erase(device_id);
    return forward(error, failure.error);
  }
  *device = new tw_platform_device{device_id, worker, nullptr};
  return TW_PLATFORM_OK;
}

void close_device(tw_platform_device *device) {
  tw_worker_free(device->worker);
  const std::lock_guard lock(owners_mutex);
  owners.erase(device->id);
  delete device;
}

int32_t allocate(tw_platform_device *device, uint64_t bytes, uint64_t *address, tw_platform_error *error) {
  ErrorOwner failure;
  void *chip = nullptr;
  if (tw_worker_malloc(device->worker, bytes, &chip, &failure.error) != 0) return forward(error, failure.error);
  *address = reinterpret_cast<uint64_t>(chip) | kNotAPointer;
  return TW_PLATFORM_OK;
}

int32_t release(tw_platform_device *device, uint64_t address, tw_platform_error *error) {
  ErrorOwner failure;
  return tw_worker_free_memory(device->worker, to_chip(address), &failure.error) == 0 ? TW_PLATFORM_OK : forward(error, failure.error);
}

int32_t copy_to_device(tw_platform_device *device, uint64_t address, const void *source, uint64_t bytes, tw_platform_error *error) {
  ErrorOwner failure;
  return tw_worker_copy_to(device->worker, to_chip(address), source, bytes, &failure.error) == 0 ? TW_PLATFORM_OK
                                                                                                 : forward(error, failure.error);
}

int32_t copy_from_device(tw_platform_device *device, void *destination, uint64_t address, uint64_t bytes, tw_platform_error *error) {
  ErrorOwner failure;
  return tw_worker_copy_from(device->worker, destination, to_chip(address), bytes, &failure.error) == 0 ? TW_PLATFORM_OK
                                                                                                        : forward(error, failure.error);
}

int32_t prepare(tw_platform_device *device, const void *bytes, size_t size, tw_platform_program **program, tw_platform_error *error) {
  const auto *callable = static_cast<const ChipCallable *>(bytes);
  for (int32_t i = 0; i < callable->child_count(); ++i) {
    const CoreCallable &kernel = callable->child(i);
    const size_t length = sizeof kMark - 1;
    const char *end = static_cast<const char *>(kernel.binary_data()) + kernel.binary_size();
    if (kernel.binary_size() < length || std::memcmp(end - length, kMark, length) != 0) {
      return fail(error, TW_PLATFORM_INVALID_ARGUMENT,
                  "kernel func_id " + std::to_string(callable->child_func_id(i)) + " was not compiled for testhw",
                  "build the callable for this platform");
    }
  }
  ErrorOwner failure;
  tw_image *image = nullptr;
  if (tw_image_from_bytes(bytes, size, &image, &failure.error) != 0) return forward(error, failure.error);
  tw_callable handle = 0;
  const int result = tw_worker_register(device->worker, image, &handle, &failure.error);
  tw_image_free(image);
  if (result != 0) return forward(error, failure.error);
  auto made = std::make_unique<tw_platform_program>();
  made->callable = handle;
  for (int32_t i = 0; i < callable->sig_count(); ++i) {
    if (callable->sig(i) != ArgDirection::SCALAR) made->tensors.push_back(callable->sig(i));
  }
  *program = made.release();
  return TW_PLATFORM_OK;
}

void discard(tw_platform_device *device, tw_platform_program *program) {
  ErrorOwner failure;
  tw_worker_unregister(device->worker, program->callable, &failure.error);
  delete program;
}

int add_tensor(tw_arguments *arguments, const ChipTensor &from, ArgDirection direction, tw_error **error) {
  tw_tensor tensor{};
  tensor.struct_size = sizeof tensor;
  tensor.data = static_cast<char *>(to_chip(from.buffer.addr)) + from.start_offset * get_element_size(from.dtype);
  tensor.dtype = static_cast<int32_t>(from.dtype);
  tensor.direction = static_cast<int32_t>(direction);
  tensor.address_space = TW_DEVICE;
  tensor.rank = static_cast<int32_t>(from.ndims);
  for (uint32_t d = 0; d < from.ndims; ++d) {
    tensor.shape[d] = from.shapes[d];
    tensor.strides[d] = from.strides[d];
  }
  return tw_arguments_add_tensor(arguments, &tensor, error);
}

tw_run_options options_of(const tw_platform_launch &launch) {
  tw_run_options options{};
  options.struct_size = sizeof options;
  options.runtime = launch.runtime;
  options.aic_cores = launch.aic_cores;
  options.record_dependencies = launch.record_dependencies;
  options.deadline_ms = launch.time_limit_ms != 0 ? launch.time_limit_ms : TW_NO_DEADLINE;
  options.track_war = launch.track_war;
  return options;
}

/// On the run's own thread: the chip at work.
void work(tw_worker *worker, tw_callable callable, tw_platform_run *run, const CallConfig config, const tw_run_options options) {
  tw_call_config settings{};
  settings.struct_size = sizeof settings;
  settings.aicpu_thread_num = config.aicpu_thread_num;
  std::memcpy(settings.ring_task_window, config.runtime_env.ring_task_window, sizeof settings.ring_task_window);
  std::memcpy(settings.ring_heap, config.runtime_env.ring_heap, sizeof settings.ring_heap);
  std::memcpy(settings.ring_dep_pool, config.runtime_env.ring_dep_pool, sizeof settings.ring_dep_pool);
  const int result = tw_worker_run(worker, callable, run->arguments, &settings, &options, &run->report, &run->error.error);
  const std::lock_guard lock(run->mutex);
  run->result = result;
  run->ended = true;
  run->changed.notify_all();
}

int32_t launch_program(tw_platform_device *device, tw_platform_program *program, const tw_platform_launch *launch,
                       tw_platform_run **started, tw_platform_error *error) {
  if (launch->tensor_bytes != sizeof(ChipTensor) || launch->call_config_bytes != sizeof(CallConfig)) {
    return fail(error, TW_PLATFORM_UNSUPPORTED, "testhw was built for other layouts of tensors or settings");
  }
  auto run = std::make_unique<tw_platform_run>();
  run->arguments = tw_arguments_create();
  ErrorOwner failure;
  bool good = true;
  for (size_t i = 0; good && i < launch->tensor_count; ++i) {
    const ArgDirection direction = i < program->tensors.size() ? program->tensors[i] : ArgDirection::INOUT;
    good = add_tensor(run->arguments, static_cast<const ChipTensor *>(launch->tensors)[i], direction, &failure.error) == 0;
  }
  for (size_t i = 0; good && i < launch->scalar_count; ++i) {
    good = tw_arguments_add_scalar(run->arguments, launch->scalars[i], &failure.error) == 0;
  }
  if (!good) {
    tw_arguments_free(run->arguments);
    return forward(error, failure.error);
  }
  run->device = device;
  CallConfig config;
  std::memcpy(static_cast<void *>(&config), launch->call_config, sizeof config);
  run->worker = std::thread(&work, device->worker, program->callable, run.get(), config, options_of(*launch));
  *started = run.release();
  return TW_PLATFORM_OK;
}

int32_t poll_run(tw_platform_run *run, int32_t *ended, tw_platform_error *) {
  const std::lock_guard lock(run->mutex);
  *ended = run->ended ? 1 : 0;
  return TW_PLATFORM_OK;
}

int32_t wait_run(tw_platform_run *run, uint64_t timeout_ns, int32_t *ended, tw_platform_error *) {
  std::unique_lock lock(run->mutex);
  const auto is_over = [run] { return run->ended; };
  if (timeout_ns == UINT64_MAX) {
    run->changed.wait(lock, is_over);
  } else {
    run->changed.wait_for(lock, std::chrono::nanoseconds(timeout_ns), is_over);
  }
  *ended = run->ended ? 1 : 0;
  return TW_PLATFORM_OK;
}

void fill_report(tw_platform_run &run, tw_platform_report *to) {
  tw_summary summary{};
  summary.struct_size = sizeof summary;
  tw_report_summary(run.report, &summary, nullptr);
  to->task_count = summary.task_count;
  std::memcpy(to->edge_count, summary.edge_count, sizeof to->edge_count);
  to->aic_cores_used = summary.aic_cores_used;
  to->aiv_cores_used = summary.aiv_cores_used;
  to->run_ns = summary.run_ns;
  std::memcpy(to->task_window, summary.task_window, sizeof to->task_window);
  std::memcpy(to->heap_bytes, summary.heap_bytes, sizeof to->heap_bytes);
  to->staged_early = summary.staged_early;
  for (int slot = 0; slot < 16; ++slot) {
    to->timing_slots[slot][0] = summary.timing_slots[slot].first_dispatch_ns;
    to->timing_slots[slot][1] = summary.timing_slots[slot].last_finish_ns;
  }
  size_t count = 0;
  const tw_edge *edges = tw_report_edges(run.report, &count);
  for (size_t i = 0; i < count; ++i) {
    run.edges.push_back({edges[i].predecessor, edges[i].successor, edges[i].overlap_bytes, edges[i].source, edges[i].argument});
  }
  const tw_task *tasks = tw_report_tasks(run.report, &count);
  for (size_t i = 0; i < count; ++i) {
    run.tasks.push_back(
        {tasks[i].id, {tasks[i].kernel_ids[0], tasks[i].kernel_ids[1], tasks[i].kernel_ids[2]}, tasks[i].named_dependencies});
  }
  to->edges = run.edges.data();
  to->edges_size = run.edges.size();
  to->tasks = run.tasks.data();
  to->tasks_size = run.tasks.size();
}

int32_t finalize(tw_platform_run *run, tw_platform_report *report, tw_platform_error *error) {
  std::unique_ptr<tw_platform_run> owned(run);
  owned->worker.join();
  int32_t code = TW_PLATFORM_OK;
  if (owned->result != 0) {
    code = forward(error, owned->error.error);
  } else {
    fill_report(*owned, report);
  }
  tw_arguments_free(owned->arguments);
  tw_report_free(owned->report);
  tw_platform_device *const device = owned->device;
  device->last_run = std::move(owned);
  return code;
}

}  // namespace

extern "C" const tw_platform_plugin *tw_platform_plugin_get(const tw_platform_host *given, const char *platform, tw_platform_error *error) {
  if (given->abi_version != TW_PLATFORM_ABI_VERSION) {
    given->report_error(error, "testhw was built for another version of the plug-in interface", "build it again", 0);
    return nullptr;
  }
  if (std::strcmp(platform, "testhw") != 0) {
    given->report_error(error, "this library is testhw and nothing else", "name it libtw_platform_testhw.so", 0);
    return nullptr;
  }
  host = given;
  static const tw_platform_plugin kPlugin{sizeof(tw_platform_plugin),
                                          TW_PLATFORM_ABI_VERSION,
                                          0,
                                          "testhw",
                                          "1.0",
                                          &describe,
                                          &device_count,
                                          &open_device,
                                          &close_device,
                                          &allocate,
                                          &release,
                                          &copy_to_device,
                                          &copy_from_device,
                                          &prepare,
                                          &discard,
                                          &launch_program,
                                          &poll_run,
                                          &wait_run,
                                          &finalize};
  return &kPlugin;
}
