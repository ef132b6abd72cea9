// The command line of task-submit.
#pragma once

#include <string>
#include <vector>

namespace tilewright::queue {

struct Arguments {
  // The job
  std::string run;
  std::vector<std::string> words;   ///< positional, before "--"
  std::vector<std::string> command;  ///< behind "--"
  std::string device, device_num, max_time, timeout, grace, priority, isolation, result, backend;
  bool no_device = false, no_wait = false, detach = false, interactive = false, ignore_groups = false;
  std::vector<std::string> variables;
  std::string variable_file;
  // Questions and orders
  std::string question;  ///< the option that asks or orders: "--list"; empty: a job is submitted
  bool list = false, devices = false, stats = false, clean = false, json = false, follow = false, version = false, completion = false;
  std::string slurm_step;
  std::string status, log, wait, cancel, explain, find, take_out, put_back, reason, out_for, days;
};

/// Takes the command line apart. What stands behind "--" is the command's, whatever it looks like. --help, --version and --completion are
/// answered, and `done` is true then. Throws QueueError: misuse, which includes options that would mean nothing beside the others given.
Arguments parse_options(int argc, char** argv, bool& done);

}  // namespace tilewright::queue
