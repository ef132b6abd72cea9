// The C interface. Exceptions end here.
#include "tilewright/c_api.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/device.h"
#include "task/callable.h"
#include "tilewright/worker.h"
#include "toolchain/callable_spec.h"
#include "toolchain/store.h"
#include "toolchain/toolchain.h"
#include "worker/build_target.h"

using tilewright::Error;
using tilewright::ErrorCode;

struct tw_error {
  Error error;
};

struct tw_image {
  std::vector<uint8_t> bytes;
  std::string id;
};

struct tw_worker {
  tilewright::ChipWorker worker;
};

struct tw_arguments {
  tilewright::TaskArguments arguments;
};

struct tw_report {
  tilewright::RunReport report;
  std::vector<tw_edge> edges;
  std::vector<tw_task> tasks;
  std::vector<tw_fault> faults;  ///< point into report
  std::string check_text;
  std::vector<std::string> race_places;  ///< two for each race
  std::vector<tw_race> races;            ///< point into report and race_places
  std::string races_text;
};

namespace {

/// Runs `action` and turns what it throws into a code and *error.
template <typename F>
int guarded(tw_error** error, F&& action) {
  if (error != nullptr) *error = nullptr;
  const auto failed = [error](Error caught) {
    const int code = static_cast<int>(caught.code());
    if (error != nullptr) *error = new (std::nothrow) tw_error{std::move(caught)};
    return code;
  };
  try {
    action();
    return 0;
  } catch (const Error& caught) {
    return failed(caught);
  } catch (const std::bad_alloc&) {
    return failed(Error(ErrorCode::kInternal, "host memory is exhausted"));
  } catch (const std::exception& caught) {
    return failed(Error(ErrorCode::kInternal, fmt::format("unexpected failure: {}", caught.what())));
  }
}

template <typename T>
T& required(T* pointer, const char* name) {
  if (pointer == nullptr) throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is null", name));
  return *pointer;
}

/// The caller's size-first struct as the library knows it. `smallest` is the struct's size in ABI version 1.
template <typename T>
T read_struct(const T& given, const char* name, size_t smallest = sizeof(T)) {
  if (given.struct_size < smallest) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: struct_size is {}, at least {} is needed", name, given.struct_size, smallest),
                fmt::format("set struct_size to sizeof({})", name));
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  for (size_t at = sizeof(T); at < given.struct_size; ++at) {
    if (bytes[at] == 0) continue;
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: a field that this version does not know is set (byte {})", name, at),
                "use the library that your header belongs to, or leave new fields zero");
  }
  T known{};
  std::memcpy(&known, &given, std::min(given.struct_size, sizeof(T)));
  known.struct_size = sizeof(T);
  return known;
}

/// The same for structs that the library fills: never writes beyond the caller's.
template <typename T>
void write_struct(T& destination, T value, const char* name, size_t smallest = sizeof(T)) {
  const size_t size = destination.struct_size;
  if (size < smallest) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: struct_size is {}, at least {} is needed", name, size, smallest),
                fmt::format("set struct_size to sizeof({})", name));
  }
  value.struct_size = size;
  std::memcpy(static_cast<void*>(&destination), &value, std::min(size, sizeof(T)));
}

tilewright::RuntimeVariant runtime_of(int32_t number) {
  if (number < 0 || number > TW_RUNTIME_AICPU_BUILD_GRAPH) {
    throw Error(ErrorCode::kUnknownRuntime, fmt::format("{} is no tw_runtime", number), "use one of TW_RUNTIME_*");
  }
  return static_cast<tilewright::RuntimeVariant>(number);
}

tw_image* new_image(std::vector<uint8_t> bytes) {
  auto image = std::make_unique<tw_image>();
  image->id = tilewright::callable_id(bytes).hex();
  image->bytes = std::move(bytes);
  return image.release();
}

tw_image* build(const tilewright::CallableSpec& spec, const tw_build_options* given) {
  tilewright::BuildOptions options;
  std::filesystem::path store_root = tilewright::Store::default_root();
  if (given != nullptr) {
    const tw_build_options known = read_struct(*given, "tw_build_options", offsetof(tw_build_options, line_tables));
    if (known.reserved != 0) throw Error(ErrorCode::kInvalidArgument, "tw_build_options: reserved is not 0");
    if (known.platform != nullptr && known.arch != nullptr) {
      throw Error(ErrorCode::kInvalidArgument, "tw_build_options: platform and arch are both given", "a platform has an architecture");
    }
    if (known.platform != nullptr) options = tilewright::build_options_for(known.platform);
    options.line_tables = known.line_tables != 0;
    if (known.arch != nullptr) options.platform_arch = known.arch;
    if (known.store != nullptr) store_root = known.store;
    if (known.target_level != nullptr) options.target_level = known.target_level;
    options.debug = known.debug != 0;
    options.jobs = known.jobs;
  }
  tilewright::Store store(store_root);
  return new_image(tilewright::build_callable(spec, options, store).image);
}

constexpr uint64_t to_number(tilewright::CallableHandle handle) { return uint64_t{handle.generation} << 32 | handle.slot; }
constexpr tilewright::CallableHandle to_handle(tw_callable number) {
  return {static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32)};
}

CallConfig config_of(const tw_call_config* given) {
  CallConfig config;
  if (given == nullptr) return config;
  const tw_call_config known = read_struct(*given, "tw_call_config");
  config.aicpu_thread_num = known.aicpu_thread_num;
  config.enable_chip_swimlane = known.enable_chip_swimlane;
  config.enable_dump_args = known.enable_dump_args;
  config.enable_pmu = known.enable_pmu;
  config.enable_dep_gen = known.enable_dep_gen;
  config.enable_scope_stats = known.enable_scope_stats;
  static_assert(sizeof known.ring_heap == sizeof config.runtime_env.ring_heap);
  std::memcpy(config.runtime_env.ring_task_window, known.ring_task_window, sizeof known.ring_task_window);
  std::memcpy(config.runtime_env.ring_heap, known.ring_heap, sizeof known.ring_heap);
  std::memcpy(config.runtime_env.ring_dep_pool, known.ring_dep_pool, sizeof known.ring_dep_pool);
  if (known.output_prefix != nullptr) {
    const size_t length = std::strlen(known.output_prefix);
    if (length >= sizeof config.output_prefix) {
      throw Error(ErrorCode::kLimitExceeded,
                  fmt::format("output_prefix has {} bytes, at most {} fit", length, sizeof config.output_prefix - 1));
    }
    std::memcpy(config.output_prefix, known.output_prefix, length);
  }
  return config;
}

static_assert(TW_NO_DEADLINE == tilewright::kNoDeadline);

tilewright::RunOptions options_of(const tw_run_options* given, const tilewright::WorkerOptions& worker) {
  tilewright::RunOptions options;
  options.runtime = worker.runtime;
  if (given == nullptr) return options;
  const tw_run_options known = read_struct(*given, "tw_run_options", offsetof(tw_run_options, track_war));
  options.runtime = runtime_of(known.runtime);
  options.host_threads = known.host_threads;
  options.aic_cores = known.aic_cores;
  options.record_dependencies = known.record_dependencies != 0;
  options.deadline_ms = known.deadline_ms;
  options.track_war = known.track_war != 0;
  options.check = known.check != 0;
  options.sim_seed = known.sim_seed;
  if (known.sim_log != nullptr) options.sim_log = known.sim_log;
  options.check_races = known.check_races != 0;
  if (known.reserved != 0) throw Error(ErrorCode::kInvalidArgument, "tw_run_options: reserved is not 0");
  return options;
}

tw_instruction instruction_of(const tilewright::CheckedInstruction& i) {
  return {i.name.c_str(), i.pipe.c_str(), i.core.c_str(), i.operand.c_str(), i.access.c_str(), i.place.c_str()};
}

tw_race_access race_access_of(const tilewright::RaceAccess& access, const std::string& places) {
  return {access.task.raw,         {access.kernel_ids[0], access.kernel_ids[1], access.kernel_ids[2]},
          access.argument,         access.access.c_str(),
          access.elements.c_str(), places.c_str(),
          access.submitted.c_str()};
}

void list_races(tw_report& report) {
  const std::vector<tilewright::Race>& races = report.report.races.races;
  for (const tilewright::Race& race : races) {
    for (const tilewright::RaceAccess* access : {&race.first, &race.second}) {
      report.race_places.push_back(fmt::format("{}", fmt::join(access->places, ", ")));
    }
  }
  for (size_t i = 0; i < races.size(); ++i) {
    const tilewright::Race& race = races[i];
    report.races.push_back({race_access_of(race.first, report.race_places[2 * i]),
                            race_access_of(race.second, report.race_places[2 * i + 1]), race.creator.raw, race.tensor, 0, race.begin,
                            race.end, race.bytes});
  }
  report.races_text = tilewright::format_race_report(report.report.races);
}

std::unique_ptr<tw_report> new_report(tilewright::RunReport&& run) {
  auto report = std::make_unique<tw_report>();
  for (const tilewright::DependencyEdge& edge : run.edges) {
    report->edges.push_back(
        {edge.predecessor.raw, edge.successor.raw, edge.overlap_bytes, static_cast<int32_t>(edge.source), edge.argument});
  }
  for (const tilewright::TaskRecord& task : run.tasks) {
    report->tasks.push_back({task.id.raw, {task.kernel_ids[0], task.kernel_ids[1], task.kernel_ids[2]}, task.named_dependencies});
  }
  report->report = std::move(run);
  for (const tilewright::CheckFault& fault : report->report.check.faults) {
    report->faults.push_back({fault.kind.c_str(), fault.kernel.c_str(), fault.problem.c_str(), instruction_of(fault.first),
                              instruction_of(fault.second), fault.memory.c_str(), fault.begin, fault.end, fault.bytes, fault.remedy.c_str(),
                              fault.count});
  }
  report->check_text = tilewright::format_check_report(report->report.check);
  list_races(*report);
  return report;
}

}  // namespace

// ---- library and errors ----------------------------------------------------------------------------------------

const char* tw_version(void) { return TW_VERSION; }
uint32_t tw_abi_version(void) { return TW_ABI_VERSION; }

int tw_error_code(const tw_error* error) { return error != nullptr ? static_cast<int>(error->error.code()) : 0; }
const char* tw_error_name(const tw_error* error) { return tilewright::error_name(error != nullptr ? error->error.code() : ErrorCode::kOk); }
const char* tw_error_message(const tw_error* error) { return error != nullptr ? error->error.message().c_str() : ""; }
const char* tw_error_hint(const tw_error* error) { return error != nullptr ? error->error.hint().c_str() : ""; }
int tw_error_status(const tw_error* error) { return error != nullptr ? error->error.status() : 0; }
void tw_error_free(tw_error* error) { delete error; }

// ---- platforms -------------------------------------------------------------------------------------------------

size_t tw_platform_count(void) { return tilewright::platforms().size(); }

int tw_platform_get(size_t index, tw_platform* platform, tw_error** error) {
  return guarded(error, [&] {
    if (index >= tw_platform_count()) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("platform {}: there are {}", index, tw_platform_count()));
    }
    const tilewright::PlatformInfo& info = *tilewright::platforms()[index];
    const tw_platform value{0, info.name, info.arch, info.simulated ? 1 : 0, info.aic_cores, info.memory_bytes, info.requirement};
    write_struct(required(platform, "platform"), value, "tw_platform");
  });
}

// ---- callables -------------------------------------------------------------------------------------------------

int tw_image_build(const char* path, const tw_build_options* options, tw_image** image, tw_error** error) {
  return guarded(error, [&] {
    tw_image*& result = required(image, "image");
    result = build(tilewright::load_callable_spec(&required(path, "path")), options);
  });
}

int tw_image_build_json(const char* json, const char* base_directory, const tw_build_options* options, tw_image** image, tw_error** error) {
  return guarded(error, [&] {
    tw_image*& result = required(image, "image");
    const std::filesystem::path base =
        std::filesystem::absolute(base_directory != nullptr && *base_directory != '\0' ? base_directory : ".");
    result = build(tilewright::parse_callable_spec(&required(json, "json"), base), options);
  });
}

int tw_image_from_bytes(const void* bytes, size_t size, tw_image** image, tw_error** error) {
  return guarded(error, [&] {
    tw_image*& result = required(image, "image");
    if (bytes == nullptr) throw Error(ErrorCode::kInvalidArgument, "bytes is null");
    const auto* first = static_cast<const uint8_t*>(bytes);
    std::vector<uint8_t> copy(first, first + size);
    tilewright::parse_chip_callable(copy);
    result = new_image(std::move(copy));
  });
}

const void* tw_image_bytes(const tw_image* image) { return image != nullptr ? image->bytes.data() : nullptr; }
size_t tw_image_size(const tw_image* image) { return image != nullptr ? image->bytes.size() : 0; }
const char* tw_image_id(const tw_image* image) { return image != nullptr ? image->id.c_str() : ""; }
void tw_image_free(tw_image* image) { delete image; }

// ---- workers ---------------------------------------------------------------------------------------------------

int tw_worker_create(const tw_worker_options* options, tw_worker** worker, tw_error** error) {
  return guarded(error, [&] {
    tw_worker*& result = required(worker, "worker");
    tilewright::WorkerOptions chosen;
    if (options != nullptr) {
      const tw_worker_options known = read_struct(*options, "tw_worker_options");
      if (known.platform != nullptr) chosen.platform = known.platform;
      if (known.device_program != nullptr) chosen.device_program = known.device_program;
      chosen.device_id = known.device_id;
      chosen.runtime = runtime_of(known.runtime);
      chosen.in_process = known.in_process != 0;
    }
    std::unique_ptr<tw_worker> made(new tw_worker{tilewright::ChipWorker(std::move(chosen))});
    made->worker.init();
    result = made.release();
  });
}

void tw_worker_free(tw_worker* worker) { delete worker; }

int tw_worker_register(tw_worker* worker, const tw_image* image, tw_callable* callable, tw_error** error) {
  return guarded(error, [&] {
    tw_callable& result = required(callable, "callable");
    result = to_number(required(worker, "worker").worker.register_callable(required(image, "image").bytes));
  });
}

int tw_worker_unregister(tw_worker* worker, tw_callable callable, tw_error** error) {
  return guarded(error, [&] { required(worker, "worker").worker.unregister_callable(to_handle(callable)); });
}

int tw_worker_malloc(tw_worker* worker, uint64_t bytes, void** address, tw_error** error) {
  return guarded(error, [&] {
    void*& result = required(address, "address");
    result = required(worker, "worker").worker.malloc(bytes);
  });
}

int tw_worker_free_memory(tw_worker* worker, void* address, tw_error** error) {
  return guarded(error, [&] { required(worker, "worker").worker.free(address); });
}

int tw_worker_copy_to(tw_worker* worker, void* device_destination, const void* host_source, uint64_t bytes, tw_error** error) {
  return guarded(error, [&] { required(worker, "worker").worker.copy_to(device_destination, host_source, bytes); });
}

int tw_worker_copy_from(tw_worker* worker, void* host_destination, const void* device_source, uint64_t bytes, tw_error** error) {
  return guarded(error, [&] { required(worker, "worker").worker.copy_from(host_destination, device_source, bytes); });
}

// ---- arguments -------------------------------------------------------------------------------------------------

tw_arguments* tw_arguments_create(void) { return new (std::nothrow) tw_arguments; }
void tw_arguments_free(tw_arguments* arguments) { delete arguments; }
void tw_arguments_clear(tw_arguments* arguments) {
  if (arguments != nullptr) arguments->arguments.clear();
}

int tw_arguments_add_tensor(tw_arguments* arguments, const tw_tensor* tensor, tw_error** error) {
  return guarded(error, [&] {
    tilewright::TaskArguments& list = required(arguments, "arguments").arguments;
    const tw_tensor known = read_struct(required(tensor, "tensor"), "tw_tensor");
    if (known.rank < 1 || known.rank > TW_MAX_DIMS) {
      throw Error(ErrorCode::kLimitExceeded,
                  fmt::format("tensor argument {}: rank {} is not in 1..{}", list.tensor_count(), known.rank, TW_MAX_DIMS));
    }
    tilewright::TensorArgument argument;
    argument.data = known.data;
    // Numbers beyond the types' ranges become ones that the check refuses.
    argument.dtype = known.dtype >= 0 && known.dtype <= TW_FP4E2M1 ? static_cast<DataType>(known.dtype) : DataType::DATA_TYPE_NUM;
    argument.direction = static_cast<ArgDirection>(known.direction);
    argument.space =
        static_cast<AddressSpace>(known.address_space == TW_HOST || known.address_space == TW_DEVICE ? known.address_space : 255);
    argument.shape.assign(known.shape, known.shape + known.rank);
    bool strided = false;
    for (int d = 0; d < known.rank; ++d) strided = strided || known.strides[d] != 0;
    if (strided) argument.strides.assign(known.strides, known.strides + known.rank);
    list.add_tensor(argument);
  });
}

int tw_arguments_add_scalar(tw_arguments* arguments, uint64_t bits, tw_error** error) {
  return guarded(error, [&] { required(arguments, "arguments").arguments.add_scalar_bits(bits); });
}

int tw_arguments_add_float(tw_arguments* arguments, float value, tw_error** error) {
  return guarded(error, [&] { required(arguments, "arguments").arguments.add_scalar(value); });
}

// ---- runs ------------------------------------------------------------------------------------------------------

int tw_worker_run(tw_worker* worker, tw_callable callable, const tw_arguments* arguments, const tw_call_config* config,
                  const tw_run_options* options, tw_report** report, tw_error** error) {
  return guarded(error, [&] {
    tilewright::ChipWorker& chip = required(worker, "worker").worker;
    static const tilewright::TaskArguments kNone;
    tilewright::RunReport result = chip.run(to_handle(callable), arguments != nullptr ? arguments->arguments : kNone, config_of(config),
                                            options_of(options, chip.options()));
    if (report != nullptr) *report = new_report(std::move(result)).release();
  });
}

int tw_report_summary(const tw_report* report, tw_summary* summary, tw_error** error) {
  return guarded(error, [&] {
    const tilewright::RunReport& run = required(report, "report").report;
    tw_summary value{};
    value.task_count = run.task_count;
    value.aic_cores_used = run.aic_cores_used;
    value.aiv_cores_used = run.aiv_cores_used;
    value.run_ns = run.run_ns;
    std::memcpy(value.edge_count, run.edge_count, sizeof value.edge_count);
    std::memcpy(value.task_window, run.task_window, sizeof value.task_window);
    std::memcpy(value.heap_bytes, run.heap_bytes, sizeof value.heap_bytes);
    value.staged_early = run.staged_early;
    static_assert(sizeof value.timing_slots == sizeof run.timing_slots);
    std::memcpy(value.timing_slots, run.timing_slots, sizeof value.timing_slots);
    value.sim_events = run.sim_events;
    value.sim_digest = run.sim_digest;
    write_struct(required(summary, "summary"), value, "tw_summary", offsetof(tw_summary, staged_early));
  });
}

const tw_edge* tw_report_edges(const tw_report* report, size_t* count) {
  if (count != nullptr) *count = report != nullptr ? report->edges.size() : 0;
  return report != nullptr ? report->edges.data() : nullptr;
}

const tw_task* tw_report_tasks(const tw_report* report, size_t* count) {
  if (count != nullptr) *count = report != nullptr ? report->tasks.size() : 0;
  return report != nullptr ? report->tasks.data() : nullptr;
}

const tw_fault* tw_report_faults(const tw_report* report, size_t* count, uint64_t* unlisted) {
  if (count != nullptr) *count = report != nullptr ? report->faults.size() : 0;
  if (unlisted != nullptr) *unlisted = report != nullptr ? report->report.check.unlisted : 0;
  return report != nullptr ? report->faults.data() : nullptr;
}

const char* tw_report_check_text(const tw_report* report) { return report != nullptr ? report->check_text.c_str() : ""; }

const tw_race* tw_report_races(const tw_report* report, size_t* count, uint64_t* unlisted) {
  if (count != nullptr) *count = report != nullptr ? report->races.size() : 0;
  if (unlisted != nullptr) *unlisted = report != nullptr ? report->report.races.unlisted : 0;
  return report != nullptr ? report->races.data() : nullptr;
}

const char* tw_report_races_text(const tw_report* report) { return report != nullptr ? report->races_text.c_str() : ""; }

void tw_report_free(tw_report* report) { delete report; }
