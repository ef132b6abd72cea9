// A platform plug-in with one flaw, which the name of its file says: libtw_platform_short_table.so has a short table. Without a flaw
// (good, goodsim) its memory is the host's and its runs do nothing.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tilewright/platform_plugin.h"

struct tw_platform_device {
  explicit tw_platform_device(int32_t number) : id(number) {}
  ~tw_platform_device() {
    for (void *block : blocks) std::free(block);
  }
  uint64_t take(size_t alignment, size_t bytes) {
    blocks.push_back(std::aligned_alloc(alignment, bytes));
    return reinterpret_cast<uint64_t>(blocks.back());
  }

  int32_t id;
  uint64_t fixed_address = 0;   // what flaws give out again and again
  std::vector<void *> blocks;  // memory goes with its device
};
struct tw_platform_program {
  int unused;
};
struct tw_platform_run {
  tw_platform_device *device;
};

namespace {

std::string flaw;
const tw_platform_host *host;
bool is(const char *name) { return flaw == name; }

tw_platform_program program;
tw_platform_run run;

const char *const kGoodWords[] = {"cc", "{source}", "{output}", "{depfile}", "{includes}", nullptr};
const char *const kNoSource[] = {"cc", "{output}", "{depfile}", nullptr};
const char *const kUnknown[] = {"cc", "{source}", "{output}", "{depfile}", "{sauce}", nullptr};
const char *const kGluedFlags[] = {"cc", "{source}", "{output}", "{depfile}", "-x{flags}", nullptr};
const char *const kEmptyCommand[] = {"cc", "{source}", "{output}", "{depfile}", "&&", "&&", "x", nullptr};
const char *const kOpenEnd[] = {"cc", "{source}", "{output}", "{depfile}", "&&", nullptr};
const char *const kNothing[] = {nullptr};

const tw_platform_recipe *recipe_of_flaw() {
  static tw_platform_recipe recipe{sizeof(tw_platform_recipe), "cc 1", kGoodWords, kGoodWords, nullptr};
  if (is("recipe_short")) recipe.struct_size = 8;
  if (is("recipe_anonymous")) recipe.identity = "";
  if (is("recipe_no_aiv")) recipe.aiv_kernel = nullptr;
  if (is("recipe_no_source")) recipe.aiv_kernel = kNoSource;
  if (is("recipe_unknown")) recipe.aic_kernel = kUnknown;
  if (is("recipe_glued")) recipe.aic_kernel = kGluedFlags;
  if (is("recipe_empty_command")) recipe.orchestration = kEmptyCommand;
  if (is("recipe_open_end")) recipe.orchestration = kOpenEnd;
  if (is("recipe_nothing")) recipe.aic_kernel = kNothing;
  return flaw.starts_with("recipe") ? &recipe : nullptr;
}

int32_t describe(tw_platform_info *info, tw_platform_error *error) {
  static const uint64_t kMemories[TW_PLATFORM_SPACES] = {192 << 10, 512 << 10, 64 << 10, 64 << 10, 128 << 10, 1 << 10, 2 << 10};
  if (is("describe_fails")) {
    host->report_error(error, "the driver is too old", "update it", 0);
    return TW_PLATFORM_UNAVAILABLE;
  }
  if (is("describe_throws")) throw 1;
  info->arch = is("unknown_arch") ? "a9" : is("a5") ? "a2a3" : is("no_arch") ? nullptr : "a2a3";
  info->platform_class = is("no_class")                                             ? 7
                         : flaw.ends_with("sim") || is("simulator_by_another_name") ? TW_PLATFORM_CLASS_SIMULATOR
                                                                                    : TW_PLATFORM_CLASS_HARDWARE;
  if (is("hardwaresim")) info->platform_class = TW_PLATFORM_CLASS_HARDWARE;
  info->orchestration = is("nowhere") ? 5 : TW_PLATFORM_ORCHESTRATION_ON_DEVICE;
  info->aic_cores = is("no_cores") ? 0 : is("negative_cores") ? -24 : 24;
  info->aiv_cores = is("odd_cores") ? 47 : 2 * info->aic_cores;
  info->memory_bytes = is("no_memory") ? 0 : uint64_t{1} << 30;
  info->features = is("plain") ? 0 : TW_PLATFORM_RECORDS_DEPENDENCIES;
  info->runtimes = is("no_runtime") ? 0 : is("plain") ? 1 : 7;
  std::memcpy(info->core_memory_bytes, kMemories, sizeof kMemories);
  if (is("small_ub")) info->core_memory_bytes[0] = 191 << 10;
  if (is("small_fbuf")) info->core_memory_bytes[6] = 1 << 10;
  info->recipe = recipe_of_flaw();
  if (is("resizes_info")) info->struct_size = 4;
  return TW_PLATFORM_OK;
}

int32_t device_count(int32_t *count, tw_platform_error *) {
  *count = is("negative_count") ? -3 : 1;
  return TW_PLATFORM_OK;
}

int32_t open_device(int32_t id, tw_platform_device **device, tw_platform_error *error) {
  if (id > 0) {
    host->report_error(error, "there is one device, 0", nullptr, 0);
    return TW_PLATFORM_UNAVAILABLE;
  }
  *device = is("opens_nothing") ? nullptr : new tw_platform_device(id);
  return TW_PLATFORM_OK;
}

void close_device(tw_platform_device *device) {
  delete device;
  if (is("close_throws")) throw 1;
}

int32_t allocate(tw_platform_device *device, uint64_t bytes, uint64_t *address, tw_platform_error *error) {
  if (is("silent")) return TW_PLATFORM_DEVICE_MEMORY;
  if (is("strange_code")) return 77;
  if (is("lost_in_allocate")) {
    host->report_error(error, "the link is down", "reseat the card", 0);
    return TW_PLATFORM_DEVICE_LOST;
  }
  if (device->fixed_address == 0) device->fixed_address = device->take(4096, 1 << 20);
  *address = is("null_address") ? 0
             : is("misaligned") ? device->fixed_address + 8
             : is("wraps")      ? UINT64_MAX - 63
             : is("same_twice") ? device->fixed_address
             : is("overlaps")   ? (device->fixed_address -= 64)
                                : device->take(64, (bytes + 127) / 64 * 64);
  return TW_PLATFORM_OK;
}

int32_t release(tw_platform_device *device, uint64_t address, tw_platform_error *) {
  if (std::erase(device->blocks, reinterpret_cast<void *>(address)) != 0) std::free(reinterpret_cast<void *>(address));
  return TW_PLATFORM_OK;
}

int32_t copy_to_device(tw_platform_device *, uint64_t address, const void *source, uint64_t bytes, tw_platform_error *error) {
  if (is("copy_fails")) {
    host->report_error(error, "DMA error 12", nullptr, 0);
    return TW_PLATFORM_IO_ERROR;
  }
  if (is("copy_throws")) throw 1;
  std::memcpy(reinterpret_cast<void *>(address), source, bytes);
  return TW_PLATFORM_OK;
}

int32_t copy_from_device(tw_platform_device *, void *destination, uint64_t address, uint64_t bytes, tw_platform_error *) {
  std::memcpy(destination, reinterpret_cast<const void *>(address), bytes);
  return TW_PLATFORM_OK;
}

int32_t prepare(tw_platform_device *, const void *, size_t, tw_platform_program **made, tw_platform_error *) {
  *made = is("prepares_nothing") ? nullptr : &program;
  return TW_PLATFORM_OK;
}

void discard(tw_platform_device *, tw_platform_program *) {}

int32_t launch(tw_platform_device *device, tw_platform_program *, const tw_platform_launch *, tw_platform_run **started,
               tw_platform_error *) {
  run.device = device;
  *started = is("launches_nothing") ? nullptr : &run;
  return TW_PLATFORM_OK;
}

int32_t poll(tw_platform_run *, int32_t *ended, tw_platform_error *error) {
  if (is("lost_in_poll")) {
    host->report_error(error, "the device does not answer", nullptr, 0);
    return TW_PLATFORM_DEVICE_LOST;
  }
  *ended = is("polls_nonsense") ? 2 : is("ends_in_launch") ? 1 : 0;
  return TW_PLATFORM_OK;
}

int32_t wait(tw_platform_run *, uint64_t, int32_t *ended, tw_platform_error *error) {
  if (is("lost_in_wait")) {
    host->report_error(error, "the device does not answer", nullptr, 0);
    return TW_PLATFORM_DEVICE_LOST;
  }
  if (is("ends_in_launch")) std::abort();  // nobody waits for a run that has ended
  *ended = is("impatient") ? 0 : 1;
  return TW_PLATFORM_OK;
}

int32_t finalize(tw_platform_run *, tw_platform_report *report, tw_platform_error *error) {
  static const tw_platform_edge kEdge{1, 2, 0, 9, 0};
  if (is("run_fails")) {
    host->report_error(error, "scope too deep", "split it", -9);
    return TW_PLATFORM_RUN_FAILED;
  }
  report->task_count = 5;
  if (is("edges_of_nothing")) report->edges_size = 3;
  if (is("strange_edge")) {
    report->edges = &kEdge;
    report->edges_size = 1;
  }
  if (is("resizes_report")) report->struct_size = 1;
  return TW_PLATFORM_OK;
}

}  // namespace

extern "C" const tw_platform_plugin *tw_platform_plugin_get(const tw_platform_host *given, const char *platform, tw_platform_error *error) {
  static tw_platform_plugin table{sizeof(tw_platform_plugin),
                                  TW_PLATFORM_ABI_VERSION,
                                  0,
                                  nullptr,
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
                                  &launch,
                                  &poll,
                                  &wait,
                                  &finalize};
  flaw = platform;
  host = given;
  table.name = is("another_name") ? "somebody" : is("no_name") ? nullptr : flaw.c_str();
  if (is("returns_null")) {
    host->report_error(error, "no driver found", "install one", 0);
    return nullptr;
  }
  if (is("returns_null_silently")) return nullptr;
  if (is("throws")) throw 1;
  if (is("short_table")) table.struct_size = offsetof(tw_platform_plugin, finalize);
  if (is("tiny_table")) table.struct_size = 4;
  if (is("long_table")) table.struct_size += 64;  // of a later version that only appended: good
  if (is("newer_version")) table.abi_version = TW_PLATFORM_ABI_VERSION + 1;
  if (is("no_poll")) table.poll = nullptr;
  if (is("no_describe")) table.describe = nullptr;
  return &table;
}
