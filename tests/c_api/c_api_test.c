/* The C interface as a C program uses it: builds a callable, runs it, and makes every mistake there is to make.
 * c_api_test PATH-OF-examples/hello/callable.json DIRECTORY-OF-racing.cpp */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tilewright/c_api.h"

static int failures = 0;

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                    \
    }                                                                \
  } while (0)

/* The call must succeed. */
#define OK(call)                                                                     \
  do {                                                                               \
    tw_error *error = NULL;                                                          \
    if ((call) != 0) {                                                               \
      printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, tw_error_message(error)); \
      ++failures;                                                                    \
      tw_error_free(error);                                                          \
    }                                                                                \
  } while (0)

/* The call must fail with this code and a message that holds this text. */
#define FAILS(call, wanted_name, wanted_text)                                                                           \
  do {                                                                                                                  \
    tw_error *error = NULL;                                                                                             \
    const int code = (call);                                                                                            \
    if (code == 0 || error == NULL || code != tw_error_code(error) || strcmp(tw_error_name(error), wanted_name) != 0 || \
        strstr(tw_error_message(error), wanted_text) == NULL) {                                                         \
      printf("%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, tw_error_name(error), tw_error_message(error));          \
      ++failures;                                                                                                       \
    }                                                                                                                   \
    tw_error_free(error);                                                                                               \
  } while (0)

enum { kCount = 10000 };
static float a[kCount], b[kCount], c[kCount];

static tw_tensor tensor_of(float *data, tw_direction direction) {
  tw_tensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.struct_size = sizeof tensor;
  tensor.data = data;
  tensor.dtype = TW_FLOAT32;
  tensor.direction = direction;
  tensor.rank = 1;
  tensor.shape[0] = kCount;
  return tensor;
}

static tw_arguments *hello_arguments(void) {
  tw_arguments *arguments = tw_arguments_create();
  const tw_tensor tensors[] = {tensor_of(a, TW_IN), tensor_of(b, TW_IN), tensor_of(c, TW_OUT)};
  for (int i = 0; i < 3; ++i) OK(tw_arguments_add_tensor(arguments, &tensors[i], &error));
  return arguments;
}

static void library_and_platforms(void) {
  tw_platform platform;
  memset(&platform, 0, sizeof platform);
  CHECK(strlen(tw_version()) >= 5);
  CHECK(tw_abi_version() == TW_ABI_VERSION);
  CHECK(tw_platform_count() == 4);
  platform.struct_size = sizeof platform;
  OK(tw_platform_get(0, &platform, &error));
  CHECK(strcmp(platform.name, "a2a3sim") == 0 && platform.simulated && platform.aic_cores == 24 && platform.memory_bytes > 0);
  FAILS(tw_platform_get(4, &platform, &error), "invalid_argument", "there are 4");
  FAILS(tw_platform_get(0, NULL, &error), "invalid_argument", "platform is null");
  platform.struct_size = 1;
  FAILS(tw_platform_get(0, &platform, &error), "invalid_argument", "struct_size is 1");
  CHECK(tw_platform_get(4, NULL, NULL) == 1001); /* nobody needs to look at the error */
  CHECK(tw_error_code(NULL) == 0 && strcmp(tw_error_message(NULL), "") == 0 && strcmp(tw_error_hint(NULL), "") == 0);
  tw_error_free(NULL);
}

static void images(const char *path, tw_image *image) {
  tw_image *other = NULL;
  tw_build_options options = TW_BUILD_OPTIONS_INIT;
  OK(tw_image_from_bytes(tw_image_bytes(image), tw_image_size(image), &other, &error));
  CHECK(strlen(tw_image_id(image)) == 64 && strcmp(tw_image_id(image), tw_image_id(other)) == 0);
  tw_image_free(other);
  FAILS(tw_image_from_bytes("abc", 3, &other, &error), "invalid_argument", "too few");
  FAILS(tw_image_from_bytes(NULL, 3, &other, &error), "invalid_argument", "bytes is null");
  FAILS(tw_image_build("/no/such/callable.json", NULL, &other, &error), "file_not_found", "/no/such/callable.json");
  FAILS(tw_image_build(NULL, NULL, &other, &error), "invalid_argument", "path is null");
  FAILS(tw_image_build(path, NULL, NULL, &error), "invalid_argument", "image is null");
  FAILS(tw_image_build_json("{", NULL, NULL, &other, &error), "parse_error", "");
  options.arch = "z80";
  FAILS(tw_image_build(path, &options, &other, &error), "unknown_platform", "z80");
  options.struct_size = 8;
  FAILS(tw_image_build(path, &options, &other, &error), "invalid_argument", "tw_build_options: struct_size is 8");
  tw_image_free(NULL);
}

static void good_run(tw_worker *worker, tw_callable hello) {
  tw_arguments *arguments = hello_arguments();
  tw_report *report = NULL;
  tw_summary summary;
  tw_run_options options;
  size_t count = 0;
  int wrong = 0;
  memset(&summary, 0, sizeof summary);
  memset(&options, 0, sizeof options);
  summary.struct_size = sizeof summary;
  options.struct_size = sizeof options;
  options.record_dependencies = 1;
  for (int i = 0; i < kCount; ++i) {
    a[i] = 0.25f * (float)i;
    b[i] = 1.5f - (float)i;
    c[i] = 0;
  }
  OK(tw_worker_run(worker, hello, arguments, NULL, &options, &report, &error));
  for (int i = 0; i < kCount; ++i) wrong += c[i] != a[i] + b[i];
  CHECK(wrong == 0);
  OK(tw_report_summary(report, &summary, &error));
  CHECK(summary.task_count == 3 && summary.run_ns > 0 && summary.aiv_cores_used >= 1);
  CHECK(tw_report_tasks(report, &count) != NULL && count == 3);
  CHECK(tw_report_tasks(report, NULL)[2].named_dependencies == 0);
  tw_report_edges(report, &count);
  CHECK(count == 0);
  CHECK(summary.staged_early == 0 && summary.timing_slots[15].last_finish_ns == 0);
  memset(&summary, 0xff, sizeof summary); /* a client of version 1: what it does not know stays as it is */
  summary.struct_size = offsetof(tw_summary, staged_early);
  OK(tw_report_summary(report, &summary, &error));
  CHECK(summary.task_count == 3 && summary.staged_early == UINT64_MAX);
  summary.struct_size = 4;
  FAILS(tw_report_summary(report, &summary, &error), "invalid_argument", "struct_size");
  FAILS(tw_report_summary(NULL, &summary, &error), "invalid_argument", "report is null");
  tw_report_free(report);
  OK(tw_worker_run(worker, hello, arguments, NULL, NULL, NULL, &error));
  tw_arguments_free(arguments);
}

static void device_memory(tw_worker *worker, tw_callable hello) {
  void *memory = NULL;
  tw_arguments *arguments = tw_arguments_create();
  tw_tensor tensors[] = {tensor_of(a, TW_IN), tensor_of(b, TW_IN), tensor_of(c, TW_OUT)};
  float sum = 0;
  OK(tw_worker_malloc(worker, sizeof c, &memory, &error));
  OK(tw_worker_copy_to(worker, memory, a, sizeof a, &error));
  tensors[0].data = memory;
  tensors[0].address_space = TW_DEVICE;
  for (int i = 0; i < 3; ++i) OK(tw_arguments_add_tensor(arguments, &tensors[i], &error));
  OK(tw_worker_run(worker, hello, arguments, NULL, NULL, NULL, &error));
  CHECK(c[77] == a[77] + b[77]);
  OK(tw_worker_copy_from(worker, &sum, (char *)memory + 4, 4, &error));
  CHECK(sum == a[1]);
  FAILS(tw_worker_copy_from(worker, c, memory, sizeof c + 1, &error), "out_of_bounds", "leaves the buffer");
  FAILS(tw_worker_copy_to(worker, memory, NULL, 4, &error), "invalid_argument", "null");
  FAILS(tw_worker_malloc(worker, UINT64_MAX, &memory, &error), "device_memory", "no room");
  FAILS(tw_worker_malloc(worker, 1, NULL, &error), "invalid_argument", "address is null");
  OK(tw_worker_free_memory(worker, memory, &error));
  FAILS(tw_worker_free_memory(worker, memory, &error), "invalid_argument", "not the address");
  FAILS(tw_worker_run(worker, hello, arguments, NULL, NULL, NULL, &error), "out_of_bounds", "tensor argument 0");
  tw_arguments_free(arguments);
}

static void bad_arguments(void) {
  tw_arguments *arguments = tw_arguments_create();
  tw_tensor bad = tensor_of(a, TW_IN);
  bad.rank = 6;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "limit_exceeded", "tensor argument 0: rank 6");
  bad.rank = 0;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "limit_exceeded", "rank 0");
  bad = tensor_of(a, TW_IN);
  bad.dtype = 300;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "DataType");
  bad = tensor_of(a, (tw_direction)0);
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "direction");
  bad = tensor_of(a, TW_IN);
  bad.address_space = 256;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "address space");
  bad = tensor_of(NULL, TW_IN);
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "null");
  bad = tensor_of(a, TW_IN);
  bad.shape[0] = -1;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "shape[0] = -1");
  bad = tensor_of(a, TW_IN);
  bad.strides[0] = -1;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "strides[0] = -1");
  bad = tensor_of(a, TW_IN);
  bad.struct_size -= 1;
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "tw_tensor: struct_size");
  FAILS(tw_arguments_add_tensor(arguments, NULL, &error), "invalid_argument", "tensor is null");
  FAILS(tw_arguments_add_tensor(NULL, &bad, &error), "invalid_argument", "arguments is null");
  OK(tw_arguments_add_scalar(arguments, 7, &error));
  OK(tw_arguments_add_float(arguments, 7.5f, &error));
  bad = tensor_of(a, TW_IN);
  FAILS(tw_arguments_add_tensor(arguments, &bad, &error), "invalid_argument", "before scalars");
  tw_arguments_clear(arguments);
  OK(tw_arguments_add_tensor(arguments, &bad, &error));
  FAILS(tw_arguments_add_scalar(NULL, 7, &error), "invalid_argument", "null");
  FAILS(tw_arguments_add_float(NULL, 7, &error), "invalid_argument", "null");
  tw_arguments_free(arguments);
  tw_arguments_free(NULL);
  tw_arguments_clear(NULL);
}

static void bad_runs(tw_worker *worker, tw_callable hello, const tw_image *image) {
  tw_arguments *arguments = hello_arguments();
  tw_call_config config;
  tw_run_options options;
  tw_callable second = 0;
  tw_report *report = NULL;
  const tw_fault *faults = NULL;
  size_t fault_count = 0;
  uint64_t unlisted = 0;
  char prefix[1025];
  /* A struct of a later version of the header: a tail that this library does not know. */
  struct {
    tw_run_options known;
    uint64_t newer;
  } later;
  memset(&config, 0, sizeof config);
  memset(&options, 0, sizeof options);
  memset(&later, 0, sizeof later);
  config.struct_size = sizeof config;
  options.struct_size = sizeof options;
  later.known.struct_size = sizeof later;
  OK(tw_worker_run(worker, hello, arguments, &config, &later.known, NULL, &error));
  later.newer = 1;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &later.known, NULL, &error), "unsupported", "tw_run_options");
  FAILS(tw_worker_run(worker, hello, NULL, NULL, NULL, NULL, &error), "signature_mismatch", "0 tensors given, the callable takes 3");
  FAILS(tw_worker_run(worker, 0, arguments, NULL, NULL, NULL, &error), "unknown_handle", "0.0");
  FAILS(tw_worker_run(NULL, hello, arguments, NULL, NULL, NULL, &error), "invalid_argument", "worker is null");
  config.ring_task_window[1] = 5;
  FAILS(tw_worker_run(worker, hello, arguments, &config, NULL, NULL, &error), "invalid_argument", "ring_task_window[1] = 5");
  config.ring_task_window[1] = 0;
  memset(prefix, 'x', sizeof prefix);
  prefix[1024] = 0;
  config.output_prefix = prefix;
  FAILS(tw_worker_run(worker, hello, arguments, &config, NULL, NULL, &error), "limit_exceeded", "1024 bytes");
  options.runtime = 3;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "unknown_runtime", "3");
  options.runtime = 0;
  options.aic_cores = 1000;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "invalid_argument", "1000");
  options.aic_cores = 0;
  options.track_war = 1;
  OK(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error));
  options.runtime = TW_RUNTIME_AICPU_BUILD_GRAPH;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "unsupported", "track_war");
  options.struct_size = offsetof(tw_run_options, track_war); /* a header without the field */
  OK(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error));
  options.struct_size = sizeof options;
  options.track_war = 0;
  options.check = 1;
  OK(tw_worker_run(worker, hello, arguments, NULL, &options, &report, &error));
  faults = tw_report_faults(report, &fault_count, &unlisted);
  CHECK(fault_count == 0 && unlisted == 0 && strcmp(tw_report_check_text(report), "") == 0);
  tw_report_free(report);
  options.host_threads = 2;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "invalid_argument", "check simulates on one thread");
  faults = tw_report_faults(NULL, &fault_count, &unlisted);
  CHECK(faults == NULL && fault_count == 0 && unlisted == 0 && strcmp(tw_report_check_text(NULL), "") == 0);
  OK(tw_worker_register(worker, image, &second, &error));
  CHECK(second != hello);
  OK(tw_worker_unregister(worker, second, &error));
  FAILS(tw_worker_unregister(worker, second, &error), "unknown_handle", "");
  FAILS(tw_worker_register(worker, NULL, &second, &error), "invalid_argument", "image is null");
  FAILS(tw_worker_register(worker, image, NULL, &error), "invalid_argument", "callable is null");
  tw_arguments_free(arguments);
}

/* racing.cpp with the kernel of hello. */
static void races(tw_worker *worker, tw_callable hello, const char *directory) {
  const char *const json =
      "{\"name\": \"racing\", \"orchestration\": {\"source\": \"racing.cpp\", \"signature\": [\"IN\", \"IN\", \"OUT\"]},"
      "\"incores\": [{\"func_id\": 0, \"source\": \"../../examples/hello/kernels/add.cpp\", \"core_type\": \"aiv\","
      "\"signature\": [\"IN\", \"IN\", \"OUT\"]}]}";
  tw_build_options build = TW_BUILD_OPTIONS_INIT;
  tw_image *image = NULL;
  tw_callable racing = 0;
  tw_arguments *arguments = hello_arguments();
  tw_run_options options;
  tw_report *report = NULL;
  const tw_race *found = NULL;
  size_t count = 0;
  uint64_t unlisted = 0;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.check_races = 1;
  build.line_tables = 1;
  OK(tw_image_build_json(json, directory, &build, &image, &error));
  OK(tw_worker_register(worker, image, &racing, &error));
  OK(tw_worker_run(worker, racing, arguments, NULL, &options, &report, &error));
  found = tw_report_races(report, &count, &unlisted);
  CHECK(count == 1 && unlisted == 0);
  if (count == 1) {
    CHECK(found->first.task == 0 && found->second.task == 1 && found->first.kernel_ids[1] == 0 && found->first.argument == 2);
    CHECK(strcmp(found->first.access, "writes") == 0 && strcmp(found->first.elements, "[0] to [4095]") == 0);
    CHECK(strncmp(found->second.places, "add.cpp:", 8) == 0 && strncmp(found->second.submitted, "racing.cpp:", 11) == 0);
    CHECK(found->tensor == 2 && found->creator == UINT64_MAX && found->begin == 0 && found->end == 4 * 4096 && found->bytes == 4 * 4096);
    CHECK(strncmp(tw_report_races_text(report), "races: 1\n", 9) == 0);
  }
  tw_report_free(report);
  options.struct_size = offsetof(tw_run_options, check_races); /* a header without the field */
  OK(tw_worker_run(worker, racing, arguments, NULL, &options, &report, &error));
  tw_report_races(report, &count, &unlisted);
  CHECK(count == 0 && unlisted == 0 && strcmp(tw_report_races_text(report), "") == 0);
  tw_report_free(report);
  options.struct_size = sizeof options;
  OK(tw_worker_run(worker, hello, arguments, NULL, &options, &report, &error));
  tw_report_races(report, &count, &unlisted);
  CHECK(count == 0 && unlisted == 0 && strcmp(tw_report_races_text(report), "") == 0);
  tw_report_free(report);
  options.reserved = 1;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "invalid_argument", "reserved");
  options.reserved = 0;
  options.host_threads = 2;
  FAILS(tw_worker_run(worker, hello, arguments, NULL, &options, NULL, &error), "invalid_argument", "check_races simulates on one thread");
  CHECK(tw_report_races(NULL, &count, NULL) == NULL && count == 0 && strcmp(tw_report_races_text(NULL), "") == 0);
  OK(tw_worker_unregister(worker, racing, &error));
  tw_image_free(image);
  tw_arguments_free(arguments);
}

static void bad_workers(void) {
  tw_worker *worker = NULL;
  tw_worker_options options = TW_WORKER_OPTIONS_INIT;
  options.platform = "a5";
  FAILS(tw_worker_create(&options, &worker, &error), "platform_unavailable", "plug-in");
  options.platform = "b7";
  FAILS(tw_worker_create(&options, &worker, &error), "unknown_platform", "b7");
  options.platform = NULL;
  options.device_program = "/no/such/program";
  FAILS(tw_worker_create(&options, &worker, &error), "tool_missing", "/no/such/program");
  options.device_program = NULL;
  options.device_id = -1;
  FAILS(tw_worker_create(&options, &worker, &error), "invalid_argument", "-1");
  FAILS(tw_worker_create(NULL, NULL, &error), "invalid_argument", "worker is null");
  CHECK(worker == NULL);
  tw_worker_free(NULL);
}

int main(int argc, char **argv) {
  tw_image *image = NULL;
  tw_worker *worker = NULL;
  tw_callable hello = 0;
  if (argc != 3) return 2;
  library_and_platforms();
  OK(tw_image_build(argv[1], NULL, &image, &error));
  images(argv[1], image);
  bad_arguments();
  bad_workers();
  for (int in_process = 0; in_process < 2; ++in_process) {
    tw_worker_options options = TW_WORKER_OPTIONS_INIT;
    options.in_process = in_process;
    OK(tw_worker_create(&options, &worker, &error));
    OK(tw_worker_register(worker, image, &hello, &error));
    if (failures != 0) return 1;
    good_run(worker, hello);
    bad_runs(worker, hello, image);
    races(worker, hello, argv[2]);
    device_memory(worker, hello);
    tw_worker_free(worker);
  }
  tw_image_free(image);
  printf("%s\n", failures == 0 ? "all good" : "FAILED");
  return failures == 0 ? 0 : 1;
}
