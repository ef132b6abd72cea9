#include "queue/seat.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"

namespace tilewright::queue {

namespace {

PlanJob plan_job(const EntryName& name) {
  PlanJob job;
  job.id = name.id;
  job.uid = name.uid;
  job.priority = name.priority;
  job.arrival = name.arrival;
  job.width = name.width;
  return job;
}

PlanJob plan_job(const EntryName& name, const Entry& entry) {
  PlanJob job = plan_job(name);
  for (int id : entry.pool) {
    if (std::find(entry.avoid.begin(), entry.avoid.end(), id) == entry.avoid.end()) job.pool.push_back(id);
  }
  job.one_group = entry.one_group;
  job.limit = entry.limit;
  return job;
}

}  // namespace

Snapshot take_snapshot(Host& host, const QueueSettings& settings, const std::string& keep) {
  Snapshot snapshot;
  PlanInput& input = snapshot.input;
  input.now = host.now();
  input.deviceless_limit = settings.deviceless_limit;
  for (const Device& device : settings.devices) input.devices.push_back({device.id, device.group, device.slots, {}});
  const std::vector<EntryName> names_found = host.list();
  for (const OutMark& mark : host.out_marks()) {
    for (PlanDevice& device : input.devices) {
      if (device.id == mark.device && mark.until > input.now) device.out = mark.reason;
    }
  }
  for (const EntryName& name : names_found) {
    if (name.state == JobState::kWaiting) {
      snapshot.waiting.push_back(name);
      continue;
    }
    std::optional<Entry> entry = host.read(name);
    const bool understood = name.state == JobState::kRunning && entry && entry->version == kProtocolVersion;
    const bool dead = !host.alive(name);
    if (dead && !(understood && host.lingers(name, *entry))) {
      host.remove_dead(name);
    } else if (understood) {
      const int64_t ends = dead || entry->limit == 0 ? kNever : entry->started + entry->limit;
      input.running.push_back({name.id, name.uid, entry->devices, ends});
      snapshot.running.push_back({name, std::move(*entry)});
    }
  }
  // Names are enough to order the queue; only its front is read.
  std::vector<PlanJob> order;
  std::map<std::string, const EntryName*> names;
  for (const EntryName& name : snapshot.waiting) {
    order.push_back(plan_job(name));
    names[name.id] = &name;
  }
  for (const PlanJob& job : queue_order(std::move(order), input.running)) {
    if (snapshot.window.size() >= kPlanWindow && job.id != keep) continue;
    const EntryName& name = *names[job.id];
    std::optional<Entry> entry = host.read(name);
    if (!host.alive(name)) {
      host.remove_dead(name);
      continue;
    }
    if (!entry || entry->version != kProtocolVersion) continue;
    input.waiting.push_back(plan_job(name, *entry));
    snapshot.window.push_back({name, std::move(*entry)});
  }
  return snapshot;
}

Seat::Seat(Host& host, const QueueSettings& settings, EntryName name, Entry entry)
    : host_(host), settings_(settings), name_(std::move(name)), entry_(std::move(entry)) {}

const Device* Seat::device(int id) const {
  const auto found =
      std::find_if(settings_.devices.begin(), settings_.devices.end(), [&](const Device& device) { return device.id == id; });
  return found == settings_.devices.end() ? nullptr : &*found;
}

void Seat::enter() {
  const MutexGuard guard(host_);
  name_.arrival = host_.now();
  host_.publish(name_, entry_);
  published_ = true;
  pass();
}

bool Seat::look() {
  if (granted_) return true;
  const MutexGuard guard(host_);
  if (!entry_.avoid.empty() && host_.now() >= next_tick_) {
    entry_.avoid.clear();
    host_.update(name_, name_, entry_);
  }
  pass();
  return granted_;
}

/// One round of planning: takes this job's devices if it is its turn, pokes the others whose turn it is. Repeated until neither this
/// process nor a death noticed on the way changed anything.
void Seat::pass() {
  std::set<std::string> pokes;
  for (bool changed = true; changed;) {
    changed = false;
    // Nobody waits: nobody to tell.
    if (!waits() && !anybody_waits()) return;
    Snapshot snapshot = take_snapshot(host_, settings_, waits() ? name_.id : std::string());
    pokes.clear();
    for (bool replan = true; replan && !changed;) {
      replan = false;
      for (const Decision& decision : plan(snapshot.input)) {
        if (!decision.start) continue;
        if (decision.id == name_.id && waits()) {
          take(decision.devices, snapshot.input.now);
          changed = true;
        } else if (decision.id != name_.id) {
          pokes.insert(decision.id);
          replan = !offer_taken(decision, snapshot);
        }
        if (changed || replan) break;
      }
    }
    if (!changed) changed = rewatch(snapshot);
  }
  for (const std::string& id : pokes) host_.poke(id);
}

bool Seat::anybody_waits() const {
  const std::vector<EntryName> names = host_.list();
  return std::any_of(names.begin(), names.end(), [](const EntryName& name) { return name.state == JobState::kWaiting; });
}

/// Whether another job can be expected to take what it is offered. If not, it is left out of the snapshot: whoever is stopped would
/// otherwise keep devices idle.
bool Seat::offer_taken(const Decision& decision, Snapshot& snapshot) {
  const int64_t since = offered_.try_emplace(decision.id, snapshot.input.now).first->second;
  const auto job =
      std::find_if(snapshot.window.begin(), snapshot.window.end(), [&](const auto& other) { return other.name.id == decision.id; });
  if (snapshot.input.now - since < kOfferExpiry && !host_.stopped(job->entry)) return true;
  std::erase_if(snapshot.input.waiting, [&](const PlanJob& other) { return other.id == decision.id; });
  return false;
}

/// All of the devices or none. What cannot be taken goes into `avoid`.
bool Seat::take(const std::vector<int>& devices, int64_t now) {
  std::vector<int> failed;
  for (int id : devices) {
    const Device* wanted = device(id);
    if (wanted == nullptr || !host_.lock_device(*wanted) || !host_.foreign_use(*wanted).empty()) failed.push_back(id);
  }
  if (!failed.empty()) {
    host_.unlock_devices();
    entry_.avoid.insert(entry_.avoid.end(), failed.begin(), failed.end());
    host_.update(name_, name_, entry_);
    return false;
  }
  entry_.devices = devices;
  entry_.started = now;
  const EntryName running = name_.with_state(JobState::kRunning);
  host_.update(name_, running, entry_);
  name_ = running;
  granted_ = true;
  return true;
}

/// A waiting job watches the one before it; the first one watches those that run. True if one of them turned out to be dead, so that the
/// snapshot is out of date.
bool Seat::rewatch(const Snapshot& snapshot) {
  host_.clear_watches();
  if (!waits()) {
    tell_watchers(snapshot);
    return false;
  }
  position_ = 0;
  bool first = true, orphan = false;
  const auto self =
      std::find_if(snapshot.waiting.begin(), snapshot.waiting.end(), [&](const EntryName& name) { return name.id == name_.id; });
  for (auto other = self; other != snapshot.waiting.begin();) {
    --other;
    ++position_;
    if (!first) continue;
    // Watching comes first: if the job is alive after that, it was its living supervisor that is watched.
    const std::optional<Entry> entry = host_.read(*other);
    if (entry) host_.watch(*entry);
    first = !host_.alive(*other);
    const auto same = [&](const Snapshot::Job& job) { return job.name.id == other->id; };
    if (first && std::any_of(snapshot.window.begin(), snapshot.window.end(), same)) return true;  // it was planned for, and died since
  }
  if (first) {
    for (const Snapshot::Job& job : snapshot.running) {
      if (host_.watch(job.entry) != Watch::kEnded) continue;
      const bool lingers = host_.lingers(job.name, job.entry);
      if (!lingers && !host_.alive(job.name)) return true;
      orphan = true;  // the runner cleans up and will poke; or both are gone, and the tree is being killed
    }
  }
  const bool retry = first && (orphan || !entry_.avoid.empty());
  const int64_t tick = snapshot.input.now + (retry ? kRetryTick : kTick * (position_ + 1));
  next_tick_ = next_tick_ <= snapshot.input.now ? tick : std::min(next_tick_, tick);
  return false;
}

/// Whoever is no longer among the waiting tells the first one and the one that stood behind him, since these have to watch somebody
/// else from now on.
void Seat::tell_watchers(const Snapshot& snapshot) {
  const auto poke_first_alive = [&](auto from) {
    const auto found = std::find_if(from, snapshot.waiting.end(), [&](const EntryName& name) { return host_.alive(name); });
    if (found != snapshot.waiting.end()) host_.poke(found->id);
  };
  poke_first_alive(snapshot.waiting.begin());
  poke_first_alive(std::find_if(snapshot.waiting.begin(), snapshot.waiting.end(), [&](const EntryName& other) {
    return std::pair(other.arrival, std::string_view(other.id)) > std::pair(name_.arrival, std::string_view(name_.id));
  }));
}

void Seat::started(int root, int64_t root_started) {
  const MutexGuard guard(host_);
  entry_.root = root;
  entry_.root_started = root_started;
  host_.update(name_, name_, entry_);
}

void Seat::give_back(const std::vector<int>& unusable) {
  const MutexGuard guard(host_);
  host_.unlock_devices();
  entry_.devices.clear();
  entry_.started = 0;
  entry_.avoid.insert(entry_.avoid.end(), unusable.begin(), unusable.end());
  const EntryName waiting = name_.with_state(JobState::kWaiting);
  host_.update(name_, waiting, entry_);
  name_ = waiting;
  granted_ = false;
  pass();
}

void Seat::leave() {
  if (!published_ || name_.state == JobState::kEnded) return;
  const MutexGuard guard(host_);
  host_.unlock_devices();
  const EntryName ended = name_.with_state(JobState::kEnded);
  host_.update(name_, ended, entry_);
  name_ = ended;
  pass();
}

void Seat::withdraw() {
  if (published_) host_.withdraw(name_);
  published_ = false;
}

}  // namespace tilewright::queue
