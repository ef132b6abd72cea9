#include "toolchain/callable_spec.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/file.h"

namespace tilewright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kComplete = R"({
  "name": "vector_add",
  "runtime": "host_build_graph",
  "orchestration": {"source": "orch/add.cpp", "function_name": "entry", "config_name": "config",
                    "signature": ["IN", "INOUT", "OUT", "SCALAR"], "name": "adder"},
  "incores": [
    {"func_id": 3, "source": "../k/add.cpp", "core_type": "aiv", "signature": ["IN", "OUT"], "name": "add",
     "extra_include_dirs": ["$SDK/include", "common"]},
    {"func_id": 0, "source": "/abs/mul.cpp", "core_type": "aic"}],
  "arguments": ["a", "b", "c", "n"]
})";

void expect_error(const std::string& text, ErrorCode code, const std::string& message) {
  try {
    parse_callable_spec(text, "/base", "x/callable.json");
    FAIL() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_THAT(error.what(), HasSubstr("x/callable.json"));
  }
}

/// A good document whose only kernel is `incore` and which holds `more` at the top.
std::string document(const std::string& incore, const std::string& more = "") {
  return fmt::format(R"({{"name": "n", "orchestration": {{"source": "o.cpp"}}, "incores": [{}]{}}})", incore, more);
}

TEST(CallableSpecFile, HoldsEverything) {
  const CallableSpec spec = parse_callable_spec(kComplete, "/base/dir", "f");
  EXPECT_EQ(spec.name, "vector_add");
  EXPECT_EQ(spec.runtime, RuntimeVariant::kHostBuildGraph);
  EXPECT_EQ(spec.orchestration.source, "/base/dir/orch/add.cpp");
  EXPECT_EQ(spec.orchestration.function_name, "entry");
  EXPECT_EQ(spec.orchestration.config_name, "config");
  EXPECT_EQ(spec.orchestration.name, "adder");
  EXPECT_THAT(spec.orchestration.signature, ElementsAre(ArgDirection::IN, ArgDirection::INOUT, ArgDirection::OUT, ArgDirection::SCALAR));
  ASSERT_EQ(spec.incores.size(), 2u);
  EXPECT_EQ(spec.incores[0].func_id, 3);
  EXPECT_EQ(spec.incores[0].source, "/base/k/add.cpp");
  EXPECT_EQ(spec.incores[0].core_type, CoreType::AIV);
  EXPECT_THAT(spec.incores[0].extra_include_dirs, ElementsAre("$SDK/include", "common"));
  EXPECT_EQ(spec.incores[1].source, "/abs/mul.cpp");
  EXPECT_EQ(spec.incores[1].core_type, CoreType::AIC);
  EXPECT_THAT(spec.arguments, ElementsAre("a", "b", "c", "n"));
}

TEST(CallableSpecFile, HasDefaults) {
  const CallableSpec spec = parse_callable_spec(R"({"name": "n", "orchestration": {"source": "o.cpp"}, "incores": []})", "/b");
  EXPECT_EQ(spec.runtime, RuntimeVariant::kTensormapAndRingbuffer);
  EXPECT_EQ(spec.orchestration.function_name, "aicpu_orchestration_entry");
  EXPECT_EQ(spec.orchestration.config_name, "");
  EXPECT_TRUE(spec.incores.empty());
}

TEST(CallableSpecFile, RoundTripsThroughFormat) {
  const CallableSpec spec = parse_callable_spec(kComplete, "/base/dir");
  const std::string text = format_callable_spec(spec);
  EXPECT_THAT(text, HasSubstr("\"orch/add.cpp\""));     // below the base directory
  EXPECT_THAT(text, HasSubstr("\"/base/k/add.cpp\""));  // beside it
  const CallableSpec again = parse_callable_spec(text, "/base/dir");
  EXPECT_EQ(format_callable_spec(again), text);
  EXPECT_EQ(again.incores[0].extra_include_dirs, spec.incores[0].extra_include_dirs);
  EXPECT_EQ(again.arguments, spec.arguments);
}

TEST(CallableSpecFile, AsksForTrackedReaders) {
  constexpr const char* kSpec = R"({"name": "n", "track_war": %s, "orchestration": {"source": "o.cpp"}, "incores": []})";
  const auto with = [&](const std::string& value) { return std::string(kSpec).replace(std::string(kSpec).find("%s"), 2, value); };
  EXPECT_FALSE(parse_callable_spec(with("false"), "/b").track_war);
  const CallableSpec spec = parse_callable_spec(with("true"), "/b");
  EXPECT_TRUE(spec.track_war);
  EXPECT_TRUE(parse_callable_spec(format_callable_spec(spec), "/b").track_war);
  expect_error(with("1"), ErrorCode::kInvalidArgument, "track_war: must be true or false, is 1");
}

TEST(CallableSpecFile, ResolvesSourcesAgainstItsOwnDirectory) {
  const TemporaryDirectory directory;
  write_file_atomically(directory.path() / "callable.json", document(R"({"func_id": 0, "source": "k.cpp", "core_type": "aiv"})"));
  const CallableSpec spec = load_callable_spec(directory.path() / "callable.json");
  EXPECT_EQ(spec.orchestration.source, directory.path() / "o.cpp");
  EXPECT_EQ(spec.incores[0].source, directory.path() / "k.cpp");
}

TEST(CallableSpecFile, MissingFileIsNamed) {
  try {
    load_callable_spec("/nowhere/callable.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFileNotFound);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/callable.json"));
  }
}

TEST(CallableSpecFile, RefusesWhatIsNotJson) {
  expect_error("{\n  \"name\": \"n\",\n  oops\n}", ErrorCode::kParseError, "line 3");
  expect_error("", ErrorCode::kParseError, "line 1");
  expect_error("{\"name\": \"\xff\"}", ErrorCode::kParseError, "UTF-8");
}

TEST(CallableSpecFile, NamesThePlaceOfWhatItRefuses) {
  const auto kInvalid = ErrorCode::kInvalidArgument;
  expect_error("[]", kInvalid, "the document: must be an object, is an array");
  expect_error("{}", kInvalid, "key 'name' is missing");
  expect_error(R"({"name": 3})", kInvalid, "name: must be a string, is 3");
  expect_error(R"({"name": "n", "orchestration": "o.cpp"})", kInvalid, "orchestration: must be an object, is \"o.cpp\"");
  expect_error(R"({"name": "n", "orchestration": {}})", kInvalid, "orchestration: key 'source' is missing");
  expect_error(R"({"name": "n", "orchestration": {"source": ""}})", kInvalid, "orchestration.source: must not be empty");
  expect_error(R"({"name": "n", "orchestration": {"source": "a\u0000b"}})", kInvalid, "orchestration.source: must not hold a NUL");
  expect_error(R"({"name": "n", "orchestration": {"source": "o.cpp", "sauce": 1}})", kInvalid,
               "orchestration: unknown key 'sauce'; allowed: source, function_name, signature, config_name, name");
  expect_error(R"({"name": "n", "orchestration": {"source": "o.cpp"}, "incores": {}})", kInvalid,
               "incores: must be an array, is an object");
  expect_error(document("7"), kInvalid, "incores[0]: must be an object, is 7");
  expect_error(document(R"({"func_id": 0, "source": "k.cpp", "core_type": "aiv", "extra": 1})"), kInvalid,
               "incores[0]: unknown key 'extra'; allowed: func_id, source, core_type, signature, name, extra_include_dirs");
  expect_error(document(R"({"func_id": 0, "source": "k.cpp", "core_type": "AIV"})"), kInvalid,
               "incores[0].core_type: 'AIV' is no core type; allowed: aic, aiv");
  expect_error(document(R"({"func_id": 1.0, "source": "k.cpp", "core_type": "aiv"})"), kInvalid,
               "incores[0].func_id: must be an integer, is 1.0");
  expect_error(document(R"({"func_id": "1", "source": "k.cpp", "core_type": "aiv"})"), kInvalid, "must be an integer, is \"1\"");
  expect_error(document(R"({"func_id": 1024, "source": "k.cpp", "core_type": "aiv"})"), kInvalid, "func_id 1024 is outside 0..1023");
  expect_error(document(R"({"func_id": -1, "source": "k.cpp", "core_type": "aiv"})"), kInvalid, "func_id -1 is outside");
  expect_error(document(R"({"func_id": 18446744073709551615, "source": "k.cpp", "core_type": "aiv"})"), kInvalid, "too large");
  expect_error(document(R"({"func_id": 4, "source": "a.cpp", "core_type": "aiv"}, {"func_id": 4, "source": "b.cpp", "core_type": "aic"})"),
               kInvalid, "incores[1].func_id: 4 is already that of incores[0]");
  expect_error(document(R"({"func_id": 0, "source": "k.cpp", "core_type": "aiv", "signature": ["IN", "in"]})"), kInvalid,
               "incores[0].signature[1]: 'in' is no direction; allowed: IN, OUT, INOUT, SCALAR");
  expect_error(document(R"({"func_id": 0, "func_id": 1, "source": "k.cpp", "core_type": "aiv"})"), kInvalid, "key 'func_id' occurs twice");
  expect_error(document("", R"(, "arguments": ["a", "b", "a"])"), kInvalid, "arguments[2]: 'a' is already that of arguments[0]");
  expect_error(document("", R"(, "runtime": "fast")"), ErrorCode::kUnknownRuntime, "runtime: unknown runtime 'fast'");
}

TEST(CallableSpecFile, TheSpellingOfAnOrchestrationIsCurrentUnlessNamed) {
  const auto api_of = [](const std::string& more) {
    return parse_callable_spec(R"({"name": "n", "orchestration": {"source": "o.cpp")" + more + R"(}, "incores": []})", "/d")
        .orchestration.api;
  };
  EXPECT_EQ(api_of(""), OrchestrationApi::kCurrent);
  EXPECT_EQ(api_of(R"(, "api": "current")"), OrchestrationApi::kCurrent);
  EXPECT_EQ(api_of(R"(, "api": "aicpu_build_graph")"), OrchestrationApi::kAicpuBuildGraph);
  expect_error(R"({"name": "n", "orchestration": {"source": "o.cpp", "api": "old"}, "incores": []})", ErrorCode::kInvalidArgument,
               "orchestration.api: 'old' is no orchestration API; allowed: current, aicpu_build_graph");
  CallableSpec spec;
  spec.name = "n";
  spec.orchestration.source = "/d/o.cpp";
  spec.orchestration.api = OrchestrationApi::kAicpuBuildGraph;
  EXPECT_EQ(parse_callable_spec(format_callable_spec(spec), "/d").orchestration.api, OrchestrationApi::kAicpuBuildGraph);
}

TEST(CallableSpecFile, RefusesMoreArgumentsThanTheSignatureHas) {
  expect_error(R"({"name": "n", "orchestration": {"source": "o.cpp", "signature": ["IN"]}, "incores": [], "arguments": ["a", "b"]})",
               ErrorCode::kInvalidArgument, "arguments: 2 names for 1 entries");
}

TEST(CallableSpecFile, RefusesWhatTheImageCannotHold) {
  const auto list = [](size_t count) {
    std::string text = "\"IN\"";
    for (size_t i = 1; i < count; ++i) text += ", \"IN\"";
    return text;
  };
  const auto orchestration = [&](size_t count) {
    return fmt::format(R"({{"name": "n", "orchestration": {{"source": "o.cpp", "signature": [{}]}}, "incores": []}})", list(count));
  };
  EXPECT_EQ(parse_callable_spec(orchestration(256), "/b").orchestration.signature.size(), 256u);
  expect_error(orchestration(257), ErrorCode::kLimitExceeded, "orchestration.signature: 257 entries, at most 256");
  expect_error(document(fmt::format(R"({{"func_id": 0, "source": "k.cpp", "core_type": "aiv", "signature": [{}]}})", list(33))),
               ErrorCode::kLimitExceeded, "incores[0].signature: 33 entries, at most 32");
  expect_error(
      fmt::format(R"({{"name": "n", "orchestration": {{"source": "o.cpp", "function_name": "{}"}}, "incores": []}})", std::string(64, 'f')),
      ErrorCode::kLimitExceeded, "orchestration.function_name");
}

TEST(CallableSpecFile, DeepNestingIsAnErrorNotACrash) {
  expect_error(R"({"name": )" + std::string(200000, '[') + std::string(200000, ']') + "}", ErrorCode::kInvalidArgument,
               "name: must be a string, is an array");
}

}  // namespace
}  // namespace tilewright
