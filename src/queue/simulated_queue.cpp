#include "queue/simulated_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace tilewright::queue {

namespace {

constexpr size_t kStackSize = 96 << 10;  // below the size from which malloc maps and unmaps pages each time

uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x9E3779B97F4A7C15ull + (hash >> 29); }
uint64_t mix(uint64_t hash, const std::string& text) { return mix(hash, std::hash<std::string>()(text)); }

uint64_t mix(uint64_t hash, const Entry& entry) {
  hash = mix(mix(hash, static_cast<uint64_t>(entry.pid)), static_cast<uint64_t>(entry.started));
  for (const std::vector<int>* ids : {&entry.avoid, &entry.devices}) {
    hash = mix(hash, ids->size());
    for (int id : *ids) hash = mix(hash, static_cast<uint64_t>(id));
  }
  return hash;
}

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class World;

/// One job's process: a fiber that runs the protocol, and what the kernel knows of it.
class Process final : public Host {
 public:
  Process(World& world, int index);

  int64_t now() override;
  uint32_t uid() override { return 1000; }
  void lock() override;
  void unlock() override;
  std::vector<EntryName> list() override;
  std::optional<Entry> read(const EntryName& name) override;
  bool alive(const EntryName& name) override;
  bool lingers(const EntryName&, const Entry&) override { return false; }
  void remove_dead(const EntryName& name) override;
  std::vector<OutMark> out_marks() override { return {}; }
  void publish(const EntryName& name, const Entry& entry) override;
  void update(const EntryName& from, const EntryName& to, const Entry& entry) override;
  void withdraw(const EntryName& name) override;
  bool lock_device(const Device& device) override;
  void unlock_devices() override;
  std::string foreign_use(const Device&) override { return {}; }
  void poke(const std::string& id) override;
  Watch watch(const Entry& process) override;
  void clear_watches() override { watched_.clear(); }
  bool stopped(const Entry&) override { return false; }

  void start(World* world);
  void body();

  World& world_;
  const int index_;
  std::string id_;
  enum State { kReady, kWantsMutex, kWaits, kInMutex, kDone, kDead } state_ = kReady;
  bool poked_ = false;
  std::set<int> watched_;
  uint64_t history_ = 0;
  ucontext_t context_{};
  std::unique_ptr<char[]> stack_;

 private:
  template <typename T>
  T seen(T value, uint64_t hash) {
    history_ = mix(history_, hash);
    return value;
  }
};

class World {
 public:
  explicit World(const Scenario& scenario) : scenario_(scenario), settings_{scenario.devices, 2}, crashes_left_(scenario.crashes) {
    for (size_t i = 0; i < scenario.jobs.size(); ++i) processes_.push_back(std::make_unique<Process>(*this, static_cast<int>(i)));
  }

  struct File {
    Entry entry;
    int locked_by = -1;
  };

  /// The processes that may move, then the crashes that may happen: one number for each.
  std::vector<int> options() const {
    std::vector<int> options;
    const int count = static_cast<int>(processes_.size());
    if (mutex_ >= 0) {
      options.push_back(mutex_);
    } else {
      for (int i = 0; i < count; ++i) {
        if (can_move(*processes_[static_cast<size_t>(i)])) options.push_back(i);
      }
    }
    if (crashes_left_ > 0) {
      for (int i = 0; i < count; ++i) {
        const Process& process = *processes_[static_cast<size_t>(i)];
        // Before it published anything and after it left there is nothing that a death could disturb.
        if (process.state_ != Process::kDone && process.state_ != Process::kDead && process.state_ != Process::kReady)
          options.push_back(count + i);
      }
    }
    return options;
  }

  void step(int option) {
    const int count = static_cast<int>(processes_.size());
    if (option >= count) return crash(option - count);
    Process& process = *processes_[static_cast<size_t>(option)];
    if (process.state_ == Process::kWantsMutex) {
      mutex_ = option;
      process.state_ = Process::kInMutex;
    }
    if (process.state_ == Process::kWaits) process.poked_ = false;
    if (!process.stack_) process.start(this);
    current_ = option;
    ::swapcontext(&main_, &process.context_);
    if (failure_) throw Violation(*failure_);
  }

  void yield() {
    Process& process = *processes_[static_cast<size_t>(current_)];
    process.history_ = mix(process.history_, 41);  // where it is, though the call may show and change nothing
    ::swapcontext(&process.context_, &main_);
  }

  void crash(int index) {
    --crashes_left_;
    Process& process = *processes_[static_cast<size_t>(index)];
    process.state_ = Process::kDead;
    process.watched_.clear();
    if (mutex_ == index) mutex_ = -1;
    for (auto& [name, file] : files_) {
      if (file.locked_by == index) file.locked_by = -1;
    }
    std::erase_if(device_locks_, [&](const auto& lock) { return lock.second == index; });
    std::erase_if(users_, [&](const auto& user) { return user.second == index; });
    ended(index);
  }

  void ended(int index) {
    for (auto& other : processes_) {
      if (other->watched_.contains(index)) other->poked_ = true;
    }
  }

  std::optional<EntryName> name_of(int index) const {
    for (const auto& [text, file] : files_) {
      if (file.locked_by == index) return EntryName::parse(text);
    }
    return std::nullopt;
  }

  bool gone(int index) const {
    const auto state = processes_[static_cast<size_t>(index)]->state_;
    return state == Process::kDead || state == Process::kDone;
  }

  /// Two jobs on one device: the first guarantee.
  void use(int index, const std::vector<int>& devices) {
    for (int device : devices) {
      const auto [user, fresh] = users_.try_emplace(device, index);
      if (!fresh) fail(fmt::format("device {} is given to job {} while job {} has it", device, index, user->second));
      if (scenario_.foreign.contains(device))
        fail(fmt::format("device {} is given to job {} though its lock is held outside the queue", device, index));
    }
  }
  /// A later job may start only while all that came before it, and want the same devices, have theirs left: with jobs of unknown length nothing
  /// else keeps narrow ones from starving wide ones. Devices that are locked outside the queue change the order.
  void require_order(int index, const EntryName& name) {
    if (!scenario_.foreign.empty()) return;
    const std::vector<int>& pool = scenario_.jobs[static_cast<size_t>(index)].pool;
    size_t taken = 0;
    for (int device : pool) taken += users_.contains(device);
    for (const auto& [text, file] : files_) {  // by arrival
      const std::optional<EntryName> other = EntryName::parse(text);
      if (other->state != JobState::kWaiting || file.locked_by < 0 || other->arrival >= name.arrival || file.entry.pool != pool) continue;
      taken += static_cast<size_t>(other->width);
      if (taken > pool.size()) return fail(fmt::format("job {} overtakes job {}, which it keeps waiting", index, file.locked_by));
    }
  }
  void release(int index) {
    std::erase_if(users_, [&](const auto& user) { return user.second == index; });
  }

  /// Nobody can move: everything has to be over, except jobs that wait for a foreign device.
  void check_end() const {
    for (const auto& process : processes_) {
      if (process->state_ == Process::kDone || process->state_ == Process::kDead) continue;
      const SimulatedJob& job = scenario_.jobs[static_cast<size_t>(process->index_)];
      const auto foreign = std::count_if(job.pool.begin(), job.pool.end(), [&](int device) { return scenario_.foreign.contains(device); });
      if (static_cast<long>(job.pool.size()) - foreign >= job.width)
        throw Violation(fmt::format("job {} waits for ever though its devices are free (lost wake-up)", process->index_));
    }
    for (const auto& [name, file] : files_) {
      if (file.locked_by >= 0 && gone(file.locked_by)) throw Violation(fmt::format("{} is left behind, locked", name));
    }
    for (const auto& [device, owner] : device_locks_) {
      if (gone(owner)) throw Violation(fmt::format("device {} is lost", device));
    }
  }

  uint64_t hash() const {
    uint64_t hash = mix(mix(17, static_cast<uint64_t>(mutex_ + 1)), static_cast<uint64_t>(crashes_left_));
    for (const auto& process : processes_) {
      hash = mix(mix(hash, process->history_), static_cast<uint64_t>(process->state_) * 2 + process->poked_);
      for (int other : process->watched_) hash = mix(hash, static_cast<uint64_t>(other) + 7);
    }
    for (const auto& [name, file] : files_) hash = mix(mix(mix(hash, name), file.entry), static_cast<uint64_t>(file.locked_by + 1));
    for (const auto& [device, owner] : device_locks_) hash = mix(hash, static_cast<uint64_t>(device * 64 + owner));
    for (const auto& [device, owner] : users_) hash = mix(hash, static_cast<uint64_t>(device * 64 + owner + 32));
    return hash;
  }

  void fail(const std::string& what) {
    failure_ = what;
    yield();
  }

  const Scenario& scenario_;
  const QueueSettings settings_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<std::string, File> files_;
  std::map<int, int> device_locks_;
  std::map<int, int> users_;
  int mutex_ = -1;
  int crashes_left_;
  int current_ = -1;
  int64_t clock_ = 1;
  ucontext_t main_{};

 private:
  static bool can_move(const Process& process) {
    switch (process.state_) {
      case Process::kReady:
      case Process::kWantsMutex: return true;
      case Process::kWaits: return process.poked_;
      default: return false;
    }
  }
  std::optional<std::string> failure_;
};

Process::Process(World& world, int index) : world_(world), index_(index), id_(fmt::format("task_20260101_000000_{}", index)) {}

void Process::start(World*) {
  stack_ = std::make_unique_for_overwrite<char[]>(kStackSize);
  ::getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = kStackSize;
  context_.uc_link = &world_.main_;
  const auto entry = +[](unsigned low, unsigned high) {
    reinterpret_cast<Process*>(static_cast<uintptr_t>(low) | static_cast<uintptr_t>(high) << 32)->body();
  };
  const auto self = reinterpret_cast<uintptr_t>(this);
  ::makecontext(&context_, reinterpret_cast<void (*)()>(entry), 2, static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
}

/// What a supervisor does with its seat; no tick ever comes, so that only the wake-ups count.
void Process::body() {
  const SimulatedJob& job = world_.scenario_.jobs[static_cast<size_t>(index_)];
  EntryName name;
  name.uid = 1000;
  name.width = job.width;
  name.id = id_;
  Entry entry;
  entry.id = id_;
  entry.pid = index_ + 1;
  entry.pool = job.pool;
  entry.width = job.width;
  Seat seat(*this, world_.settings_, name, entry);
  seat.enter();
  while (!seat.granted()) {
    // From here on nothing of what was seen before matters but the seat's own state.
    history_ = mix(mix(1, seat.entry()), static_cast<uint64_t>(seat.position()));
    state_ = kWaits;
    world_.yield();
    seat.look();
  }
  world_.use(index_, seat.entry().devices);
  world_.require_order(index_, *world_.name_of(index_));
  history_ = mix(2, seat.entry());
  state_ = kWantsMutex;  // so that the others may move while it runs
  world_.yield();
  state_ = kReady;
  world_.mutex_ = -1;
  world_.release(index_);
  seat.leave();
  history_ = 3;
  seat.withdraw();
  history_ = 4;
  state_ = kDone;
  world_.ended(index_);
}

int64_t Process::now() { return world_.clock_; }

void Process::lock() {
  if (state_ == kReady || world_.mutex_ != index_) {
    state_ = kWantsMutex;
    world_.yield();
  }
}

void Process::unlock() {
  world_.mutex_ = -1;
  state_ = kReady;
}

std::vector<EntryName> Process::list() {
  world_.yield();
  std::vector<EntryName> names;
  uint64_t hash = 5;
  for (const auto& [text, file] : world_.files_) {
    names.push_back(*EntryName::parse(text));
    hash = mix(hash, text);
  }
  std::sort(names.begin(), names.end(), [](const EntryName& a, const EntryName& b) {
    return std::tuple(a.state, a.arrival, a.id) < std::tuple(b.state, b.arrival, b.id);
  });
  return seen(names, hash);
}

std::optional<Entry> Process::read(const EntryName& name) {
  const auto file = world_.files_.find(name.text());
  if (file == world_.files_.end()) return seen(std::optional<Entry>(), 11);
  return seen(std::optional(file->second.entry), mix(13, file->second.entry));
}

bool Process::alive(const EntryName& name) {
  world_.yield();
  const auto file = world_.files_.find(name.text());
  const bool alive = file != world_.files_.end() && file->second.locked_by >= 0;
  return seen(alive, alive ? 17 : 19);
}

void Process::remove_dead(const EntryName& name) {
  world_.yield();
  world_.files_.erase(name.text());
}

void Process::publish(const EntryName& name, const Entry& entry) {
  world_.yield();
  ++world_.clock_;
  world_.files_[name.text()] = {entry, index_};
}

void Process::update(const EntryName& from, const EntryName& to, const Entry& entry) {
  world_.yield();
  world_.files_[from.text()].entry = entry;
  if (from.text() == to.text()) return;
  world_.yield();  // between the two system calls
  auto node = world_.files_.extract(from.text());
  node.key() = to.text();
  world_.files_.insert(std::move(node));
}

void Process::withdraw(const EntryName& name) {
  state_ = kWantsMutex;  // no mutex is needed, and none is held: the others move meanwhile
  world_.yield();
  world_.mutex_ = -1;
  state_ = kReady;
  world_.files_.erase(name.text());
}

bool Process::lock_device(const Device& device) {
  world_.yield();
  const bool taken = !world_.scenario_.foreign.contains(device.id) && world_.device_locks_.try_emplace(device.id, index_).second;
  return seen(taken, taken ? 23 : 29);
}

void Process::unlock_devices() {
  world_.yield();
  std::erase_if(world_.device_locks_, [&](const auto& lock) { return lock.second == index_; });
}

void Process::poke(const std::string& id) {
  world_.yield();
  for (auto& other : world_.processes_) {
    if (other->id_ == id && other->state_ != kDead && other->state_ != kDone) other->poked_ = true;
  }
}

Watch Process::watch(const Entry& process) {
  world_.yield();
  const bool ended = world_.gone(process.pid - 1);
  if (!ended) watched_.insert(process.pid - 1);
  return seen(ended ? Watch::kEnded : Watch::kWatched, ended ? 31 : 37);
}

/// One run: a prefix of choices, then always the first option.
struct Choice {
  int taken = 0;
  int options = 0;
};

}  // namespace

Exploration explore(const Scenario& scenario) {
  Exploration result;
  std::unordered_set<uint64_t> visited;
  std::vector<Choice> path;
  for (;;) {
    ++result.runs;
    World world(scenario);
    std::string trace;
    size_t depth = 0;
    try {
      for (;; ++depth) {
        const std::vector<int> options = world.options();
        if (options.empty()) {
          world.check_end();
          break;
        }
        if (depth >= path.size()) {
          if (options.size() > 1 && !visited.insert(world.hash()).second) break;
          path.push_back({0, static_cast<int>(options.size())});
        }
        const int option = options.at(static_cast<size_t>(path[depth].taken));
        const int count = static_cast<int>(scenario.jobs.size());
        trace += option >= count ? fmt::format(" crash({})", option - count) : fmt::format(" {}", option);
        world.step(option);
      }
    } catch (const Violation& violation) {
      result.violation = violation.what();
      result.trace = trace;
      result.states = visited.size();
      return result;
    }
    while (!path.empty() && path.back().taken + 1 == path.back().options) path.pop_back();
    if (path.empty()) break;
    ++path.back().taken;
    if (scenario.most_states != 0 && visited.size() >= scenario.most_states) {
      result.states = visited.size();
      return result;
    }
  }
  result.states = visited.size();
  result.complete = true;
  return result;
}

}  // namespace tilewright::queue
