/* The C interface of libtilewright.so: build or load a callable, register it on a worker, run it.
 *
 * Stable: functions are never removed or changed, structs only grow at their end. A struct begins with `struct_size`,
 * which the caller sets to sizeof the struct it was compiled with (the TW_*_INIT macros do); the library takes what a
 * shorter struct lacks as its default, and refuses a longer one only if what it does not know is not zero.
 *
 * Functions that can fail return 0, or the number of a tilewright::ErrorCode (docs/reference/errors.md), and set *error
 * if `error` is not null and the call failed; the caller frees it with tw_error_free. Nothing throws, nothing aborts, text
 * is never cut off. Unless said otherwise text is UTF-8 and owned by the object that it was asked of.
 *
 * Thread safety: an object is used by one thread at a time; different objects are independent.
 */
#ifndef TILEWRIGHT_C_API_H
#define TILEWRIGHT_C_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TW_API __attribute__((visibility("default")))

typedef struct tw_error tw_error;         /* what went wrong */
typedef struct tw_image tw_image;         /* a callable: orchestration and kernels, as bytes */
typedef struct tw_worker tw_worker;       /* a device and what is registered on it */
typedef struct tw_arguments tw_arguments; /* tensors and scalars of a run */
typedef struct tw_report tw_report;       /* what a run tells */
typedef uint64_t tw_callable;             /* a registered callable of one worker; 0 is none */

/* ---- library -------------------------------------------------------------------------------------------- */

/* "0.1.0". */
TW_API const char *tw_version(void);
/* Incremented when functions or struct fields are added. This header is of TW_ABI_VERSION. */
#define TW_ABI_VERSION 4
TW_API uint32_t tw_abi_version(void);

/* ---- errors --------------------------------------------------------------------------------------------- */

TW_API int tw_error_code(const tw_error *error);
/* "kernel_crashed", ... */
TW_API const char *tw_error_name(const tw_error *error);
/* What happened, and what to do; the hint may be empty. */
TW_API const char *tw_error_message(const tw_error *error);
TW_API const char *tw_error_hint(const tw_error *error);
/* For run_failed, the runtime's negative status code; else 0. */
TW_API int tw_error_status(const tw_error *error);
/* Null is allowed. */
TW_API void tw_error_free(tw_error *error);

/* ---- platforms ------------------------------------------------------------------------------------------ */

typedef struct tw_platform {
  size_t struct_size;
  const char *name; /* "a2a3sim"; static */
  const char *arch; /* "a2a3" or "a5"; static */
  int32_t simulated;
  int32_t aic_cores; /* AIV cores are twice as many */
  uint64_t memory_bytes;
  const char *requirement; /* what it needs on the host; static */
} tw_platform;

TW_API size_t tw_platform_count(void);
/* Fails with invalid_argument if `index` is not below tw_platform_count(). */
TW_API int tw_platform_get(size_t index, tw_platform *platform, tw_error **error);

/* ---- callables ------------------------------------------------------------------------------------------ */

typedef struct tw_build_options {
  size_t struct_size;
  const char *arch;         /* "a2a3" or "a5": objects for its simulator; null: "a2a3" */
  const char *store;        /* directory of the object store; null: the user's cache */
  const char *target_level; /* "x86-64-v3", ...; null: x86-64-v3 */
  int32_t debug;            /* not 0: -O0 -g with real paths, for a debugger */
  int32_t jobs;             /* compilers at once; 0: as many as there are processors */
  int32_t line_tables;      /* not 0: optimised, with lines for reports of checked runs */
  int32_t reserved;         /* 0 */
  const char *platform;     /* instead of arch: build for this platform, with its own compiler if it has one; null: for the simulator */
} tw_build_options;
#define TW_BUILD_OPTIONS_INIT {sizeof(tw_build_options), NULL, NULL, NULL, 0, 0, 0, 0, NULL}

/* Compiles the sources of a callable.json file. Needs a host compiler, no device. `options` may be null. */
TW_API int tw_image_build(const char *path, const tw_build_options *options, tw_image **image, tw_error **error);
/* The same for the text of a callable.json; relative sources resolve against `base_directory` (null: the current one). */
TW_API int tw_image_build_json(const char *json, const char *base_directory, const tw_build_options *options, tw_image **image,
                               tw_error **error);
/* Takes the bytes of a ChipCallable image; they are copied and checked. */
TW_API int tw_image_from_bytes(const void *bytes, size_t size, tw_image **image, tw_error **error);
TW_API const void *tw_image_bytes(const tw_image *image);
TW_API size_t tw_image_size(const tw_image *image);
/* The content id: 64 hexadecimal digits of the SHA-256 of its bytes. */
TW_API const char *tw_image_id(const tw_image *image);
TW_API void tw_image_free(tw_image *image);

/* ---- workers -------------------------------------------------------------------------------------------- */

typedef enum tw_runtime {
  TW_RUNTIME_TENSORMAP_AND_RINGBUFFER = 0,
  TW_RUNTIME_HOST_BUILD_GRAPH = 1,
  TW_RUNTIME_AICPU_BUILD_GRAPH = 2
} tw_runtime;

typedef struct tw_worker_options {
  size_t struct_size;
  const char *platform;       /* null: "a2a3sim" */
  const char *device_program; /* path of tw-device; null: $TW_DEVICE_PROGRAM, else beside the library */
  int32_t device_id;          /* shown in messages */
  int32_t runtime;            /* tw_runtime of runs that are given no tw_run_options */
  int32_t in_process;         /* not 0: simulate in this process, for debuggers; a crash takes the caller along */
} tw_worker_options;
#define TW_WORKER_OPTIONS_INIT {sizeof(tw_worker_options), NULL, NULL, 0, 0, 0}

/* Starts a device. `options` may be null. */
TW_API int tw_worker_create(const tw_worker_options *options, tw_worker **worker, tw_error **error);
/* Ends the device; device memory and handles are gone. Null is allowed. */
TW_API void tw_worker_free(tw_worker *worker);

/* Up to 65536 at once. The image may be freed afterwards. */
TW_API int tw_worker_register(tw_worker *worker, const tw_image *image, tw_callable *callable, tw_error **error);
TW_API int tw_worker_unregister(tw_worker *worker, tw_callable callable, tw_error **error);

/* Device memory, 64-byte aligned, contents undefined. */
TW_API int tw_worker_malloc(tw_worker *worker, uint64_t bytes, void **address, tw_error **error);
TW_API int tw_worker_free_memory(tw_worker *worker, void *address, tw_error **error);
TW_API int tw_worker_copy_to(tw_worker *worker, void *device_destination, const void *host_source, uint64_t bytes, tw_error **error);
TW_API int tw_worker_copy_from(tw_worker *worker, void *host_destination, const void *device_source, uint64_t bytes, tw_error **error);

/* ---- arguments ------------------------------------------------------------------------------------------ */

typedef enum tw_dtype {
  TW_FLOAT32 = 0,
  TW_FLOAT16 = 1,
  TW_INT32 = 2,
  TW_INT16 = 3,
  TW_INT8 = 4,
  TW_UINT8 = 5,
  TW_BFLOAT16 = 6,
  TW_INT64 = 7,
  TW_UINT64 = 8,
  TW_UINT16 = 9,
  TW_UINT32 = 10,
  TW_BOOL = 11,
  TW_FP8E4M3FN = 12,
  TW_FP8E8M0 = 13,
  TW_FP4E2M1 = 14
} tw_dtype;

typedef enum tw_direction { TW_IN = 1, TW_OUT = 2, TW_INOUT = 3 } tw_direction;
typedef enum tw_address_space { TW_HOST = 0, TW_DEVICE = 1 } tw_address_space;
#define TW_MAX_DIMS 5

/* `data` is borrowed until the last run with it. Shape and strides count elements and are positive. */
typedef struct tw_tensor {
  size_t struct_size;
  void *data;
  int32_t dtype;         /* tw_dtype */
  int32_t direction;     /* tw_direction */
  int32_t address_space; /* tw_address_space */
  int32_t rank;          /* 1 to TW_MAX_DIMS */
  int64_t shape[TW_MAX_DIMS];
  int64_t strides[TW_MAX_DIMS]; /* all 0: row-major */
} tw_tensor;

TW_API tw_arguments *tw_arguments_create(void);
TW_API void tw_arguments_free(tw_arguments *arguments);
TW_API void tw_arguments_clear(tw_arguments *arguments);
/* Tensors come before scalars, at most 256 and 128. */
TW_API int tw_arguments_add_tensor(tw_arguments *arguments, const tw_tensor *tensor, tw_error **error);
/* The bytes of a value, zero-extended. */
TW_API int tw_arguments_add_scalar(tw_arguments *arguments, uint64_t bits, tw_error **error);
TW_API int tw_arguments_add_float(tw_arguments *arguments, float value, tw_error **error);

/* ---- runs ----------------------------------------------------------------------------------------------- */

/* CallConfig (tilewright/call_config.h); ring sizes of 0 are defaults. */
typedef struct tw_call_config {
  size_t struct_size;
  int32_t aicpu_thread_num;
  int32_t enable_chip_swimlane;
  int32_t enable_dump_args;
  int32_t enable_pmu;
  int32_t enable_dep_gen;
  int32_t enable_scope_stats;
  uint64_t ring_task_window[4];
  uint64_t ring_heap[4];
  uint64_t ring_dep_pool[4];
  const char *output_prefix; /* at most 1023 bytes; null: none */
} tw_call_config;

#define TW_NO_DEADLINE UINT64_MAX

typedef struct tw_run_options {
  size_t struct_size;
  int32_t runtime;             /* tw_runtime */
  int32_t host_threads;        /* 0: as many as the machine has processors */
  int32_t aic_cores;           /* 0: all of the platform */
  int32_t record_dependencies; /* not 0: tw_report_edges and tw_report_tasks have something to say */
  uint64_t deadline_ms;        /* the device's CPU time after which the run is ended; 0: TW_DEADLINE, else 60 s; TW_NO_DEADLINE */
  int32_t track_war;           /* not 0: writers also wait for earlier readers, write-only accesses for earlier writers */
  int32_t check;               /* not 0: look for mistakes in kernels; tw_report_faults has them. host_threads is 0 or 1 */
  uint64_t sim_seed;           /* not 0: decides the whole schedule of a simulated platform; 0: TW_SIM_SEED, else no seed */
  const char *sim_log;         /* with a seed: file that gets a line for each event; null: none */
  int32_t check_races;         /* not 0: look for races between tasks; tw_report_races has them. host_threads is 0 or 1 */
  int32_t reserved;            /* 0 */
} tw_run_options;

/* When the tasks of a timing slot ran, in nanoseconds since the run began; zeros if none did. */
typedef struct tw_timing_slot {
  uint64_t first_dispatch_ns;
  uint64_t last_finish_ns;
} tw_timing_slot;

typedef struct tw_summary {
  size_t struct_size;
  uint64_t task_count;
  uint64_t edge_count[3]; /* creator, tensormap, explicit */
  uint32_t aic_cores_used;
  uint32_t aiv_cores_used;
  uint64_t run_ns;
  uint64_t task_window[4];
  uint64_t heap_bytes[4];
  uint64_t staged_early; /* tasks that had cores and arguments before what they waited for had ended */
  tw_timing_slot timing_slots[16];
  uint64_t sim_events; /* of a run under a seed: events of its schedule */
  uint64_t sim_digest; /* and a hash over them, equal for the same schedule */
} tw_summary;

typedef struct tw_edge {
  uint64_t predecessor; /* ring << 32 | local */
  uint64_t successor;
  uint64_t overlap_bytes;
  int32_t source;   /* 0 creator, 1 tensormap, 2 explicit, 3 explicit and named by the compiler */
  int32_t argument; /* index of the successor's tensor argument; -1 for explicit edges */
} tw_edge;

typedef struct tw_task {
  uint64_t id;
  int32_t kernel_ids[3];        /* AIC, AIV0, AIV1; -1 for none */
  uint32_t named_dependencies;  /* ids that its set_dependencies named; 0: no such call */
} tw_task;

/* Runs the callable to its end. HOST tensors are copied in before and, all but IN ones, back after success; after an
 * error host memory is untouched. A crash costs the device process alone: the next run starts another with device
 * memory and registrations as they were. `arguments`, `config`, `options` and `report` may be null; null `options` are
 * the worker's. */
TW_API int tw_worker_run(tw_worker *worker, tw_callable callable, const tw_arguments *arguments, const tw_call_config *config,
                         const tw_run_options *options, tw_report **report, tw_error **error);

TW_API int tw_report_summary(const tw_report *report, tw_summary *summary, tw_error **error);
/* Arrays owned by the report; their element types do not grow. */
TW_API const tw_edge *tw_report_edges(const tw_report *report, size_t *count);
TW_API const tw_task *tw_report_tasks(const tw_report *report, size_t *count);

/* What a checked run found (tilewright/check_report.h). Strings are never null. */
typedef struct tw_instruction {
  const char *name; /* empty: no such instruction takes part */
  const char *pipe;
  const char *core;
  const char *operand;
  const char *access;
  const char *place; /* "add.cpp:41" */
} tw_instruction;

typedef struct tw_fault {
  const char *kind;
  const char *kernel;
  const char *problem;
  tw_instruction first; /* the one that ran before, where a fault is about two */
  tw_instruction second;
  const char *memory; /* empty if it is not about bytes */
  uint64_t begin;
  uint64_t end;
  uint64_t bytes;
  const char *remedy;
  uint64_t count; /* how often it was seen */
} tw_fault;

/* The faults that are listed, owned by the report; `unlisted` is how many more there are. Both numbers may be null. */
TW_API const tw_fault *tw_report_faults(const tw_report *report, size_t *count, uint64_t *unlisted);
/* The same as text for people; empty if there are none. Owned by the report. */
TW_API const char *tw_report_check_text(const tw_report *report);

/* What a run with check_races found (tilewright/race_report.h). Strings are never null. */
typedef struct tw_race_access {
  uint64_t task;         /* ring << 32 | local; UINT64_MAX: the orchestration itself */
  int32_t kernel_ids[3]; /* of the task: AIC, AIV0, AIV1; -1 for none */
  int32_t argument;      /* the task's tensor that holds the bytes; -1: none does */
  const char *access;    /* "reads", "writes", "adds to" or "reads and writes" */
  const char *elements;  /* of that tensor: "[0, 0] to [3, 63]" */
  const char *places;    /* lines of kernels: "add.cpp:41, add.cpp:44" */
  const char *submitted; /* line of the orchestration */
} tw_race_access;

typedef struct tw_race {
  tw_race_access first; /* the task that was submitted first */
  tw_race_access second;
  uint64_t creator; /* task to which the runtime gave the memory; UINT64_MAX: none */
  int32_t tensor;   /* the callable's tensor argument whose memory it is; -1: none is */
  int32_t reserved;
  uint64_t begin; /* the first stretch of bytes, from the start of that memory */
  uint64_t end;
  uint64_t bytes; /* of all stretches */
} tw_race;

/* As for faults. */
TW_API const tw_race *tw_report_races(const tw_report *report, size_t *count, uint64_t *unlisted);
TW_API const char *tw_report_races_text(const tw_report *report);
TW_API void tw_report_free(tw_report *report);

#ifdef __cplusplus
}
#endif
#endif
