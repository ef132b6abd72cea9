// tw run: the command line. What it does is in run_execute.cpp.
#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "command.h"
#include "run_execute.h"
#include "run_explore.h"
#include "run_result.h"
#include "tensor_options.h"

namespace tilewright {
namespace {

constexpr const char* kFooter =
    "Tensors. SPEC is DTYPE[SHAPE]=GENERATOR, or @FILE.npy, or DTYPE@FILE.npy for types that .npy lacks. Types: f32 f16 bf16\n"
    "i8 i16 i32 i64 u8 u16 u32 u64 bool fp8e4m3 fp8e8m0 fp4e2m1. Generators: zeros (also if none is named), full:VALUE,\n"
    "randn:SEED, uniform:LO:HI:SEED, arange[:START[:STEP]]. Arguments are passed in the order of the callable's 'arguments'\n"
    "list, or as typed if it has none.\n"
    "\n"
    "Runtimes. tensormap_and_ringbuffer finds dependencies from the tensors and runs tasks as they are submitted, in bounded memory.\n"
    "host_build_graph finds them too, and runs the graph when it is complete; it must fit ring 0. aicpu_build_graph takes explicit\n"
    "dependencies only and runs the tasks of a scope when it has ended. More: docs/guide/runtime-variants.md.\n"
    "\n"
    "Settings. ring_task_window, ring_heap, ring_dep_pool: one number for all four rings or four with commas; 0 is the\n"
    "default. aicpu_thread_num, host_threads, aic_cores: a number.\n"
    "\n"
    "Golden. An element matches if |actual - golden| <= atol + rtol * |golden|. Both default to 1e-5 for f32, 1e-3 for f16, 1e-2\n"
    "for bf16, 0.125 for fp8e4m3 and 0 for all others. With --rounds every round starts from the same values and is compared.\n"
    "\n"
    "Schedules. A run with --sim-seed simulates on one thread, in an order that the seed alone decides, and times are virtual. --explore\n"
    "finds a seed whose order breaks the program, if there is one; running that seed again shows the same. More:\n"
    "docs/guide/schedules.md.\n"
    "\n"
    "Example:\n"
    "  tw run softmax/callable.json --platform a2a3sim --arg x=f32[256,512]=randn:7 --arg y=f32[256,512] \\\n"
    "      --scalar rows=i32:256 --output y=y.npy --golden y=softmax/golden/y.npy --rtol 1e-4 --deps";

}  // namespace

CLI::App* add_run_command(CLI::App& parent, int& exit_code, bool& json) {
  CLI::App* command = parent.add_subcommand("run", "Build a callable, an artifact or a tile program and run it on a device");
  const auto words = std::make_shared<RunWords>();
  add_callable_options(*command, *words);
  add_tensor_options(*command, *words);
  command->add_flag("--golden-from-interpreter", words->golden_from_interpreter,
                    "Compare what a program or artifact writes with 'tw interpret' after every round, each element within the error that "
                    "rounding may have on the way to it");
  command->add_option("--rounds", words->rounds, "How often to run; default 1")->type_name("N");
  command->add_option("--config", words->settings, "A setting of the run; repeat it for each")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_flag("--deps", words->list_dependencies, "List every dependency between tasks and where it comes from");
  command->add_flag("--track-war", words->track_war, "Writers also wait for earlier readers of what they write");
  command
      ->add_option(
          "--deadline", words->deadline,
          "End a run that has used so many seconds of the device's CPU time, or 'none'; default: TW_DEADLINE, else 60, and none while "
          "a debugger is attached to the device or with --debug-kernel and --in-process")
      ->type_name("SECONDS");
  command->add_flag(
      "--check", words->check,
      "Look for mistakes in kernels: missing flags, bytes never written, accesses outside tensors; exit code 1 if there are any");
  command->add_flag("--check-races", words->check_races,
                    "Look for tasks that access the same bytes, one of them writing, in no order; exit code 1 if there are any");
  command
      ->add_option("--sim-seed", words->sim_seed, "Let this seed decide the whole schedule: the same seed gives the same run on any host")
      ->type_name("N");
  command->add_option("--sim-log", words->sim_log, "With --sim-seed: write every event of the schedule, a line each")->type_name("FILE");
  command
      ->add_option("--explore", words->explore,
                   "Try K seeds, from --sim-seed or 1 on, and stop at the first that fails: an error, a mismatch with golden, or without "
                   "golden a result that differs from the first seed's; with --check, faults. With --check-races, the first looks for "
                   "races, which are the same under all")
      ->type_name("K");
  command->add_flag("--debug-kernel", words->debug_kernel,
                    "Compile without optimisation, with debug information, and simulate in this process: ready for gdb");
  command->add_flag("--in-process", words->in_process, "Simulate in this process, for debuggers; a kernel that crashes takes tw along");
  add_json_flag(*command, json);
  command->footer(kFooter);
  command->callback([words, &exit_code, &json] {
    if (words->explore) {
      const Exploration exploration = explore(*words);
      fmt::print("{}{}", json ? exploration_as_json(exploration) : format_exploration(exploration), json ? "\n" : "");
      exit_code = exploration.failure ? tilewright::exit_code(ErrorCode::kMismatch) : 0;
      return;
    }
    const RunResult result = execute_run(*words);
    fmt::print("{}{}", json ? result_as_json(result) : format_result(result), json ? "\n" : "");
    exit_code = result.passed() ? 0 : tilewright::exit_code(ErrorCode::kMismatch);
  });
  return command;
}

}  // namespace tilewright
