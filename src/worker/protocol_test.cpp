#include "worker/protocol.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

#include "worker/channel.h"

namespace tilewright {
namespace {

std::pair<Channel, Channel> channels() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {Channel(FileDescriptor(ends[0])), Channel(FileDescriptor(ends[1]))};
}

TEST(Protocol, ARunArrivesAsItWasSent) {
  auto args = std::make_unique<ChipStorageTaskArgs>();
  float data[6];
  const uint32_t shape[] = {2, 3};
  args->add_tensor(make_tensor_external(data, shape, 2, DataType::INT16));
  args->add_scalar(7);
  args->add_scalar(UINT64_MAX);
  CallConfig config;
  config.runtime_env.ring_heap[2] = 4096;
  config.output_prefix[0] = 'x';
  RunOptions options;
  options.runtime = RuntimeVariant::kAicpuBuildGraph;
  options.host_threads = 3;
  options.aic_cores = 5;
  options.record_dependencies = true;
  options.deadline_ms = uint64_t{1} << 40;
  options.track_war = true;
  options.check = true;
  options.check_races = true;
  options.sim_seed = 77;
  options.sim_log = "/tmp/log";
  std::vector<uint8_t> bytes;
  encode_run(bytes, 9, *args, config, options);
  EXPECT_LT(bytes.size(), 2000u) << "unused argument slots are not sent";
  auto got = std::make_unique<RunRequest>();
  got->args.add_scalar(1);  // what an earlier run left
  decode_run(bytes, *got);
  EXPECT_EQ(got->slot, 9u);
  ASSERT_EQ(got->args.tensor_count(), 1);
  EXPECT_EQ(std::memcmp(&got->args.tensor(0), &args->tensor(0), sizeof(ChipTensor)), 0);
  ASSERT_EQ(got->args.scalar_count(), 2);
  EXPECT_EQ(got->args.scalar(1), UINT64_MAX);
  EXPECT_EQ(std::memcmp(&got->config, &config, sizeof config), 0);
  EXPECT_EQ(got->options.runtime, options.runtime);
  EXPECT_EQ(got->options.host_threads, 3);
  EXPECT_EQ(got->options.aic_cores, 5);
  EXPECT_TRUE(got->options.record_dependencies);
  EXPECT_EQ(got->options.deadline_ms, options.deadline_ms);
  EXPECT_TRUE(got->options.track_war);
  EXPECT_TRUE(got->options.check);
  EXPECT_TRUE(got->options.check_races);
  EXPECT_EQ(got->options.sim_seed, 77u);
  EXPECT_EQ(got->options.sim_log, "/tmp/log");
}

TEST(Protocol, AReportArrivesAsItWasSent) {
  RunReport report;
  report.task_count = 1;
  report.edge_count[1] = 2;
  report.aic_cores_used = 3;
  report.aiv_cores_used = 4;
  report.run_ns = 5;
  report.task_window[3] = 6;
  report.heap_bytes[2] = 7;
  report.staged_early = 8;
  report.sim_events = 9;
  report.sim_digest = 10;
  report.timing_slots[15] = {9, 10};
  report.edges.assign(1000, {PTO2TaskId::make(1, 2), PTO2TaskId::make(0, 9), EdgeSource::kDerived, -1, 64});
  report.tasks.assign(3, {PTO2TaskId::make(3, 4), {1, -1, 2}, 6});
  const CheckedInstruction load{"TLOAD", "PIPE_MTE2", "AIV0", "operand 0", "writes", "add.cpp:4"},
      add{"TADD", "PIPE_V", "AIC", "", "", "b"};
  report.check.faults.assign(2, {"unordered", "func_id 3", "a problem", load, add, "UB (Vec)", 1, 2, 3, "a remedy", 4});
  report.check.unlisted = 5;
  const RaceAccess writes{PTO2TaskId::make(1, 2), {3, -1, -1}, "writes", 1, "[0] to [7]", {"a.cpp:1", "b.cpp:2"}, "orch.cpp:3"};
  RaceAccess host;
  host.access = "reads";
  report.races.races.assign(2, {writes, host, 4, PTO2TaskId::make(0, 5), 6, 7, 8});
  report.races.unlisted = 9;
  std::vector<uint8_t> bytes;
  encode_report(bytes, report);
  const RunReport got = decode_report(bytes);
  EXPECT_EQ(got.task_count, 1u);
  EXPECT_EQ(got.edge_count[1], 2u);
  EXPECT_EQ(got.aic_cores_used, 3u);
  EXPECT_EQ(got.aiv_cores_used, 4u);
  EXPECT_EQ(got.run_ns, 5u);
  EXPECT_EQ(got.task_window[3], 6u);
  EXPECT_EQ(got.heap_bytes[2], 7u);
  EXPECT_EQ(got.staged_early, 8u);
  EXPECT_EQ(got.sim_events, 9u);
  EXPECT_EQ(got.sim_digest, 10u);
  EXPECT_EQ(got.timing_slots[15].first_dispatch_ns, 9u);
  EXPECT_EQ(got.timing_slots[15].last_finish_ns, 10u);
  ASSERT_EQ(got.edges.size(), 1000u);
  EXPECT_EQ(got.edges[999].successor, PTO2TaskId::make(0, 9));
  EXPECT_EQ(got.edges[999].source, EdgeSource::kDerived);
  ASSERT_EQ(got.tasks.size(), 3u);
  EXPECT_EQ(got.tasks[2].kernel_ids[2], 2);
  EXPECT_EQ(got.tasks[2].named_dependencies, 6u);
  EXPECT_EQ(format_race_report(got.races), format_race_report(report.races));
  EXPECT_EQ(got.races.unlisted, 9u);
  ASSERT_EQ(got.races.races.size(), 2u);
  EXPECT_EQ(got.races.races[1].creator, PTO2TaskId::make(0, 5));
  EXPECT_EQ(got.races.races[1].first.places.size(), 2u);
  EXPECT_EQ(got.check.unlisted, 5u);
  ASSERT_EQ(got.check.faults.size(), 2u);
  EXPECT_EQ(format_check_report(got.check), format_check_report(report.check));
  EXPECT_EQ(got.check.faults[1].end, 2u);
  EXPECT_EQ(got.check.faults[1].bytes, 3u);
  bytes.resize(bytes.size() - 1);
  EXPECT_THROW(decode_report(bytes), Error);
}

TEST(Protocol, ErrorsKeepTheirWholeText) {
  const Error error(ErrorCode::kRunFailed, std::string(3 << 20, 'm'), std::string("hint\0with zero", 14), -5);
  std::vector<uint8_t> bytes;
  encode_error(bytes, error);
  const Error got = decode_error(bytes);
  EXPECT_EQ(got.code(), error.code());
  EXPECT_EQ(got.status(), -5);
  EXPECT_EQ(got.message(), error.message());
  EXPECT_EQ(got.hint(), error.hint());
}

TEST(Protocol, MalformedMessagesAreRefused) {
  std::vector<uint8_t> run;
  encode_run(run, 1, *std::make_unique<ChipStorageTaskArgs>(), {}, {});
  auto request = std::make_unique<RunRequest>();
  for (size_t size = 0; size < run.size(); ++size) EXPECT_THROW(decode_run(std::span(run).first(size), *request), Error) << size;
  run.push_back(0);
  EXPECT_THROW(decode_run(run, *request), Error);
  std::vector<uint8_t> absurd;
  PayloadWriter(absurd).put<uint32_t>(0).put<uint64_t>(UINT64_MAX);
  EXPECT_THROW(decode_run(absurd, *request), Error);
  PayloadWriter(absurd).put<uint32_t>(0).array(std::vector<uint8_t>(257 * sizeof(ChipTensor)).data(), 257 * sizeof(ChipTensor));
  EXPECT_THROW(decode_run(absurd, *request), Error);
}

TEST(Protocol, AnotherBuildIsRecognised) {
  std::vector<uint8_t> hello;
  encode_hello(hello);
  EXPECT_NO_THROW(check_hello(hello));
  hello[0] ^= 0x40;
  try {
    check_hello(hello);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceLost);
    EXPECT_NE(std::string(error.what()).find(fmt::format("version {}", kProtocolVersion ^ 0x40)), std::string::npos) << error.what();
  }
  EXPECT_THROW(check_hello({}), Error);
}

TEST(Channel, MessagesOfAnyLengthArriveInOrder) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  auto [left, right] = channels();
  std::thread sender([&, &out = left] {
    std::mt19937 random(seed);
    for (uint32_t i = 0; i < 300; ++i) {
      const size_t size = i % 50 == 0 ? 5'000'000 : random() % 40'000;
      const std::vector<uint8_t> payload(size, static_cast<uint8_t>(i));
      ASSERT_TRUE(out.send(MessageKind::kRun, std::span(payload).first(size / 3), std::span(payload).subspan(size / 3)));
    }
    out.shut_down();
  });
  std::mt19937 random(seed);
  for (uint32_t i = 0; i < 300; ++i) {
    const size_t size = i % 50 == 0 ? 5'000'000 : random() % 40'000;
    const auto message = right.receive();
    ASSERT_TRUE(message);
    ASSERT_EQ(message->payload.size(), size);
    ASSERT_TRUE(std::all_of(message->payload.begin(), message->payload.end(), [i](uint8_t b) { return b == static_cast<uint8_t>(i); }));
  }
  EXPECT_FALSE(right.receive());
  sender.join();
}

TEST(Channel, SendToAClosedPeerFailsWithoutASignal) {
  auto ends = channels();
  Channel left = std::move(ends.first);
  {
    const Channel right = std::move(ends.second);
  }
  EXPECT_FALSE(left.send(MessageKind::kDone, {}));
  EXPECT_FALSE(left.receive());
}

TEST(Channel, AMessageThatBreaksOffIsNoMessage) {
  auto [left, right] = channels();
  const uint64_t header[2] = {static_cast<uint64_t>(MessageKind::kDone), 100};
  ASSERT_EQ(::send(left.fd(), header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  left.shut_down();
  EXPECT_FALSE(right.receive());
}

}  // namespace
}  // namespace tilewright
