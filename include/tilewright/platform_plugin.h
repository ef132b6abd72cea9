/* The platform plug-in interface: how a chip, or another simulator of one, becomes a platform of Tilewright.
 *
 * A plug-in is a shared object libtw_platform_NAME.so that exports tw_platform_plugin_get(). It is found in the directories of
 * TW_PLATFORM_PATH and in the installed <libdir>/tilewright/platforms, and loaded when the platform NAME is asked for.
 * docs/reference/platform-plugin.md describes the search, the rules and a complete example; docs/design/platform.md says why.
 *
 * Conventions:
 *   sizes     Every struct begins with `struct_size`, which its maker sets to sizeof the struct it was compiled with. Structs grow at
 *             their end only; whoever reads one looks at struct_size before it reads what a later version added. A table whose
 *             abi_version is another than TW_PLATFORM_ABI_VERSION is refused.
 *   errors    A function that can fail returns 0 or a TW_PLATFORM_* error, and says what happened with host->report_error on the
 *             tw_platform_error that it was given. The host copies the text. No exception leaves a plug-in.
 *   threads   Functions without a device may be called by any thread at any time. A device, its programs and its runs are used by
 *             one thread at a time, not always the same one; different devices in parallel. Nothing that the plug-in calls back may
 *             be called after the function returned it was given to, except host->log.
 *   memory    Device addresses are the plug-in's numbers. The host never reads through one, and hands host pointers only to copies.
 *   process   A plug-in lives in the process that uses the device, is loaded once and never unloaded. It installs no signal handlers,
 *             ends no process, and leaves the environment, the working directory and the standard streams alone.
 */
#ifndef TILEWRIGHT_PLATFORM_PLUGIN_H
#define TILEWRIGHT_PLATFORM_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TW_PLATFORM_ABI_VERSION 1u

/* ---- errors --------------------------------------------------------------------------------------------------- */

/* Numbers of docs/reference/errors.md. Any other number that a plug-in returns becomes an internal error. */
enum {
  TW_PLATFORM_OK = 0,
  TW_PLATFORM_INVALID_ARGUMENT = 1001,
  TW_PLATFORM_UNAVAILABLE = 1006, /* no driver, no such device, in use by somebody else */
  TW_PLATFORM_UNSUPPORTED = 1007,
  TW_PLATFORM_LIMIT_EXCEEDED = 1008,
  TW_PLATFORM_OUT_OF_BOUNDS = 1010,
  TW_PLATFORM_SYMBOL_MISSING = 2002, /* a kernel or the orchestration lacks its entry */
  TW_PLATFORM_IO_ERROR = 3001,
  TW_PLATFORM_RUN_FAILED = 4001, /* the runtime reported a status: pass it to report_error */
  TW_PLATFORM_KERNEL_CRASHED = 4002,
  TW_PLATFORM_DEVICE_LOST = 4003, /* device memory is gone: the host closes the device, and opens it again when it is asked to */
  TW_PLATFORM_DEVICE_MEMORY = 4004,
  TW_PLATFORM_DEADLOCK = 4005,
  TW_PLATFORM_DEADLINE = 4006
};

/* The host's: where a call that failed says what happened. Valid during the call. */
typedef struct tw_platform_error tw_platform_error;

/* What the host offers; valid as long as the process. */
typedef struct tw_platform_host {
  size_t struct_size;
  uint32_t abi_version;
  uint32_t reserved;
  const char *version; /* of Tilewright: "0.1.0" */
  /* `message` says what happened, `hint` (may be null) what to do; UTF-8, copied, never cut off. `status` is the runtime's negative
   * status code for RUN_FAILED, DEADLOCK and DEADLINE, else 0. The last report of a call counts. */
  void (*report_error)(tw_platform_error *error, const char *message, const char *hint, int32_t status);
  /* Levels as PTO_LOG_LEVEL has them: 10 debugging, 20 information, 30 warnings, 40 errors. Thread safe. */
  void (*log)(int32_t level, const char *text);
} tw_platform_host;

/* ---- what a platform is --------------------------------------------------------------------------------------- */

enum { TW_PLATFORM_CLASS_SIMULATOR = 0, TW_PLATFORM_CLASS_HARDWARE = 1 };
enum { TW_PLATFORM_ORCHESTRATION_ON_HOST = 0, TW_PLATFORM_ORCHESTRATION_ON_DEVICE = 1 };

/* What a launch may ask for. The host refuses (unsupported) what a platform does not have; the plug-in never sees it. */
enum {
  TW_PLATFORM_RECORDS_DEPENDENCIES = 1u << 0, /* tw_platform_launch.record_dependencies */
  TW_PLATFORM_TRACKS_WAR = 1u << 1,           /* .track_war */
  TW_PLATFORM_HAS_DEADLINE = 1u << 2,         /* .time_limit_ms */
  TW_PLATFORM_LOWERS_CORES = 1u << 3          /* .aic_cores */
};

/* How this platform's code is compiled where Tilewright's host compiler does not do. A list of words ends with a null. A word "&&"
 * ends one command and begins the next; the first that fails ends the compile with its output. Commands run without a shell. In
 * each word these are replaced: {source}, {output} (the file that the last command leaves), {depfile} (a Makefile rule with the
 * headers that were read; some command must write it), {scratch} (an empty directory, removed afterwards). The words {includes} and
 * {flags} stand alone: one -I for each directory; -O2 -DNDEBUG, with -g1 for line tables, or -O0 -g for a debugger. */
typedef struct tw_platform_recipe {
  size_t struct_size;
  /* Names what decides the output besides these words: the compiler's version. A part of the build key, never empty. */
  const char *identity;
  const char *const *aic_kernel;
  const char *const *aiv_kernel;
  const char *const *orchestration; /* null: the host compiler */
} tw_platform_recipe;

#define TW_PLATFORM_SPACES 10

/* All pointers stay valid as long as the process. */
typedef struct tw_platform_info {
  size_t struct_size;
  const char *arch;        /* "a2a3" or "a5": what kernels are written for (__NPU_ARCH__) */
  const char *requirement; /* what it needs on the host, for people; null: nothing */
  int32_t platform_class;  /* TW_PLATFORM_CLASS_* */
  int32_t orchestration;   /* TW_PLATFORM_ORCHESTRATION_*: where tw_platform_plugin.launch runs it */
  int32_t aic_cores;       /* at least 1 */
  int32_t aiv_cores;       /* twice as many */
  uint64_t memory_bytes;   /* device memory that a program may allocate */
  uint32_t features;       /* TW_PLATFORM_RECORDS_DEPENDENCIES | ... */
  uint32_t runtimes;       /* bit 0 tensormap_and_ringbuffer, 1 host_build_graph, 2 aicpu_build_graph; not 0 */
  /* Memories of a core in bytes, by tile kind: Vec, Mat, Left, Right, Acc, Bias, Scaling, ScaleLeft, ScaleRight, Ctrl. No smaller
   * than those of `arch` (docs/reference/platforms.md). */
  uint64_t core_memory_bytes[TW_PLATFORM_SPACES];
  const tw_platform_recipe *recipe; /* null: kernels are compiled as for the simulator */
} tw_platform_info;

/* ---- runs ----------------------------------------------------------------------------------------------------- */

/* The plug-in's. */
typedef struct tw_platform_device tw_platform_device;
typedef struct tw_platform_program tw_platform_program; /* a callable on a device */
typedef struct tw_platform_run tw_platform_run;

/* One run, as the host asks for it. Everything it points at is valid during launch() only: copy what the run needs. */
typedef struct tw_platform_launch {
  size_t struct_size;
  /* Published layouts of fixed size: ChipTensor of 128 bytes (orchestration/tensor.h), its buffer in device memory and inside one
   * allocation; CallConfig of 1144 bytes (tilewright/call_config.h), which the host has validated. */
  const void *tensors;
  size_t tensor_count;
  size_t tensor_bytes; /* of one: 128 */
  const uint64_t *scalars;
  size_t scalar_count;
  const void *call_config;
  size_t call_config_bytes;
  int32_t runtime;             /* 0 tensormap_and_ringbuffer, 1 host_build_graph, 2 aicpu_build_graph */
  int32_t aic_cores;           /* 0: all; else at most those of the platform, AIV cores twice as many */
  int32_t record_dependencies; /* not 0: fill edges and tasks of the report */
  int32_t track_war;           /* not 0: writers wait for earlier readers too */
  uint64_t time_limit_ms;      /* device time after which the run is to end with DEADLINE; 0: none */
  int32_t host_threads;        /* for simulators: threads that simulate cores; 0: as many as there are processors */
  int32_t reserved;
} tw_platform_launch;

typedef struct tw_platform_edge {
  uint64_t predecessor; /* ring << 32 | local */
  uint64_t successor;
  uint64_t overlap_bytes;
  int32_t source;   /* 0 creator, 1 tensormap, 2 explicit, 3 explicit and named by the compiler */
  int32_t argument; /* of the successor; -1 for explicit edges */
} tw_platform_edge;

typedef struct tw_platform_task {
  uint64_t id;
  int32_t kernel_ids[3];       /* AIC, AIV0, AIV1; -1: none */
  uint32_t named_dependencies; /* ids that its set_dependencies named; 0: no such call */
} tw_platform_task;

/* What a run tells: RunReport of tilewright/run_options.h. The host sets struct_size and zeroes the rest; the plug-in fills in what
 * it knows of the fields that struct_size covers. The arrays are the plug-in's, valid until the next call on the device. */
typedef struct tw_platform_report {
  size_t struct_size;
  uint64_t task_count;
  uint64_t edge_count[3];
  uint32_t aic_cores_used;
  uint32_t aiv_cores_used;
  uint64_t run_ns;
  uint64_t task_window[4];
  uint64_t heap_bytes[4];
  uint64_t staged_early;
  uint64_t timing_slots[16][2]; /* first dispatch, last finish; ns */
  const tw_platform_edge *edges;
  size_t edges_size;
  const tw_platform_task *tasks;
  size_t tasks_size;
} tw_platform_report;

/* ---- the plug-in ---------------------------------------------------------------------------------------------- */

/* All functions are required. */
typedef struct tw_platform_plugin {
  size_t struct_size;
  uint32_t abi_version; /* TW_PLATFORM_ABI_VERSION */
  uint32_t reserved;
  const char *name;    /* the platform; that of the file */
  const char *version; /* of the plug-in, for people */

  /* Fills *info, whose struct_size the host has set. Touches no device: it is called to list platforms, and where code is only
   * compiled. The answer does not change. */
  int32_t (*describe)(tw_platform_info *info, tw_platform_error *error);
  /* How many devices can be opened now, numbered from 0; 0 if there is none. UNAVAILABLE says why it cannot be told (no driver). */
  int32_t (*device_count)(int32_t *count, tw_platform_error *error);

  /* Takes the device. UNAVAILABLE: there is none of this number, or it is in use. */
  int32_t (*open)(int32_t device_id, tw_platform_device **device, tw_platform_error *error);
  /* Gives everything back; memory, programs and runs of the device are gone, and a run under way is ended. Never fails. */
  void (*close)(tw_platform_device *device);

  /* Device memory, aligned to 64 bytes at least, contents undefined. DEVICE_MEMORY names what was asked for and what is free. */
  int32_t (*allocate)(tw_platform_device *device, uint64_t bytes, uint64_t *address, tw_platform_error *error);
  int32_t (*release)(tw_platform_device *device, uint64_t address, tw_platform_error *error);
  /* Return when the bytes are there. The host has checked that the device range lies inside one allocation. */
  int32_t (*copy_to_device)(tw_platform_device *device, uint64_t address, const void *source, uint64_t bytes, tw_platform_error *error);
  int32_t (*copy_from_device)(tw_platform_device *device, void *destination, uint64_t address, uint64_t bytes, tw_platform_error *error);

  /* Makes a callable ready to run: a ChipCallable image (tilewright/callable.h), whose layout the host has checked. The bytes are
   * valid during the call. SYMBOL_MISSING, INVALID_ARGUMENT for code that is not this platform's. */
  int32_t (*prepare)(tw_platform_device *device, const void *image, size_t image_bytes, tw_platform_program **program,
                     tw_platform_error *error);
  /* No run of the program is under way. Never fails. */
  void (*discard)(tw_platform_device *device, tw_platform_program *program);

  /* Starts a run and returns without waiting for it. One run of a device at a time. */
  int32_t (*launch)(tw_platform_device *device, tw_platform_program *program, const tw_platform_launch *launch, tw_platform_run **run,
                    tw_platform_error *error);
  /* Whether the run has ended, well or badly: *ended is 0 or 1. Does not wait. DEVICE_LOST: it will never end. */
  int32_t (*poll)(tw_platform_run *run, int32_t *ended, tw_platform_error *error);
  /* Waits until the run has ended, at most timeout_ns (UINT64_MAX: as long as it takes); then as poll. Must not spin. A device that
   * hangs is for the plug-in to notice: DEVICE_LOST. */
  int32_t (*wait)(tw_platform_run *run, uint64_t timeout_ns, int32_t *ended, tw_platform_error *error);
  /* Forgets a run that has ended (or whose poll or wait failed), whatever it returns. 0 and *report, or how the run failed. After
   * KERNEL_CRASHED, RUN_FAILED, DEADLOCK and DEADLINE the device works on, with its memory and programs. */
  int32_t (*finalize)(tw_platform_run *run, tw_platform_report *report, tw_platform_error *error);
} tw_platform_plugin;

/* The one symbol of a plug-in. `platform` is the NAME of the file, so that one library, under several names, can serve several
 * platforms. Returns null, after host->report_error, if it cannot work at all. */
typedef const tw_platform_plugin *(*tw_platform_plugin_get_function)(const tw_platform_host *host, const char *platform,
                                                                     tw_platform_error *error);
__attribute__((visibility("default"))) const tw_platform_plugin *tw_platform_plugin_get(const tw_platform_host *host, const char *platform,
                                                                                        tw_platform_error *error);

#ifdef __cplusplus
}
#endif
#endif
