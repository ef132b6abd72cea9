#include "options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>

#include "queue/queue_error.h"

namespace tilewright::queue {

namespace {

const char* const kFooter =
    "Exit codes: the command's own, 128+n if signal n ended it; of the queue: 2 misuse, 120 waited too long,\n"
    "121 cancelled, 122 no such device, 123 refused, 124 ran too long, 125 the queue failed, 126 and 127 the\n"
    "command cannot be executed or found. --result and --status tell the job's codes from the queue's.\n\n"
    "  task-submit --device auto --run 'pytest --device $TASK_DEVICE'      one free device; a shell runs the line\n"
    "  task-submit --device auto --device-num 4 --max-time 600 -- ./train  four, for ten minutes at most; no shell\n"
    "  task-submit --detach --device 0,2 -- ./probe                        these two, in the background: prints the id\n"
    "  task-submit --explain ID; task-submit --wait ID                     why it waits; its log and its exit code\n"
    "  task-submit --list; task-submit --devices                           who runs and waits; who has which device";

constexpr const char* kDevices = "Devices";
constexpr const char* kTimeAndOrder = "Time and order";
constexpr const char* kHowItRuns = "How it runs";
constexpr const char* kQuestions = "Questions and orders";

/// An option of the existing tool that this one does not have.
std::function<void(const std::string&)> refuse(std::string option, std::string instead) {
  return [=](const std::string&) { throw misuse(option + " is not supported", instead); };
}

void declare(CLI::App& app, Arguments& arguments) {
  app.footer(kFooter);
  app.add_option("--run", arguments.run, "Run this command line with a shell, in the foreground")->type_name("COMMAND");
  app.add_option("command", arguments.words,
                 "A command line to run detached, as --detach --run; with a program of its own, write -- PROGRAM ARGUMENTS");
  const char* group = kDevices;
  app.add_option("--device", arguments.device, "auto, or ids: 0  0,2  0-3. Without: no device")->group(group);
  app.add_option("--device-num", arguments.device_num, "How many, with auto (or alone)")->group(group)->type_name("N");
  app.add_flag("--no-device", arguments.no_device, "No device, which is the default")->group(group);
  app.add_flag("--ignore-group-affinity", arguments.ignore_groups, "Several devices need not be of one group")->group(group);
  group = kTimeAndOrder;
  app.add_option("--max-time", arguments.max_time, "Longest run in seconds, 0 for no limit: then TERM, grace, KILL of the whole tree")
      ->group(group)
      ->type_name("S");
  app.add_option("--timeout", arguments.timeout, "Longest wait in seconds, 0 for ever")->group(group)->type_name("S");
  app.add_option("--grace", arguments.grace, "Seconds between TERM and KILL")->group(group)->type_name("S");
  app.add_option("--priority", arguments.priority, "From -100 to 100; above 0 only for root")->group(group)->type_name("N");
  app.add_flag("--no-wait", arguments.no_wait, "Do not wait: 120 if nothing is free")->group(group);
  group = kHowItRuns;
  app.add_flag("--detach", arguments.detach, "Print the id and return; output goes to the log")->group(group);
  app.add_flag("-i,--interactive", arguments.interactive, "With --run: stdin is the caller's, as always in the foreground")->group(group);
  app.add_option("--env", arguments.variables, "NAME=VALUE, or NAME for the caller's value")->group(group)->allow_extra_args(false);
  app.add_option("--env-file", arguments.variable_file, "Lines NAME=VALUE")->group(group)->type_name("FILE");
  app.add_option_function<std::string>("--ptoas", refuse("--ptoas", "put its directory on PATH, or use --env PTOAS_ROOT=..."), "Not here")
      ->group("");
  app.add_flag_callback("--ignore-whitelist",
                        [] { refuse("--ignore-whitelist", "task-submit.conf is not read; use TW_TASK_DEVICES or --device")(""); })
      ->group("");
  app.add_option_function<std::string>("--maintenance", refuse("--maintenance", "use --take-out and --put-back"), "Not here")->group("");
  app.add_option("--isolation", arguments.isolation, "auto, namespace, cgroup or none: how the job's processes are kept together")
      ->group(group);
  app.add_option("--result", arguments.result, "Write how it ended to this file (JSON)")->group(group)->type_name("FILE");
  app.add_option("--backend", arguments.backend, "local or slurm")->group(group);
  group = kQuestions;
  app.add_flag("--list", arguments.list, "Jobs that run, wait and are done")->group(group);
  app.add_option("--status", arguments.status, "pending, running, completed (exit=N)")->group(group)->type_name("ID");
  app.add_option("--explain", arguments.explain, "Why it waits, and when it should start")->group(group)->type_name("ID");
  app.add_option("--log", arguments.log, "Output of a detached job")->group(group)->type_name("ID");
  app.add_flag("-f,--follow", arguments.follow, "With --log: until the job is over")->group(group);
  app.add_option("--wait", arguments.wait, "Wait for its end, with its log and its exit code")->group(group)->type_name("ID");
  app.add_option("--cancel,--kill", arguments.cancel, "End it, waiting or running")->group(group)->type_name("ID");
  app.add_option("--find", arguments.find, "Ids of jobs whose command contains this")->group(group)->type_name("TEXT");
  app.add_flag("--devices", arguments.devices, "Devices, who has them, what is guaranteed")->group(group);
  app.add_flag("--stats", arguments.stats, "Jobs, device hours and waiting, by user and device")->group(group);
  app.add_option("--days", arguments.days, "With --stats and --clean")->group(group)->type_name("N");
  app.add_flag("--clean", arguments.clean, "Remove own records and logs older than --days (1)")->group(group);
  app.add_option("--take-out", arguments.take_out, "Give these devices to nobody")->group(group)->type_name("IDS");
  app.add_option("--reason", arguments.reason, "With --take-out")->group(group);
  app.add_option("--for", arguments.out_for, "With --take-out: seconds, 0 until put back")->group(group)->type_name("S");
  app.add_option("--put-back", arguments.put_back, "Undo --take-out, or a failed health check")->group(group)->type_name("IDS");
  app.add_flag("--json", arguments.json, "Print the answer as JSON")->group(group);
  app.add_option("--slurm-step", arguments.slurm_step, "On a node of Slurm: run what is in this file")->group("");
  app.add_flag("--version", arguments.version, "Print the version")->group(group);
  app.add_flag("--completion", arguments.completion, "Print what makes bash complete the options: eval \"$(task-submit --completion)\"")
      ->group(group);
}

/// Of the options that were given, one alone may ask or order.
std::string question_of(const CLI::App& app) {
  std::string question;
  for (const char* name : {"--list", "--status", "--explain", "--log", "--wait", "--cancel", "--find", "--devices", "--stats", "--clean",
                           "--take-out", "--put-back"}) {
    if (app.count(name) == 0) continue;
    if (!question.empty()) throw misuse(fmt::format("{} and {} at once", question, name), "ask one after the other");
    question = name;
  }
  return question;
}

/// No option is silently ignored.
void refuse_meaningless(const CLI::App& app, const Arguments& arguments) {
  if (!arguments.question.empty()) {
    if (!arguments.run.empty() || !arguments.command.empty() || !arguments.words.empty()) throw misuse("a question and a command at once");
    for (const CLI::Option* option : app.get_options()) {
      const std::string& group = option->get_group();
      const bool of_a_job = group == kDevices || group == kTimeAndOrder || group == kHowItRuns;
      if (of_a_job && option->count() > 0 && option->get_name() != "--backend")
        throw misuse(fmt::format("{} with {}", option->get_name(), arguments.question), "it is for a job that is submitted");
    }
  }
  const bool prints_id = arguments.question.empty() && (arguments.detach || !arguments.words.empty());
  const std::map<std::string, std::vector<std::string>> belongs = {
      {"--follow", {"--log"}},
      {"--days", {"--stats", "--clean"}},
      {"--reason", {"--take-out"}},
      {"--for", {"--take-out"}},
      {"--json", {"--list", "--status", "--explain", "--find", "--devices", "--stats", "--clean"}}};
  for (const auto& [option, questions] : belongs) {
    if (app.count(option) == 0 || (option == "--json" && prints_id)) continue;
    if (std::find(questions.begin(), questions.end(), arguments.question) != questions.end()) continue;
    throw misuse(fmt::format("{} means nothing here", option),
                 fmt::format("it goes with {}{}", fmt::join(questions, ", "),
                             option == "--json" ? " and --detach; --result FILE tells how a job ended" : ""));
  }
  if (arguments.no_wait && !arguments.timeout.empty()) throw misuse("--no-wait with --timeout");
}

/// One line for bash; words that are no option are completed as ever.
std::string completion(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  }
  return fmt::format("complete -o default -W '{}' task-submit", words);
}

}  // namespace

Arguments parse_options(int argc, char** argv, bool& done) {
  CLI::App app("Lends this host's devices to one job at a time.", "task-submit");
  Arguments arguments;
  declare(app, arguments);
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 0)
      option->check([](const std::string& text) { return text.empty() ? std::string("an empty value") : std::string(); });
  }
  std::vector<std::string> own;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--") {
      arguments.command.assign(argv + i + 1, argv + argc);
      if (arguments.command.empty()) throw misuse("no command behind --");
      break;
    }
    own.emplace_back(argv[i]);
  }
  std::reverse(own.begin(), own.end());
  done = true;
  try {
    app.parse(own);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return arguments;
  } catch (const CLI::ParseError& error) {
    throw misuse(error.what(), "--help lists the options");
  }
  if (arguments.version) {
    fmt::print("task-submit {}\n", TW_VERSION);
  } else if (arguments.completion) {
    fmt::print("{}\n", completion(app));
  } else {
    done = false;
    arguments.question = question_of(app);
    refuse_meaningless(app, arguments);
  }
  return arguments;
}

}  // namespace tilewright::queue
