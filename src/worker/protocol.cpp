#include "worker/protocol.h"

#include <fmt/format.h>

#include <cstring>

namespace tilewright {
namespace {

/// A device program of another build may agree by chance on the version; it will not on these.
constexpr uint32_t kLayout[] = {sizeof(ChipTensor), sizeof(CallConfig), sizeof(RunOptions), sizeof(DependencyEdge), sizeof(TaskRecord)};

// Whoever adds a field to these structs comes here: encode, decode, kProtocolVersion and protocol_test know all of them.
static_assert(sizeof(RunOptions) == 72, "update encode_run and decode_run");
static_assert(offsetof(RunReport, races) + sizeof(RunReport::races) == sizeof(RunReport) && sizeof(RunReport) == 504,
              "update encode_report and decode_report");

void put_instruction(PayloadWriter& out, const CheckedInstruction& i) {
  out.text(i.name).text(i.pipe).text(i.core).text(i.operand).text(i.access).text(i.place);
}

CheckedInstruction get_instruction(PayloadReader& in) {
  CheckedInstruction i;
  for (std::string* text : {&i.name, &i.pipe, &i.core, &i.operand, &i.access, &i.place}) *text = in.text();
  return i;
}

void put_check(PayloadWriter& out, const CheckReport& report) {
  out.put(report.unlisted).put<uint64_t>(report.faults.size());
  for (const CheckFault& fault : report.faults) {
    out.text(fault.kind).text(fault.kernel).text(fault.problem);
    put_instruction(out, fault.first);
    put_instruction(out, fault.second);
    out.text(fault.memory).put(fault.begin).put(fault.end).put(fault.bytes).text(fault.remedy).put(fault.count);
  }
}

CheckReport get_check(PayloadReader& in) {
  CheckReport report;
  report.unlisted = in.get<uint64_t>();
  const auto count = in.get<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {  // a count that is too large ends with the message
    CheckFault fault;
    for (std::string* text : {&fault.kind, &fault.kernel, &fault.problem}) *text = in.text();
    fault.first = get_instruction(in);
    fault.second = get_instruction(in);
    fault.memory = in.text();
    for (uint64_t* number : {&fault.begin, &fault.end, &fault.bytes}) *number = in.get<uint64_t>();
    fault.remedy = in.text();
    fault.count = in.get<uint64_t>();
    report.faults.push_back(std::move(fault));
  }
  return report;
}

void put_race_access(PayloadWriter& out, const RaceAccess& access) {
  out.put(access.task).put(access.kernel_ids).text(access.access).put(access.argument).text(access.elements).text(access.submitted);
  out.put<uint64_t>(access.places.size());
  for (const std::string& place : access.places) out.text(place);
}

RaceAccess get_race_access(PayloadReader& in) {
  RaceAccess access;
  access.task = in.get<PTO2TaskId>();
  for (int32_t& id : access.kernel_ids) id = in.get<int32_t>();
  access.access = in.text();
  access.argument = in.get<int32_t>();
  access.elements = in.text();
  access.submitted = in.text();
  const auto places = in.get<uint64_t>();
  for (uint64_t i = 0; i < places; ++i) access.places.push_back(in.text());  // a count that is too large ends with the message
  return access;
}

void put_races(PayloadWriter& out, const RaceReport& report) {
  out.put(report.unlisted).put<uint64_t>(report.races.size());
  for (const Race& race : report.races) {
    put_race_access(out, race.first);
    put_race_access(out, race.second);
    out.put(race.tensor).put(race.creator).put(race.begin).put(race.end).put(race.bytes);
  }
}

RaceReport get_races(PayloadReader& in) {
  RaceReport report;
  report.unlisted = in.get<uint64_t>();
  const auto count = in.get<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    Race race;
    race.first = get_race_access(in);
    race.second = get_race_access(in);
    race.tensor = in.get<int32_t>();
    race.creator = in.get<PTO2TaskId>();
    for (uint64_t* number : {&race.begin, &race.end, &race.bytes}) *number = in.get<uint64_t>();
    report.races.push_back(std::move(race));
  }
  return report;
}

}  // namespace

PayloadWriter& PayloadWriter::raw(const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  out_.insert(out_.end(), from, from + size);
  return *this;
}

const uint8_t* PayloadReader::raw(size_t size) {
  if (size > rest_.size()) throw Error(ErrorCode::kInternal, "device protocol: a message is shorter than its fields");
  const uint8_t* const at = rest_.data();
  rest_ = rest_.subspan(size);
  return at;
}

std::span<const uint8_t> PayloadReader::items(size_t item_bytes) {
  const auto count = get<uint64_t>();
  if (count > rest_.size() / item_bytes) throw Error(ErrorCode::kInternal, "device protocol: a count exceeds its message");
  const size_t size = count * item_bytes;
  return {raw(size), size};
}

std::span<const uint8_t> PayloadReader::bytes() { return items(1); }

std::string PayloadReader::text() {
  const std::span<const uint8_t> content = bytes();
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

void PayloadReader::finish() const {
  if (!rest_.empty()) throw Error(ErrorCode::kInternal, "device protocol: a message is longer than its fields");
}

void encode_hello(std::vector<uint8_t>& out) { PayloadWriter(out).put(kProtocolVersion).put(kLayout); }

void check_hello(std::span<const uint8_t> payload) {
  std::vector<uint8_t> expected;
  encode_hello(expected);
  if (payload.size() == expected.size() && std::memcmp(payload.data(), expected.data(), expected.size()) == 0) return;
  uint32_t version = 0;
  if (payload.size() >= sizeof version) std::memcpy(&version, payload.data(), sizeof version);
  throw Error(
      ErrorCode::kDeviceLost,
      fmt::format("the device program is of another build: it speaks protocol version {}, this library {}", version, kProtocolVersion),
      "install library and tw-device together, and check TW_DEVICE_PROGRAM");
}

void encode_run(std::vector<uint8_t>& out, uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config,
                const RunOptions& options) {
  PayloadWriter(out)
      .put(slot)
      .array(args.tensor_data(), static_cast<size_t>(args.tensor_count()))
      .array(args.scalar_data(), static_cast<size_t>(args.scalar_count()))
      .put(config)
      .put(options.runtime)
      .put(options.host_threads)
      .put(options.aic_cores)
      .put(options.record_dependencies)
      .put(options.deadline_ms)
      .put(options.track_war)
      .put(options.check)
      .put(options.check_races)
      .put(options.sim_seed)
      .text(options.sim_log);
}

void decode_run(std::span<const uint8_t> payload, RunRequest& request) {
  PayloadReader in(payload);
  request.slot = in.get<uint32_t>();
  request.args.clear();
  const std::span<const uint8_t> tensors = in.items(sizeof(ChipTensor));
  const std::span<const uint8_t> scalars = in.items(sizeof(uint64_t));
  bool fits = true;
  for (size_t at = 0; at < tensors.size(); at += sizeof(ChipTensor)) {
    ChipTensor tensor;
    std::memcpy(&tensor, &tensors[at], sizeof tensor);
    fits = request.args.add_tensor(tensor) && fits;
  }
  for (size_t at = 0; at < scalars.size(); at += sizeof(uint64_t)) {
    uint64_t scalar = 0;
    std::memcpy(&scalar, &scalars[at], sizeof scalar);
    fits = request.args.add_scalar(scalar) && fits;
  }
  if (!fits) throw Error(ErrorCode::kInternal, "device protocol: more arguments than a callable can have");
  request.config = in.get<CallConfig>();
  request.options.runtime = in.get<RuntimeVariant>();
  request.options.host_threads = in.get<int32_t>();
  request.options.aic_cores = in.get<int32_t>();
  request.options.record_dependencies = in.get<uint8_t>() != 0;
  request.options.deadline_ms = in.get<uint64_t>();
  request.options.track_war = in.get<uint8_t>() != 0;
  request.options.check = in.get<uint8_t>() != 0;
  request.options.check_races = in.get<uint8_t>() != 0;
  request.options.sim_seed = in.get<uint64_t>();
  request.options.sim_log = in.text();
  in.finish();
}

void encode_report(std::vector<uint8_t>& out, const RunReport& report) {
  PayloadWriter writer(out);
  writer.put(report.task_count)
      .put(report.edge_count)
      .put(report.aic_cores_used)
      .put(report.aiv_cores_used)
      .put(report.run_ns)
      .put(report.task_window)
      .put(report.heap_bytes)
      .put(report.staged_early)
      .put(report.timing_slots)
      .put(report.sim_events)
      .put(report.sim_digest)
      .array(report.edges.data(), report.edges.size())
      .array(report.tasks.data(), report.tasks.size());
  put_check(writer, report.check);
  put_races(writer, report.races);
}

RunReport decode_report(std::span<const uint8_t> payload) {
  PayloadReader in(payload);
  const auto fill = [&in](auto& counts) {
    for (auto& count : counts) count = in.get<uint64_t>();
  };
  RunReport report;
  report.task_count = in.get<uint64_t>();
  fill(report.edge_count);
  report.aic_cores_used = in.get<uint32_t>();
  report.aiv_cores_used = in.get<uint32_t>();
  report.run_ns = in.get<uint64_t>();
  fill(report.task_window);
  fill(report.heap_bytes);
  report.staged_early = in.get<uint64_t>();
  for (TimingSlot& slot : report.timing_slots) slot = in.get<TimingSlot>();
  report.sim_events = in.get<uint64_t>();
  report.sim_digest = in.get<uint64_t>();
  report.edges = in.array<DependencyEdge>();
  report.tasks = in.array<TaskRecord>();
  report.check = get_check(in);
  report.races = get_races(in);
  in.finish();
  return report;
}

void encode_error(std::vector<uint8_t>& out, const Error& error) {
  PayloadWriter(out).put(static_cast<int32_t>(error.code())).put<int32_t>(error.status()).text(error.message()).text(error.hint());
}

Error decode_error(std::span<const uint8_t> payload) {
  PayloadReader in(payload);
  const auto code = static_cast<ErrorCode>(in.get<int32_t>());
  const auto status = in.get<int32_t>();
  std::string message = in.text();
  std::string hint = in.text();
  in.finish();
  return Error(code, std::move(message), std::move(hint), status);
}

}  // namespace tilewright
