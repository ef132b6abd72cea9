// tw deps: runs a callable and reports what orders its tasks.
#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "run_execute.h"
#include "run_result.h"
#include "tensor_options.h"
#include "trace/dependency_report.h"

namespace tilewright {
namespace {

constexpr const char* kFooter =
    "The callable is run as by 'tw run', which explains --arg and --scalar. A pair of tasks counts once, whatever number of edges it has.\n"
    "  explicit by user      pairs that the orchestration names: set_dependencies, add_dep, rt_add_dependency\n"
    "  explicit by compiler  pairs that only the compiler names: set_dependencies of generated code\n"
    "  creator               pairs of a task and one that uses memory made for it\n"
    "  tensormap             pairs that the runtime finds from tensors\n"
    "  unique-pair coverage  the part of the tensormap pairs that are explicit too\n"
    "  explicit share        explicit pairs among those that are explicit or tensormap or both\n"
    "  set_dependencies      calls that named a task; add_dep makes one for its task\n"
    "Of a program that was compiled with --derive-dependencies, it also lists the tensors, and for each whether named dependencies alone\n"
    "order the tasks that use it, or why the runtime has to.\n"
    "More: docs/guide/dependencies.md.\n"
    "\n"
    "Example:\n"
    "  tw deps softmax/callable.json --arg x=f32[256,512]=randn:7 --arg y=f32[256,512] --html > softmax.html";

struct DepsWords {
  RunWords run;
  bool dot = false;
  bool html = false;
  bool keep_tracking = false;
};

}  // namespace

CLI::App* add_deps_command(CLI::App& parent, int& exit_code, bool& json) {
  CLI::App* command = parent.add_subcommand("deps", "Run a callable and report the dependencies between its tasks");
  const auto words = std::make_shared<DepsWords>();
  add_callable_options(*command, words->run);
  add_argument_options(*command, words->run);
  command->add_option("--config", words->run.settings, "A setting of the run; repeat it for each")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_flag("--track-war", words->run.track_war, "Writers also wait for earlier readers of what they write");
  command->add_flag("--keep-tracking", words->keep_tracking,
                    "Let the runtime track every tensor, so that its edges can be compared with those of the compiler; changes nothing in "
                    "this version, which removes no tracking");
  CLI::Option* const as_json = command->add_flag("--json", json, "Print tasks, edges and counts as one JSON object");
  CLI::Option* const as_dot = command->add_flag("--dot", words->dot, "Print a Graphviz digraph");
  CLI::Option* const as_html = command->add_flag("--html", words->html, "Print a page with counts, a drawing and all edges");
  as_dot->excludes(as_json);
  as_html->excludes(as_json)->excludes(as_dot);
  command->footer(kFooter);
  command->callback([words, &exit_code, &json] {
    words->run.list_dependencies = true;
    const RunResult result = execute_run(words->run);
    const DependencyReport report{result.rounds.back().report, report_names(result), result.callable,
                                  result.tensor_orders ? &*result.tensor_orders : nullptr};
    const std::string text =
        json          ? dependencies_as_json(report) + "\n"
        : words->dot  ? dependencies_as_dot(report)
        : words->html ? dependencies_as_html(report)
                      : dependency_counts_text(count_dependencies(report.report)) + tensor_orders_text(result) + dependencies_text(result);
    fmt::print("{}", text);
    exit_code = 0;
  });
  return command;
}

}  // namespace tilewright
