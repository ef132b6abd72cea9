"""What is broken on purpose, one thing at a time, and the tests that have to notice. See run.py."""

from dataclasses import dataclass


@dataclass
class Mutation:
    what: str     # the guarantee that goes
    file: str     # in src/queue
    old: str      # occurs once
    new: str
    program: str  # the test program, and which of its tests
    tests: str


ALL = [
    Mutation("the device's lock is not taken", "posix_host.cpp",
             "if (!file || !flock_retrying(file.get(), (device.slots > 1 ? LOCK_SH : LOCK_EX) | LOCK_NB)) return false;",
             "if (!file) return false;", "queue_test", "HostTest.JobsOfAnother*:HostTest.TwoVersions*:QueueTest.ProcessesThatInherited*"),
    Mutation("a slot's lock is not taken", "posix_host.cpp",
             "if (!file || !flock_retrying(file.get(), LOCK_EX | LOCK_NB)) continue;", "if (!file) continue;",
             "queue_test", "HostTest.SlotsOf*"),
    Mutation("a link in the place of a lock file is followed", "posix_host.cpp",
             "FileDescriptor file(::openat(directory_.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));\n    struct stat",
             "FileDescriptor file(::openat(directory_.fd(), name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));\n    struct stat",
             "queue_test", "HostTest.SlotsOf*:HostTest.Garbage*"),
    Mutation("the command does not inherit the lock", "supervisor.cpp", "tree.inherited = host_->lock_descriptors();", "",
             "queue_test", "QueueTest.ProcessesThatInherited*"),
    Mutation("a device is free when the command ends, not its tree", "supervisor.cpp", "      job_ended_ = true;\n",
             "      job_ended_ = empty_ = true;\n", "queue_test", "*CrashTest.TheClientReturns*"),
    Mutation("the root is no subreaper", "tree.cpp", "if (!with_namespace) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);", "",
             "queue_test", "*CrashTest.*"),
    Mutation("the runner is no subreaper", "supervisor.cpp",
             'name_process("tw-runner");\n    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);', 'name_process("tw-runner");',
             "queue_test", "*CrashTest.*"),
    Mutation("the supervisor is no subreaper", "supervisor.cpp",
             "tell(kGranted, format_device_ids(record_.devices));\n    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);",
             "tell(kGranted, format_device_ids(record_.devices));", "queue_test", "*CrashTest.*"),
    Mutation("what the command left behind is not ended", "tree.cpp",
             "if (ended_ && kill_at_ == kNever) terminate(kKill);", "if (ended_) {\n          send_message(spec_.status, {TreeMessage::kEmpty, 0});\n          ::_exit(0);\n        }",
             "queue_test", "*CrashTest.TheCommandsEnd*"),
    Mutation("the runner does not take over from a dead supervisor", "supervisor.cpp", "    if (!released) {\n      run_time_",
             "    if (false) {\n      run_time_", "queue_test", "*CrashTest.Supervisor*"),
    Mutation("a dead client is not noticed", "supervisor.cpp", "if (spec_.detached) {  // it has its id",
             "if (true) {  // it has its id", "queue_test", "*CrashTest.Client*:*CrashTest.WaitingClient*"),
    Mutation("a group that lives on is not looked at", "posix_host.cpp", "const bool populated = cgroup_populated(group);",
             "const bool populated = false;",
             "queue_test", "*AllAtOnceTest.*"),
    Mutation("a group that lives on is not killed", "posix_host.cpp",
             "populated ? kill_cgroup(group) : remove_cgroup(entry.cgroup);", "{}", "queue_test", "*AllAtOnceTest.*"),
    Mutation("any directory that an entry names counts as its group", "cgroup.cpp",
             "system.f_type != CGROUP2_SUPER_MAGIC)", "false)", "queue_test", "HostTest.ADeadJobsClaim*"),
    Mutation("a namespace that failed later is not replaced", "tree.cpp", "errno = failure;\n    return -1;", "return pid;",
             "queue_test", "HostTest.ANamespaceThatCannot*"),
    Mutation("exit codes are swallowed", "job.cpp", "WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)", "WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) & 127",
             "queue_test", "QueueTest.EveryExitCode*"),
    Mutation("signals are not told from codes", "job.cpp", "128 + WTERMSIG(wait_status)", "WTERMSIG(wait_status)",
             "queue_test", "QueueTest.EveryExitCode*"),
    Mutation("who ended it is not told", "job.cpp", 'reason == EndReason::kJob ? "job" : "queue"', '"job"',
             "queue_test", "QueueTest.CommandsThatCannot*"),
    Mutation("--max-time is ignored", "supervisor.cpp", "spec_.max_time == 0 ? kNever : started_ + spec_.max_time", "kNever",
             "queue_test", "QueueTest.TermComesFirst"),
    Mutation("no grace", "supervisor.cpp", "kill_at = boot_clock() + spec_.grace;", "kill_at = boot_clock();",
             "queue_test", "QueueTest.TermComesFirst"),
    Mutation("no KILL after the grace time", "supervisor.cpp", "send_message(runner_, {TreeMessage::kSignal, SIGKILL});", "",
             "queue_test", "QueueTest.MaxTimeEnds*"),
    Mutation("--timeout is ignored", "supervisor.cpp", "if (spec_.timeout > 0 && now - submitted_ >= spec_.timeout) {", "if (spec_.timeout > 0 && now < 0) {",
             "queue_test", "QueueTest.TimeoutWhileWaiting*"),
    Mutation("the queue's order ignores priority", "plan.cpp", "return first != second ? first > second : a < b;", "return a < b || (a == b && first > second);",
             "queue_unit_test", "Plan.*"),
    Mutation("jobs of lower priority count for fairness", "plan.cpp", "if (a.priority != b.priority) return a.priority > b.priority;\n", "\n",
             "queue_unit_test", "Plan.*"),
    Mutation("users other than root may have priority above 0", "entry.cpp", "if (name.priority > 0 && name.uid != 0) name.priority = 0;", "",
             "queue_unit_test", "Entry*:EntryName*"),
    Mutation("users are not treated fairly", "plan.cpp", "mine += std::max(1, waiting[i].width);", "",
             "queue_unit_test", "Plan.*"),
    Mutation("backfilling delays the first job", "plan.cpp", "if (!harmless) continue;", "(void)harmless;", "queue_unit_test", "Plan.*"),
    Mutation("backfilling starves wide jobs (seen by the model)", "plan.cpp", "if (!harmless) continue;", "(void)harmless;",
             "queue_protocol_test", "*"),
    Mutation("a running job's devices count as free", "seat.cpp", "input.running.push_back({name.id, name.uid, entry->devices, ends});", "(void)ends;",
             "queue_test", "QueueTest.ListStatus*:QueueTest.JobsWithoutADevice*"),
    Mutation("one that leaves wakes nobody", "seat.cpp", "for (const std::string& id : pokes) host_.poke(id);", "",
             "queue_protocol_test", "*"),
    Mutation("one that leaves does not tell who watched it", "seat.cpp", "    tell_watchers(snapshot);\n    return false;", "    return false;",
             "queue_protocol_test", "*"),
    Mutation("the first one does not watch those that run", "seat.cpp", "if (host_.watch(job.entry) != Watch::kEnded) continue;", "continue;",
             "queue_protocol_test", "*"),
    Mutation("part of the devices is kept when the rest cannot be had", "seat.cpp",
             "  if (!failed.empty()) {\n    host_.unlock_devices();", "  if (!failed.empty()) {",
             "queue_protocol_test", "*"),
    Mutation("a job takes devices without their locks (seen by the model)", "seat.cpp", "!host_.lock_device(*wanted)", "false",
             "queue_protocol_test", "*"),
    Mutation("the mutex is not taken when a job looks", "seat.cpp",
             "  if (granted_) return true;\n  const MutexGuard guard(host_);", "  if (granted_) return true;", "queue_protocol_test", "*"),
    # Either look at the owner is enough, so both are taken away.
    Mutation("an entry counts whoever wrote and holds it", "posix_host.cpp",
             """if (!directory_.read(name.text(), content) || content.uid != name.uid) return std::nullopt;
  std::optional<Entry> entry = Entry::parse(content.text);
  return entry && entry->id == name.id ? std::move(entry) : std::nullopt;
}

bool PosixHost::alive(const EntryName& name) {
  const FileDescriptor file(::openat(directory_.fd(), name.text().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_uid != name.uid || !S_ISREG(info.st_mode)""",
             """if (!directory_.read(name.text(), content)) return std::nullopt;
  std::optional<Entry> entry = Entry::parse(content.text);
  return entry && entry->id == name.id ? std::move(entry) : std::nullopt;
}

bool PosixHost::alive(const EntryName& name) {
  const FileDescriptor file(::openat(directory_.fd(), name.text().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)""",
             "queue_test", "QueueTest.FilesUnderAnother*"),
    Mutation("a mark counts whoever wrote it", "marks.cpp",
             "directory.read(name, content) && content.uid == static_cast<unsigned long>(numbers.back())", "directory.read(name, content)",
             "queue_test", "QueueTest.FilesUnderAnother*"),
    Mutation("entries of other versions are understood", "seat.cpp", "if (!entry || entry->version != kProtocolVersion) continue;", "if (!entry) continue;",
             "queue_test", "HostTest.JobsOfAnother*"),
    Mutation("anybody's cancel message counts", "posix_host.cpp", "cancelled || sender.uid == uid() || sender.uid == 0", "true",
             "queue_test", "QueueTest.ACancelMessage*"),
    Mutation("anybody's job can be cancelled", "report.cpp", "if (job.name.uid == ::geteuid() || ::geteuid() == 0) return;", "return;",
             "queue_test", "QueueTest.AnotherUsersJob*"),
    Mutation("a private queue directory is accepted", "queue_directory.cpp", "if ((info.st_mode & kEverybody) != kEverybody) {", "if (false) {",
             "queue_test", "HostTest.ADirectoryThat*"),
    Mutation("a file system without locks is accepted", "posix_host.cpp", "|| flock_retrying(second.get(), LOCK_SH | LOCK_NB)) {", ") {",
             "queue_test", "HostTest.FileSystems*"),
    Mutation("anybody's configuration is read", "config.cpp", "(info.st_uid != 0 && info.st_uid != ::geteuid())", "(false)",
             "queue_test", "QueueTest.ConfigurationOf*"),
    Mutation("a failed health check is ignored", "supervisor.cpp", "if (failed.empty()) return true;", "return true;",
             "queue_test", "QueueTest.AFailedHealth*"),
    Mutation("infrastructure failures are not counted", "marks.cpp", "return total + 1;", "return 0;", "queue_test", "QueueTest.RepeatedInfra*"),
    Mutation("a success does not start the count anew", "marks.cpp", "if (mine > 0) directory.remove(own);", "",
             "queue_test", "QueueTest.RepeatedInfra*"),
    Mutation("use outside the queue is not looked for", "seat.cpp", "|| !host_.foreign_use(*wanted).empty()", "", "queue_test", "QueueTest.ADeviceInUse*"),
    Mutation("a slow runner counts as use outside the queue", "posix_host.cpp", 'name == "tw-runner\\n"', "false",
             "queue_test", "QueueTest.JobsOfTheQueue*"),
    Mutation("another slot's job counts as use outside the queue", "posix_host.cpp", "return jobs && (", "return jobs && false && (",
             "queue_test", "QueueTest.JobsOfTheQueue*"),
    Mutation("the vendors' variables stay", "job.cpp", "name != visibility && std::find(dropped.begin(), dropped.end(), name) == dropped.end()", "true",
             "queue_test", "QueueTest.VendorsVariables*"),
    Mutation("ids are not remapped", "job.cpp", "std::iota(shown.begin(), shown.end(), 0);", "", "queue_test", "QueueTest.VendorsVariable*"),
    Mutation("jobs without a device have no limit", "plan.cpp", "deviceless_ < input_.deviceless_limit &&", "true &&",
             "queue_unit_test", "Plan.*"),
    Mutation("groups are ignored", "plan.cpp", "job.one_group && job.width > 1 ? group_[i] : std::string()", "std::string()",
             "queue_unit_test", "Plan.*"),
    Mutation("a device taken out is given", "seat.cpp", "mark.until > input.now) device.out", "false) device.out",
             "queue_test", "QueueTest.DevicesAreTakenOut*"),
    Mutation("entries are not padded: an update needs disk space", "entry.cpp", "text.resize(std::max(kEntrySize, text.size()), ' ');", "",
             "queue_unit_test", "Entry*"),
]
