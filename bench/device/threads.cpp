#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "systems.h"

namespace tilewright::bench {
namespace {

constexpr const char* kSystem = "a thread";

/// A thread that is handed work and says when it is done.
class Hand {
 public:
  Hand() : thread_([this] { work(); }) {}
  ~Hand() {
    set(State::kStop);
    thread_.join();
  }
  Hand(const Hand&) = delete;
  Hand& operator=(const Hand&) = delete;

  void round_trip() {
    set(State::kWork);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return state_ == State::kDone; });
  }

 private:
  enum class State { kDone, kWork, kStop };
  void set(State state) {
    {
      const std::lock_guard lock(mutex_);
      state_ = state;
    }
    changed_.notify_all();
  }
  void work() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return state_ != State::kDone; });
        if (state_ == State::kStop) return;
      }
      set(State::kDone);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kDone;
  std::thread thread_;
};

std::vector<double> throughput(const Sizes& sizes, int workers) {
  std::vector<std::unique_ptr<Hand>> all;
  for (int i = 0; i < workers; ++i) all.push_back(std::make_unique<Hand>());
  const int trips = sizes.burst / workers;
  const auto burst = [&] {
    std::vector<std::thread> clients;
    for (auto& hand : all) {
      clients.emplace_back([&hand, trips] {
        for (int i = 0; i < trips; ++i) hand->round_trip();
      });
    }
    for (std::thread& client : clients) client.join();
  };
  return in_bulk(sizes.repeats, burst, [&](double seconds) { return trips * workers / seconds; });
}

}  // namespace

std::vector<Row> measure_threads(const Sizes& sizes) {
  std::vector<Row> rows;
  const auto add = [&rows](const char* what, const char* metric, const char* unit, std::vector<double> samples) {
    rows.push_back(make_row(kSystem, what, metric, unit));
    rows.back().set_samples(std::move(samples));
  };
  Hand hand;
  add(kRoundTrip, "time", "us", each_in_us(sizes.runs, [&] { hand.round_trip(); }));
  add(kAfterPause, "time", "us", each_after_pause_in_us(sizes.pauses, [&] { hand.round_trip(); }));
  add(kStart, "time", "us", each_in_us(sizes.starts, [] { Hand().round_trip(); }));
  add(kThroughputOne, "rate", "1/s", throughput(sizes, 1));
  add(kThroughputEight, "rate", "1/s", throughput(sizes, 8));
  std::vector<double> switches = each_in_us(sizes.runs, [&] { hand.round_trip(); });
  for (double& sample : switches) sample *= 1000;
  add(kSwitch, "time", "ns", std::move(switches));
  return rows;
}

}  // namespace tilewright::bench
