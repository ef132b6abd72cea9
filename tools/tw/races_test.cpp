// 'tw run --check-races': planted faults in orchestrations, each found with both tasks named, and silence once they are mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

constexpr const char* kKernel = R"(
#include <pto/pto-inst.hpp>
#include "pipe_sync.h"
#include "tensor.h"
using namespace pto;
using Pitch = Stride<1, 1, 1, DYNAMIC, 1>;
using Global = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Pitch>;
static AICORE Global global_of(int64_t argument) {
  __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(argument);
  return Global(reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset, {}, Pitch(tensor->strides[0]));
}
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  Global from = global_of(args[0]), to = global_of(args[1]);
  Tile<TileType::Vec, float, 16, 16> tile;
  TASSIGN(tile, 0x0);
  TLOAD(tile, from);  // the load
  set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
  STORE(to, tile);  // the store
  pipe_sync();
}
)";

/// What the bodies are written in: 16x16 blocks of the callable's tensors x, y and z, f32[64, 64], and tasks that copy one to another.
constexpr const char* kPrelude = R"(#include "pto_orchestration_api.h"
#define TASK(kernel, from, to, direction, ...) \
  ([&] { CoreTaskArgs a_; a_.add_input(from); a_.direction(to); const PTO2TaskId deps_[] = {PTO2TaskId::invalid(), ##__VA_ARGS__}; \
         a_.set_dependencies(deps_ + 1, sizeof deps_ / sizeof *deps_ - 1); return rt_submit_aiv_task(kernel, a_); }().task_id())
#define COPY(from, to, ...) TASK(0, from, to, add_output, ##__VA_ARGS__)
#define ADD(from, to, ...) TASK(1, from, to, add_output, ##__VA_ARGS__)
static ChipTensor block(const ChipTensor& tensor, uint32_t row, uint32_t column) {
  const uint32_t shape[] = {16, 16}, at[] = {row, column};
  return tensor.view(shape, at);
}
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs& args) {
  const ChipTensor &x = args.tensor(0).ref(), &y = args.tensor(1).ref(), &z = args.tensor(2).ref();
  const ChipTensor x0 = block(x, 0, 0), y0 = block(y, 0, 0), z0 = block(z, 0, 0);
  (void)x0; (void)y0; (void)z0;
)";

int line_of(const std::string& text, const std::string& part) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(text.find(part)), '\n'));
}

class RaceCheck : public testing::Test {
 protected:
  RaceCheck() {
    const auto kernel = [&](const char* name, const std::string& store) {
      std::string text = kKernel;
      text.replace(text.find("STORE"), 5, store);
      write_file_atomically(directory_.path() / name, text);
    };
    kernel("copy.cpp", "TSTORE");
    kernel("add.cpp", "TSTORE<decltype(tile), Global, AtomicType::AtomicAdd>");
    write_file_atomically(directory_.path() / "callable.json",
                          R"({"name": "races", "orchestration": {"source": "orchestration.cpp", "signature": ["INOUT", "INOUT", "INOUT"]},
        "incores": [{"func_id": 0, "source": "copy.cpp", "core_type": "aiv", "signature": ["IN", "OUT"], "name": "copy"},
                    {"func_id": 1, "source": "add.cpp", "core_type": "aiv", "signature": ["IN", "INOUT"], "name": "add"}],
        "arguments": ["x", "y", "z"]})");
  }

  ProcessResult run(const std::string& body, const std::string& more = "--check-races") {
    orchestration_ = kPrelude + body + "\n}\n";
    write_file_atomically(directory_.path() / "orchestration.cpp", orchestration_);
    return run_process({"sh", "-c",
                        "export TW_CACHE_DIR='" TW_TEST_CACHE "'; '" TW_PROGRAM "' run " + (directory_.path() / "callable.json").string() +
                            " --arg x=f32[64,64]=randn:1 --arg y=f32[64,64] --arg z=f32[64,64] " + more});
  }
  Json races(const std::string& body, const std::string& more = "") {
    const ProcessResult result = run(body, "--check-races --json " + more);
    const Json json = Json::parse(result.output, nullptr, false);
    if (json.is_discarded() || !json.contains("races")) {
      ADD_FAILURE() << result.output;
      return Json::array();
    }
    EXPECT_EQ(result.exit_code, json["races"]["pairs"].empty() ? 0 : 1);
    EXPECT_EQ(json["passed"], json["races"]["pairs"].empty());
    return json["races"]["pairs"];
  }
  /// "orchestration.cpp:N" of the line with `part`.
  std::string submitted(const std::string& part) const { return "orchestration.cpp:" + std::to_string(line_of(orchestration_, part)); }

  void expect_silence(const std::string& body, const std::string& more = "--check-races") {
    const ProcessResult result = run(body, more);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("races: none\n"));
  }

  TemporaryDirectory directory_;
  std::string orchestration_;
};

TEST_F(RaceCheck, AMissingDependencyInAManualScope) {
  const std::string body = R"(  PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
    const PTO2TaskId first = COPY(x0, y0);  // first
    (void)first;
    COPY(y0, z0 DEPENDENCY);  // second
  })";
  const auto with = [&](const std::string& dependency) {
    std::string text = body;
    return text.replace(text.find(" DEPENDENCY"), 11, dependency);
  };
  const ProcessResult result = run(with(""));
  const std::string store = "copy.cpp:" + std::to_string(line_of(kKernel, "// the store"));
  const std::string load = "copy.cpp:" + std::to_string(line_of(kKernel, "// the load"));
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("races: 1\n[1] nothing orders two tasks that access y, bytes 0x0 to 0x3f, 1024 bytes in all\n"));
  EXPECT_THAT(result.output, HasSubstr("    r1t0 copy: writes argument 1, elements [0, 0] to [15, 15], at " + store + "; submitted at " +
                                       submitted("// first") + "\n"));
  EXPECT_THAT(result.output, HasSubstr("    r1t1 copy: reads argument 0, elements [0, 0] to [15, 15], at " + load + "; submitted at " +
                                       submitted("// second") + "\n"));
  const Json json = races(with(""));
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["first"]["task"], "r1t0");
  EXPECT_EQ(json[0]["second"]["task"], "r1t1");
  EXPECT_EQ(json[0]["first"]["places"], Json::array({store}));
  EXPECT_EQ(json[0]["bytes"]["memory"], "y");
  EXPECT_EQ(json[0]["bytes"]["count"], 1024);
  expect_silence(with(", first"));
}

TEST_F(RaceCheck, AnInputThatTheKernelWrites) {
  const Json found = races("  TASK(0, x0, y0, add_input);\n  COPY(y0, z0);");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["access"], "writes");
  EXPECT_EQ(found[0]["first"]["argument"], 1);
  EXPECT_EQ(found[0]["second"]["access"], "reads");
  expect_silence("  COPY(x0, y0);\n  COPY(y0, z0);");
}

TEST_F(RaceCheck, AWriterAfterAReaderUnlessWarIsTracked) {
  const std::string body = "  COPY(y0, z0);\n  COPY(x0, y0);";
  const Json found = races(body);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["access"], "reads");
  EXPECT_EQ(found[0]["second"]["access"], "writes");
  expect_silence(body, "--check-races --track-war");
}

TEST_F(RaceCheck, NoDepThatHidesADependency) {
  const std::string writer = "  COPY(x0, y0);\n";
  const Json found = races(writer + "  ([&] { CoreTaskArgs a; a.add_no_dep(y0); a.add_output(z0); rt_submit_aiv_task(0, a); }());");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["task"], "r0t0");
  EXPECT_EQ(found[0]["second"]["task"], "r0t1");
  expect_silence(writer + "  ([&] { CoreTaskArgs a; a.add_input(y0); a.add_output(z0); rt_submit_aiv_task(0, a); }());");
}

TEST_F(RaceCheck, SlicesThatShareNoByteAreSilentAndThoseThatDoAreNot) {
  expect_silence(R"(  PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
    const ChipTensor right = block(y, 0, 16), below = block(y, 16, 0);
    COPY(x0, y0); COPY(x0, right); COPY(x0, below);
    const ChipTensor rows = block(z, 0, 0).slice(0, 0, 16, 1), even = z.slice(0, 0, 32, 2).slice(1, 0, 16), odd = z.slice(0, 1, 32, 2).slice(1, 0, 16);
    (void)rows; COPY(x0, even); COPY(x0, odd);
  })");
  const Json found = races(R"(  PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
    const ChipTensor shifted = block(y, 2, 8), even = z.slice(0, 0, 32, 2).slice(1, 0, 16);
    COPY(x0, y0); COPY(x0, shifted);
    COPY(x0, z0); COPY(x0, even);
  })");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]["bytes"]["count"], 14 * 8 * 4);
  EXPECT_EQ(found[0]["first"]["elements"], "[2, 8] to [15, 15]");
  EXPECT_EQ(found[0]["second"]["elements"], "[0, 0] to [13, 7]");
  EXPECT_EQ(found[1]["bytes"]["count"], 8 * 16 * 4) << "every second row";
  EXPECT_EQ(found[1]["bytes"]["memory"], "z");
  EXPECT_EQ(found[1]["second"]["elements"], "[0, 0] to [7, 15]");
}

TEST_F(RaceCheck, AtomicAdditionsDoNotConflictWithEachOther) {
  expect_silence("  PTO2_SCOPE(PTO2ScopeMode::MANUAL) { ADD(x0, y0); ADD(x0, y0); }");
  const Json found = races("  PTO2_SCOPE(PTO2ScopeMode::MANUAL) { ADD(x0, y0); COPY(x0, y0); }");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["access"], "adds to");
  EXPECT_EQ(found[0]["first"]["kernels"], "add");
}

TEST_F(RaceCheck, TheOrchestrationsOwnAccessesWaitAndOrder) {
  const std::string access = "  const uint32_t at[] = {0, 0};\n";
  expect_silence(access +
                 "  COPY(x0, y0);\n  const float v = get_tensor_data<float>(y, 2, at);\n  set_tensor_data<float>(x, 2, at, v);\n"
                 "  COPY(x0, y0);");
  const Json found = races(access + R"(  PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
    COPY(x0, y0);
    get_tensor_data<float>(y, 2, at);  // the read
  })");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["task"], "r1t0");
  EXPECT_EQ(found[0]["second"]["task"], nullptr);
  EXPECT_EQ(found[0]["second"]["submitted"], submitted("// the read"));
  EXPECT_EQ(found[0]["bytes"]["count"], 4);
}

TEST_F(RaceCheck, MemoryThatTheRuntimeGivesAgainIsNoRace) {
  expect_silence(R"(  const uint32_t shape[] = {16, 16};
  const TensorCreateInfo temporary(shape, 2);
  for (int i = 0; i < 64; ++i) {
    PTO2_SCOPE() {
      CoreTaskArgs a;
      a.add_input(x0);
      a.add_output(temporary);
      const TaskOutputTensors made = rt_submit_aiv_task(0, a);
      if (rt_is_fatal()) return;
      const ChipTensor to = block(y, 16 * (i % 4), 16 * (i / 4 % 4));
      CoreTaskArgs b;
      b.add_input(made.get_ref(0));
      b.add_inout(to);
      rt_submit_aiv_task(0, b);
    }
  })",
                 "--check-races --config ring_heap=4096 --config ring_task_window=16");
}

// The first task writes memory that the second is given later, as another tensor. That orders nothing: the second might have got other memory.
TEST_F(RaceCheck, WhatWasDoneToEarlierContentsOfMemoryHidesNoRace) {
  const std::string body = R"(  const uint32_t shape[] = {16, 16};
  const TensorCreateInfo temporary(shape, 2);
  PTO2TaskId before = PTO2TaskId::invalid();
  for (int i = 0; i < 2; ++i) {
    PTO2_SCOPE() {
      const TaskOutputTensors made = alloc_tensors(temporary);
      const ChipTensor &memory = made.get_ref(0);
      if (i == 0) {
        CoreTaskArgs first;  // writes y too, which it does not say
        first.add_no_dep(x0, y0);
        first.add_output(memory);
        before = rt_submit_aiv_task(0, first).task_id();
      } else {
        CoreTaskArgs second;
        second.add_no_dep(y0, z0);
        second.add_input(memory);
        DEPENDENCY
        rt_submit_aiv_task(0, second);
      }
    }
  })";
  const auto with = [&](const std::string& dependency) {
    std::string text = body;
    return text.replace(text.find("DEPENDENCY"), 10, dependency);
  };
  const Json found = races(with(""), "--config ring_heap=1024");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["bytes"]["memory"], "y");
  const ProcessResult deps = run(with(""), "--deps --json --config ring_heap=1024");
  const Json edges = Json::parse(deps.output)["dependencies"];
  ASSERT_EQ(edges.size(), 2u) << deps.output;
  for (const Json& edge : edges) EXPECT_EQ(edge["source"], "creator");
  expect_silence(with("second.set_dependencies(&before, 1);"), "--check-races --config ring_heap=1024");
}

TEST_F(RaceCheck, TheSameIsFoundUnderEverySchedule) {
  const std::string body = R"(  PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
    const PTO2TaskId a = COPY(x0, y0);
    COPY(y0, z0, a);
    const ChipTensor low = block(y, 8, 4);
    COPY(low, x0); ADD(x0, y0); ADD(x0, y0, a);
  })";
  const Json first = races(body);
  EXPECT_GE(first.size(), 4u);
  for (int seed = 1; seed <= 6; ++seed) EXPECT_EQ(races(body, "--sim-seed " + std::to_string(seed)), first) << seed;
}

TEST_F(RaceCheck, ExploringLooksUnderTheFirstSeedOnly) {
  const std::string body = "  COPY(y0, z0);\n  COPY(x0, y0);";
  const ProcessResult text = run(body, "--check-races --explore 4 --sim-seed 7");
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.output, HasSubstr("seed 7 fails, the first of 1 tried from 7 on: see below\nraces: 1\n"));
  EXPECT_THAT(text.output, HasSubstr("r0t1 copy: writes argument 1"));
  const Json json = Json::parse(run(body, "--check-races --explore 4 --json").output);
  EXPECT_EQ(json["failure"]["kind"], "findings");
  EXPECT_EQ(json["failure"]["races"]["pairs"].size(), 1u);
  const std::string replay = json["failure"]["replay"];
  EXPECT_THAT(replay, HasSubstr("--check-races"));
  EXPECT_THAT(run_process({"sh", "-c", "TW_CACHE_DIR='" TW_TEST_CACHE "' " + replay}).output, HasSubstr("races: 1\n"));

  const ProcessResult silent = run("  COPY(x0, y0);\n  COPY(y0, z0);", "--check-races --explore 4");
  EXPECT_EQ(silent.exit_code, 0);
  EXPECT_THAT(silent.output, HasSubstr("none fails\nraces: none under the first seed, nor under another"));
}

TEST_F(RaceCheck, TheOtherRuntimeVariantsAreLookedAtToo) {
  EXPECT_EQ(races("  COPY(y0, z0);\n  COPY(x0, y0);", "--runtime host_build_graph").size(), 1u);
  const std::string pair = "  const PTO2TaskId b = COPY(y0, z0), a = COPY(x0, y0);\n  (void)a; (void)b;\n";
  EXPECT_EQ(races("  PTO2_SCOPE() {\n" + pair + "  }", "--runtime aicpu_build_graph").size(), 1u);
  expect_silence("  PTO2_SCOPE() {\n" + pair + "  rt_add_dependency(a, b);\n  }", "--check-races --runtime aicpu_build_graph");
}

TEST_F(RaceCheck, IsOffUnlessAskedForAndRunsByTheEnvironmentToo) {
  const std::string body = "  COPY(y0, z0);\n  COPY(x0, y0);";
  const ProcessResult off = run(body, "--json");
  EXPECT_EQ(off.exit_code, 0) << off.output;
  EXPECT_FALSE(Json::parse(off.output).contains("races"));
  setenv("TW_CHECK_RACES", "1", 1);
  const ProcessResult on = run(body, "");
  setenv("TW_CHECK_RACES", "maybe", 1);
  const ProcessResult misspelt = run(body, "");
  unsetenv("TW_CHECK_RACES");
  EXPECT_EQ(on.exit_code, 1);
  EXPECT_THAT(on.output, HasSubstr("r0t1 func_id 0: writes argument 1"));
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_THAT(misspelt.output, HasSubstr("TW_CHECK_RACES='maybe' is neither 0 nor 1"));
  const ProcessResult threads = run(body, "--check-races --config host_threads=2");
  EXPECT_EQ(threads.exit_code, 2);
  EXPECT_THAT(threads.output, HasSubstr("check_races simulates on one thread"));
}

TEST_F(RaceCheck, ThePredicateReadsItsElement) {
  const std::string body = R"(  const uint32_t one[] = {1};
  const ChipTensor flag = make_tensor_external(reinterpret_cast<void *>(x.buffer.addr), one, 1, DataType::INT32);
  CoreTaskPredicate predicate;
  predicate.operand = {&flag, 1, {0}};
  predicate.op = PredicateOp::NE;
  predicate.target = 12345;
  COPY(y0, x0);  // writes what the predicate reads
  CoreTaskArgs guarded;
  guarded.add_input(y0);
  guarded.add_output(z0);
  guarded.set_predicate(predicate);
  DEPENDENCY
  rt_submit_aiv_task(0, guarded);  // predicated)";
  const auto with = [&](const std::string& dependency) {
    std::string text = body;
    return text.replace(text.find("DEPENDENCY"), 10, dependency);
  };
  const Json found = races(with(""));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["first"]["access"], "writes");
  EXPECT_EQ(found[0]["second"]["access"], "reads");
  EXPECT_EQ(found[0]["second"]["places"], Json::array({"its predicate"}));
  EXPECT_EQ(found[0]["second"]["submitted"], submitted("// predicated"));
  EXPECT_EQ(found[0]["bytes"]["memory"], "x");
  EXPECT_EQ(found[0]["bytes"]["count"], 4);
  expect_silence(with("guarded.add_input(x0);"));
}

TEST_F(RaceCheck, GoesTogetherWithTheCheckOfKernels) {
  const ProcessResult result = run("  COPY(y0, z0);\n  COPY(x0, y0);", "--check-races --check --deps");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("check: no faults\nraces: 1\n"));
}

}  // namespace
}  // namespace tilewright
