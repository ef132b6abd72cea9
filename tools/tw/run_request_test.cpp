#include "run_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr RuntimeVariant kRuntime = RuntimeVariant::kTensormapAndRingbuffer;

const CallableArguments kAxpy{{"x", "n", "y"}, {ArgDirection::IN, ArgDirection::SCALAR, ArgDirection::INOUT}};

RunWords axpy_words() {
  RunWords words;
  words.tensors = {"y=f32[4]=arange", "x=f32[4]=full:2"};
  words.scalars = {"n=i32:4"};
  return words;
}

std::string failure_of(const RunWords& words, ErrorCode expected, const CallableArguments& callable = kAxpy) {
  try {
    prepare_run(words, callable, kRuntime);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(RunRequest, ArgumentsFollowTheCallablesOrderAndDirections) {
  const RunRequest request = prepare_run(axpy_words(), kAxpy, kRuntime);
  ASSERT_EQ(request.tensors.size(), 2u);
  EXPECT_EQ(request.tensors[0].name, "x");
  EXPECT_EQ(request.tensors[0].direction, ArgDirection::IN);
  EXPECT_EQ(request.tensors[1].name, "y");
  EXPECT_EQ(request.tensors[1].direction, ArgDirection::INOUT);
  EXPECT_THAT(request.tensors[1].tensor.elements<float>(), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(request.scalars[0].value.bits, 4u);
}

TEST(RunRequest, WithoutNamesTheOrderTypedCounts) {
  RunWords words = axpy_words();
  words.scalars = {"b=i32:1", "a=i32:2"};
  const RunRequest request = prepare_run(words, {}, kRuntime);
  EXPECT_EQ(request.tensors[0].name, "y");
  EXPECT_EQ(request.tensors[0].direction, ArgDirection::INOUT) << "not said, so both ways";
  EXPECT_EQ(request.scalars[0].name, "b");
  EXPECT_EQ(request.scalars[1].name, "a");
}

TEST(RunRequest, ASignatureWithoutNamesGivesDirections) {
  const RunRequest request = prepare_run(axpy_words(), {{}, {ArgDirection::OUT, ArgDirection::IN}}, kRuntime);
  EXPECT_EQ(request.tensors[0].direction, ArgDirection::OUT);
}

TEST(RunRequest, UnknownAndMissingArgumentsAreNamed) {
  RunWords unknown = axpy_words();
  unknown.tensors.push_back("z=f32[1]");
  EXPECT_THAT(failure_of(unknown, ErrorCode::kSignatureMismatch),
              HasSubstr("no argument 'z'\n  hint: the callable's arguments are x, n, y"));
  RunWords missing = axpy_words();
  missing.scalars.clear();
  EXPECT_THAT(failure_of(missing, ErrorCode::kSignatureMismatch), HasSubstr("no value for n"));
}

TEST(RunRequest, TooManyOrTooFewTensorsAreNamed) {
  const CallableArguments one{{}, {ArgDirection::IN}};
  EXPECT_THAT(failure_of(axpy_words(), ErrorCode::kSignatureMismatch, one), HasSubstr("has 1 tensors; 'x' (argument 1) is one too many"));
  const CallableArguments three{{}, std::vector<ArgDirection>(3, ArgDirection::IN)};
  EXPECT_THAT(failure_of(axpy_words(), ErrorCode::kSignatureMismatch, three), HasSubstr("has 3 tensors, but 2 are given"));
}

TEST(RunRequest, MoreThanACallableTakesIsRefused) {
  RunWords words;
  for (int i = 0; i < 257; ++i) words.tensors.push_back("t" + std::to_string(i) + "=u8[1]");
  EXPECT_THAT(failure_of(words, ErrorCode::kLimitExceeded, {}), HasSubstr("at most 256"));
}

TEST(RunRequest, MalformedWordsAreQuoted) {
  RunWords words = axpy_words();
  words.tensors[0] = "f32[4]";
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--arg 'f32[4]' has no name"));
  words.tensors[0] = "=f32[4]";
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("has no name"));
  words.tensors[0] = "y=f99[4]";
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--arg y: unknown data type 'f99'"));
  words.tensors[0] = "y=@/no/such.npy";
  EXPECT_THAT(failure_of(words, ErrorCode::kFileNotFound), HasSubstr("--arg y: "));
  for (const char* empty : {"y=f32[]", "y=f32[4,0]"}) {
    words.tensors[0] = empty;
    EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("cannot be passed to a callable"));
  }
  words.tensors[0] = "x=f32[4]";
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--arg x: the name is used twice"));
  words = axpy_words();
  words.scalars = {"y=i32:4"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--scalar y: the name is used twice"));
  words.scalars = {"n=i32:x"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--scalar n: "));
}

TEST(RunRequest, RoundsDevicesAndRuntimesAreChecked) {
  RunWords words = axpy_words();
  words.rounds = 0;
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--rounds 0"));
  words = axpy_words();
  words.device = -1;
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--device -1"));
  words = axpy_words();
  words.runtime = "fastest";
  EXPECT_THAT(failure_of(words, ErrorCode::kUnknownRuntime), HasSubstr("host_build_graph"));
  words.runtime = "host_build_graph";
  EXPECT_EQ(prepare_run(words, kAxpy, kRuntime).options.runtime, RuntimeVariant::kHostBuildGraph);
}

TEST(RunRequest, DependenciesAreRecordedWhenListed) {
  RunWords words = axpy_words();
  EXPECT_FALSE(prepare_run(words, kAxpy, kRuntime).options.record_dependencies);
  words.list_dependencies = true;
  EXPECT_TRUE(prepare_run(words, kAxpy, kRuntime).options.record_dependencies);
}

TEST(RunRequest, TrackWarIsPassedOn) {
  RunWords words = axpy_words();
  EXPECT_EQ(prepare_run(words, kAxpy, kRuntime).options.deadline_ms, 0u) << "the default";
  words.deadline = "0.5";
  EXPECT_EQ(prepare_run(words, kAxpy, kRuntime).options.deadline_ms, 500u);
  words.deadline = "none";
  EXPECT_EQ(prepare_run(words, kAxpy, kRuntime).options.deadline_ms, kNoDeadline);
  words.deadline = "soon";
  EXPECT_THROW(prepare_run(words, kAxpy, kRuntime), Error);
  words.deadline.clear();
  EXPECT_FALSE(prepare_run(words, kAxpy, kRuntime).options.track_war);
  words.track_war = true;
  EXPECT_TRUE(prepare_run(words, kAxpy, kRuntime).options.track_war);
}

TEST(RunRequest, OutputsAreCheckedBeforeTheRun) {
  TemporaryDirectory directory;
  const std::string root = directory.path().string();
  RunWords words = axpy_words();
  words.outputs = {"y=" + root + "/y.npy"};
  EXPECT_EQ(prepare_run(words, kAxpy, kRuntime).tensors[1].output, root + "/y.npy");
  words.outputs = {"y=" + root + "/none/y.npy"};
  EXPECT_THAT(failure_of(words, ErrorCode::kFileNotFound), HasSubstr(root + "/none"));
  words.outputs = {"y=" + root};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("is a directory"));
  words.outputs = {"y="};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("no file name"));
  words.outputs = {"z=z.npy"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--output z: no tensor has that name"));
  words.outputs = {"x=x.npy"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("--output x: the callable only reads it"));
  words.outputs = {"x=" + root + "/same.npy", "y=" + root + "/./same.npy"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument, {}), HasSubstr("the file of another output"));
}

TEST(RunRequest, GoldensAreReadAndCheckedBeforeTheRun) {
  TemporaryDirectory directory;
  const std::string file = (directory.path() / "y.npy").string();
  RunWords words = axpy_words();
  words.goldens = {"y=" + file};
  EXPECT_THAT(failure_of(words, ErrorCode::kFileNotFound), HasSubstr("--golden y: "));
  write_npy(file, make_tensor(parse_tensor_spec("f32[4]=full:3")));
  words.absolute_tolerance = 0.5;
  const RunRequest request = prepare_run(words, kAxpy, kRuntime);
  EXPECT_EQ(request.tensors[1].comparison.tolerance.absolute, 0.5);
  EXPECT_EQ(request.tensors[1].comparison.tolerance.relative, 1e-5) << "the default of f32";
  EXPECT_EQ(request.tensors[1].golden->elements<float>()[0], 3.0f);
  write_npy(file, make_tensor(parse_tensor_spec("f32[2,2]")));
  EXPECT_THAT(failure_of(words, ErrorCode::kSignatureMismatch), HasSubstr("holds f32[2,2], but the argument is f32[4]"));
  write_npy(file, make_tensor(parse_tensor_spec("i32[4]")));
  EXPECT_THAT(failure_of(words, ErrorCode::kSignatureMismatch), HasSubstr("holds i32"));
  write_npy(file, make_tensor(parse_tensor_spec("f32[4]")));
  words.absolute_tolerance = -1;
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("tolerance of -1"));
  words.absolute_tolerance.reset();
  words.nan = "sometimes";
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("unknown NaN rule"));
}

TEST(RunRequest, TolerancesWithoutGoldenAreRefused) {
  RunWords words = axpy_words();
  words.relative_tolerance = 0.1;
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("there is no --golden"));
}

TEST(RunSettings, RingsTakeOneNumberOrFour) {
  RunWords words = axpy_words();
  words.settings = {"ring_task_window=64", "ring_heap=1024,2048,4096,0", "aicpu_thread_num=3", "host_threads=1", "aic_cores=2"};
  const RunRequest request = prepare_run(words, kAxpy, kRuntime);
  EXPECT_THAT(request.config.runtime_env.ring_task_window, ElementsAre(64, 64, 64, 64));
  EXPECT_THAT(request.config.runtime_env.ring_heap, ElementsAre(1024, 2048, 4096, 0));
  EXPECT_EQ(request.config.aicpu_thread_num, 3);
  EXPECT_EQ(request.options.host_threads, 1);
  EXPECT_EQ(request.options.aic_cores, 2);
}

TEST(RunSettings, BadSettingsAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"ring_heap", "has no '='"},
      {"speed=9", "unknown key 'speed'"},
      {"ring_heap=x", "'x' is no number"},
      {"ring_heap=-1", "'-1' is no number"},
      {"ring_heap=", "'' is no number"},
      {"ring_heap=1024,1024", "neither one number nor four"},
      {"ring_heap=1024,1024,1024,1024,1024", "neither one number nor four"},
      {"ring_heap=1024,,1024,1024", "'' is no number"},
      {"ring_task_window=5", "runtime_env.ring_task_window[0] = 5"},
      {"aic_cores=3000000000", "is no number"},
  };
  for (const auto& [setting, reason] : cases) {
    RunWords words = axpy_words();
    words.settings = {setting};
    EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr(reason));
  }
  RunWords words = axpy_words();
  words.settings = {"aic_cores=1", "aic_cores=2"};
  EXPECT_THAT(failure_of(words, ErrorCode::kInvalidArgument), HasSubstr("given twice"));
  words.settings = {"enable_pmu=1"};
  EXPECT_THAT(failure_of(words, ErrorCode::kUnsupported), HasSubstr("not built yet"));
}

}  // namespace
}  // namespace tilewright
