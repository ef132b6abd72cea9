// Programs in the language, from their text to what they compute. Each is interpreted, and runs everywhere under the checker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
#include "data/small_float.h"
#include "data/tensor_spec.h"

namespace tilewright {
namespace {

constexpr const char* kRingbuffer = "tensormap_and_ringbuffer";
constexpr const char* kHostGraph = "host_build_graph";

HostTensor make(const std::string& spec) { return make_tensor(parse_tensor_spec(spec)); }

/// Tensors and scalars of a program in the order of its parameters: "f32[64,128]=randn:1", "i64:5".
using Arguments = std::vector<std::string>;

class Programs : public testing::Test {
 protected:
  using Check = std::function<void(const std::map<size_t, HostTensor>&)>;

  /// Runs the program in the interpreter and then everywhere, once with derived dependencies and watched for races; `check` gets the tensors
  /// named by `outputs`, by their numbers, as each run leaves them.
  void run(const std::string& program, const Arguments& arguments, const std::vector<size_t>& outputs, const Check& check,
           const std::vector<std::string>& runtimes = {kRingbuffer, kHostGraph}) const {
    const auto expect = [&](const ProcessResult& result) {
      ASSERT_EQ(result.exit_code, 0) << result.output;
      std::map<size_t, HostTensor> tensors;
      for (const size_t i : outputs) tensors.emplace(i, read_npy(file(i)));
      check(tensors);
    };
    {
      SCOPED_TRACE(program + " interpreted");
      ASSERT_NO_FATAL_FAILURE(expect(tw({"interpret", TW_PROGRAMS "/" + program}, arguments, outputs)));
    }
    {
      SCOPED_TRACE(program + " with derived dependencies");
      ASSERT_NO_FATAL_FAILURE(expect(tw({"run", TW_PROGRAMS "/" + program, "--derive-dependencies", "--check-races"}, arguments, outputs)));
    }
    for (const std::string platform : {"a2a3sim", "a5sim"}) {
      for (const std::string& runtime : runtimes) {
        SCOPED_TRACE(program + " on " + platform + " with " + runtime);
        ASSERT_NO_FATAL_FAILURE(
            expect(tw({"run", TW_PROGRAMS "/" + program, "--platform", platform, "--runtime", runtime, "--check"}, arguments, outputs)));
      }
    }
  }

  ProcessResult tw(const std::vector<std::string>& words, const Arguments& arguments, const std::vector<size_t>& outputs) const {
    std::vector<std::string> command = {"env", "TW_CACHE_DIR=" TW_TEST_CACHE, TW_PROGRAM};
    command.insert(command.end(), words.begin(), words.end());
    for (size_t i = 0; i < arguments.size(); ++i) {
      command.push_back(arguments[i].find('[') == std::string::npos ? "--scalar" : "--arg");
      command.push_back("arg" + std::to_string(i) + "=" + arguments[i]);
    }
    for (const size_t i : outputs) {
      command.push_back("--output");
      command.push_back("arg" + std::to_string(i) + "=" + file(i));
    }
    return run_process(command);
  }

  std::string file(size_t output) const { return (directory_.path() / (std::to_string(output) + ".npy")).string(); }

  TemporaryDirectory directory_;
};

TEST_F(Programs, TensorsAreMadeWhereTheyArePutOrCopiedThere) {
  const HostTensor x = make("f32[192,100]=randn:1");
  run("halves.cpp", {"f32[192,100]=randn:1", "f32[192,200]"}, {1}, [&](const auto& out) {
    const auto y = out.at(1).template elements<float>();
    for (size_t i = 0; i < 192 * 200; ++i) {
      const float from = x.elements<float>()[i / 200 * 100 + i % 100];
      ASSERT_EQ(y[i], i % 200 < 100 ? 2 * from : from) << i / 200 << ", " << i % 200;
    }
  });
}

TEST_F(Programs, MasksSelectInEachWidth) {
  constexpr size_t kRows = 32, kCount = kRows * 64;
  const Arguments arguments = {"f32[32,64]=arange:-1024",
                               "f32[32,64]=arange:1024:-1",
                               "f16[32,64]=randn:3",
                               "f16[32,64]=randn:4",
                               "i32[32,64]=uniform:0:3:5",
                               "i32[32,64]=uniform:0:3:6",
                               "i16[32,64]=uniform:-5:9:7",
                               "f32[32,64]",
                               "f32[32,1]",
                               "f16[32,64]",
                               "i32[32,64]",
                               "i16[32,64]"};
  const HostTensor x = make(arguments[0]), y = make(arguments[1]), h = make(arguments[2]), g = make(arguments[3]), i = make(arguments[4]),
                   j = make(arguments[5]), s = make(arguments[6]);
  run("masks.cpp", arguments, {7, 8, 9, 10, 11}, [&](const auto& out) {
    for (size_t n = 0; n < kCount; ++n) {
      const float a = x.elements<float>()[n], b = y.elements<float>()[n];
      ASSERT_EQ(out.at(7).template elements<float>()[n],
                float{1} * (a == b) + 2 * (a != b) + 4 * (a < b) + 8 * (a > b) + 16 * (a >= b) + 32 * (a <= b));
      const uint16_t one = h.elements<uint16_t>()[n], other = g.elements<uint16_t>()[n];
      ASSERT_EQ(out.at(9).template elements<uint16_t>()[n], half_to_float(one) > half_to_float(other) ? one : other);
      const int32_t left = i.elements<int32_t>()[n];
      ASSERT_EQ(out.at(10).template elements<int32_t>()[n], left == j.elements<int32_t>()[n] ? left : -1);
      const int16_t number = s.elements<int16_t>()[n];
      ASSERT_EQ(out.at(11).template elements<int16_t>()[n], number > 3 ? number : 0);
    }
    for (size_t r = 0; r < kRows; ++r) {
      const auto row = x.elements<float>().subspan(r * 64, 64);
      const float largest = *std::max_element(row.begin(), row.end());
      ASSERT_EQ(out.at(8).template elements<float>()[r], largest > 2 ? largest : -1);
    }
  });
}

/// Sums of products that begin with zeros: as many turns as the run says, none included.
TEST_F(Programs, SumsBeginWithZerosHoweverManyTurnsThereAre) {
  constexpr size_t kSize = 64, kDepth = 128;
  for (const size_t turns : {0u, 1u, 2u}) {
    const Arguments arguments = {"f16[64,128]=uniform:-1:1:1", "f16[128,64]=uniform:-1:1:2",  "i8[64,128]=uniform:-9:9:3",
                                 "i8[128,64]=uniform:-9:9:4",  "f32[64,64]=full:7",           "f32[64,64]=full:7",
                                 "i32[64,64]=full:7",          "i64:" + std::to_string(turns)};
    const HostTensor a = make(arguments[0]), b = make(arguments[1]), i = make(arguments[2]), j = make(arguments[3]);
    run("sums.cpp", arguments, {4, 5, 6}, [&](const auto& out) {
      for (size_t m = 0; m < kSize; ++m) {
        for (size_t n = 0; n < kSize; ++n) {
          double value = 0, magnitude = 0, first = 0;
          int32_t whole = 0;
          for (size_t k = 0; k < turns * 64; ++k) {
            const double term =
                double{half_to_float(a.elements<uint16_t>()[m * kDepth + k])} * half_to_float(b.elements<uint16_t>()[k * kSize + n]);
            value += term;
            magnitude += std::fabs(term);
            if (k < 64 && turns > 1) first += term;
            whole += i.elements<int8_t>()[m * kDepth + k] * j.elements<int8_t>()[k * kSize + n];
          }
          const double bound = kDepth * 6e-8 * magnitude;  // sums in f32
          ASSERT_NEAR(out.at(4).template elements<float>()[m * kSize + n], value, bound) << turns << ": " << m << ", " << n;
          ASSERT_NEAR(out.at(5).template elements<float>()[m * kSize + n], first, bound) << turns << ": " << m << ", " << n;
          ASSERT_EQ(out.at(6).template elements<int32_t>()[m * kSize + n], whole) << turns << ": " << m << ", " << n;
        }
      }
    });
  }
}

TEST_F(Programs, WritersWaitForReadersAndPredicatesForWhatTheyLookAt) {
  constexpr size_t kTurn = 64 * 128;
  const Arguments arguments = {"f32[64,128]=randn:1", "f32[256,128]", "i32[8]=full:5", "f32[8,128]"};
  const HostTensor x = make(arguments[0]);
  run("order.cpp", arguments, {0, 1, 2, 3}, [&](const auto& out) {
    for (size_t i = 0; i < 4 * kTurn; ++i) {
      const float before = i < kTurn ? x.elements<float>()[i] : static_cast<float>(i / kTurn - 1);
      ASSERT_EQ(out.at(1).template elements<float>()[i], before + 1) << i / 128 << ", " << i % 128;
    }
    for (const float last : out.at(0).template elements<float>()) ASSERT_EQ(last, 3);
    EXPECT_EQ(out.at(2).template elements<int32_t>()[0], 0);
    for (const float chosen : out.at(3).template elements<float>()) ASSERT_EQ(chosen, 1);
  });
}

TEST_F(Programs, EveryScheduleKeepsWritersBehindReadersAndNoOtherWouldDo) {
  const std::string artifact = (directory_.path() / "order.tw").string();
  const auto shell = [&](const std::string& command) {
    return run_process(
        {"sh", "-c", "export TW_CACHE_DIR='" TW_TEST_CACHE "'; tw='" TW_PROGRAM "'; artifact='" + artifact + "'; " + command});
  };
  const std::string explore =
      "$tw run $artifact --explore 10 --arg arg0=f32[64,128]=randn:1 --arg arg1=f32[256,128] --arg arg2=i32[8] --arg arg3=f32[8,128]";
  ASSERT_EQ(shell("$tw compile " TW_PROGRAMS "/order.cpp -o $artifact").exit_code, 0);
  const ProcessResult tracked = shell(explore);
  EXPECT_EQ(tracked.exit_code, 0) << tracked.output;
  ASSERT_EQ(shell("sed -i /track_war/d $artifact/callable.json && $tw rebuild $artifact").exit_code, 0);
  EXPECT_NE(shell(explore).exit_code, 0) << "ten schedules of a program with races all agree";
}

TEST_F(Programs, LoopsBranchesAndVariables) {
  constexpr size_t kRows = 80, kColumns = 64;
  const Arguments arguments = {"f32[80,64]=randn:1", "f32[80,64]", "i32[8]", "f32[8,64]=full:1"};
  const HostTensor x = make(arguments[0]);
  run("control.cpp", arguments, {1, 2, 3}, [&](const auto& out) {
    for (size_t i = 0; i < kRows * kColumns; ++i) {
      float t = x.elements<float>()[i];
      for (int turn = 0; turn < 3; ++turn) t += 1;
      t = i / kColumns / 16 % 2 == 0 ? t * 2 : t - 5;
      for (const float square : {0.0f, 1.0f, 4.0f}) t += square;
      for (int once = 0; once < 2; ++once) t += 0.5f;  // i = 2 and i = 3 have a turn with k = 1
      ASSERT_EQ(out.at(1).template elements<float>()[i], t) << i;
    }
    int32_t steps = 0;
    for (size_t row = 0; row < kRows && steps < 100;) {
      if (steps % 2 == 0) {
        ++steps;
      } else {
        steps *= 3;
        row += 16;
      }
    }
    EXPECT_EQ(out.at(2).template elements<int32_t>()[0], steps);
    const float first = x.elements<float>()[0], value = first > 0 ? first * 2 : first;
    EXPECT_EQ(out.at(2).template elements<int32_t>()[1], static_cast<int32_t>(value * 1000.0f));
    EXPECT_EQ(out.at(2).template elements<int32_t>()[2], steps > 5 ? std::min(steps, 40) : 7);
    float link = 1;
    for (int i = 0; i < 4; ++i) link = link * 2 + static_cast<float>(i);
    for (const float element : out.at(3).template elements<float>()) ASSERT_EQ(element, link + 0.5f);
  });
}

TEST_F(Programs, PartsOfTensors) {
  constexpr size_t kRows = 104;
  const Arguments arguments = {"f32[104,128]=randn:1", "f32[64,32]", "f32[128]", "f32[8,128]", "f32[40,64]", "f32[16,16]", "i32[8]"};
  const HostTensor x = make(arguments[0]);
  const auto at = [&](size_t row, size_t column) { return x.elements<float>()[row * 128 + column]; };
  run("tensors.cpp", arguments, {1, 2, 3, 4, 5, 6}, [&](const auto& out) {
    for (size_t i = 0; i < 64 * 32; ++i) ASSERT_EQ(out.at(1).template elements<float>()[i], at(16 + i % 32, 64 + i / 32)) << i;
    for (size_t i = 0; i < 128; ++i) ASSERT_EQ(out.at(2).template elements<float>()[i], x.elements<float>()[3 * 128 + 32 + i]);
    for (size_t i = 0; i < 8 * 128; ++i) ASSERT_EQ(out.at(3).template elements<float>()[i], x.elements<float>()[8 * 128 + i]);
    for (size_t i = 0; i < (kRows - 64) * 64; ++i) ASSERT_EQ(out.at(4).template elements<float>()[i], at(64 + i / 64, 32 + i % 64)) << i;
    for (const float constant : out.at(5).template elements<float>()) ASSERT_EQ(constant, 3.5f);
    const auto elements = out.at(6).template elements<int32_t>();
    EXPECT_EQ(elements[1], 104);
    EXPECT_EQ(elements[2], static_cast<int32_t>(at(2, 5) * 1000.0f));
    EXPECT_EQ(elements[3], 49);
  });
}

TEST_F(Programs, AnOrchestrationWaitsForWhatItReads) {
  const Arguments arguments = {"f32[8,8]=randn:1", "f32[8,8]"};
  const HostTensor x = make(arguments[0]);
  run("elements.cpp", arguments, {1},
      [&](const auto& out) {
        for (size_t i = 0; i < 64; ++i) {
          const float value = i == 9 ? x.elements<float>()[0] * 32 + 0.5f : x.elements<float>()[i] * 32;
          ASSERT_EQ(out.at(1).template elements<float>()[i], value + 1) << i;
        }
      },
      {kRingbuffer});
  // Where the graph is complete before anything runs, there is nothing to wait for.
  const ProcessResult result = tw({"run", TW_PROGRAMS "/elements.cpp", "--runtime", kHostGraph}, arguments, {});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, testing::HasSubstr("the element's value is not known yet"));
}

TEST_F(Programs, TasksOfEachKind) {
  constexpr size_t kCount = 64 * 64;
  const Arguments arguments = {"f32[64,64]=randn:1", "f32[64,64]=randn:2", "i32[8]=arange:-3", "f32[64,64]", "f32[64,64]",
                               "f32[64,64]",         "f32[64,64]",         "f32[8,64]",        "f32:0.25"};
  const HostTensor x = make(arguments[0]), weights = make(arguments[1]);
  run("tasks.cpp", arguments, {3, 4, 5, 6, 7}, [&](const auto& out) {
    for (size_t i = 0; i < kCount; ++i) {
      const float value = x.elements<float>()[i];
      ASSERT_EQ(out.at(3).template elements<float>()[i], std::min(value, 0.25f) + std::max(value, 0.25f)) << i;
      ASSERT_EQ(out.at(4).template elements<float>()[i], value * 8 + static_cast<float>(i / 64 / 8)) << i;
      double sum = 0, magnitude = 0;
      for (size_t k = 0; k < 64; ++k) {
        const double term = double{weights.elements<float>()[i / 64 * 64 + k]} * weights.elements<float>()[k * 64 + i % 64];
        sum += term;
        magnitude += std::fabs(term);
      }
      ASSERT_NEAR(out.at(5).template elements<float>()[i], sum, 64 * 6e-8 * magnitude) << i;
      ASSERT_EQ(out.at(6).template elements<float>()[i], weights.elements<float>()[i] * 3) << i;
    }
    for (size_t i = 0; i < 8 * 64; ++i) {
      const size_t row = i / 64;
      ASSERT_EQ(out.at(7).template elements<float>()[i], row > 3 ? static_cast<float>(row + 1) : 0) << i;  // flags are row - 3
    }
  });
}

TEST_F(Programs, PipelinedLoopsDoWhatOthersDo) {
  for (const size_t blocks : {1u, 4u, 5u}) {  // an odd number of turns leaves one behind the pipelined ones
    const size_t rows = blocks * 16;
    const std::string shape = "f32[" + std::to_string(rows) + ",128]";
    const HostTensor x = make(shape + "=randn:1");
    run("pipelined.cpp", {shape + "=randn:1", shape, "f32[1,128]"}, {1, 2}, [&](const auto& out) {
      for (size_t c = 0; c < 128; ++c) {
        double sum = 0, magnitude = 0;
        for (size_t r = 0; r < rows; ++r) {
          const float value = x.elements<float>()[r * 128 + c];
          ASSERT_EQ(out.at(1).template elements<float>()[r * 128 + c], value * 2) << r << ", " << c;
          sum += value;
          magnitude += std::fabs(value);
        }
        ASSERT_NEAR(out.at(2).template elements<float>()[c], sum, static_cast<double>(rows) * 6e-8 * magnitude) << c;
      }
    });
  }
  const std::string artifact = (directory_.path() / "pipelined.tw").string();
  ASSERT_EQ(
      run_process({"env", "TW_CACHE_DIR=" TW_TEST_CACHE, TW_PROGRAM, "compile", TW_PROGRAMS "/pipelined.cpp", "-o", artifact}).exit_code,
      0);
  const std::string map = read_file(artifact + "/memory_map.txt");
  std::set<std::string> places;  // of what is loaded in the pipelined turns
  for (size_t at = map.find("16x128xf32"); at != std::string::npos; at = map.find("16x128xf32", at + 1)) {
    const size_t line = map.rfind('\n', at) + 1;
    places.insert(map.substr(line, map.find("  ", map.find_first_not_of(' ', line)) - line));
  }
  EXPECT_GE(places.size(), 2u) << map;
}

TEST_F(Programs, KernelsThatDoNotFitSayWhatIsAliveAndWhere) {
  const std::string program = (directory_.path() / "large.cpp").string();
  write_file_atomically(program, R"(#include <tilewright/language.h>
using namespace tilewright;
void large(Tensor x, Out<Tensor> y) {
  at({.name = "three_tiles"}, [&] {
    Tile a = load(x, {0, 0}, {128, 256});
    Tile b = load(x, {128, 0}, {128, 256});
    store(a + b, y, {0, 0});
    store(a - b, y, {128, 0});
  });
}
int main(int argc, char** argv) { return program("large", large, tensor(f32, {256, 256}), tensor(f32, {256, 256})).main(argc, argv); }
)");
  const ProcessResult result =
      run_process({"env", "TW_CACHE_DIR=" TW_TEST_CACHE, TW_PROGRAM, "compile", program, "-o", (directory_.path() / "large.tw").string()});
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, testing::HasSubstr("kernel 'three_tiles' needs"));
  EXPECT_THAT(result.output, testing::HasSubstr("of vec at once, which has 196608"));
  EXPECT_THAT(result.output, testing::ContainsRegex("large.cpp:5:[0-9]+: note: alive at the peak: 128x256xf32, 131072 bytes"));
  EXPECT_THAT(result.output, testing::ContainsRegex("large.cpp:6:[0-9]+: note: alive at the peak: 128x256xf32, 131072 bytes"));
}

/// a(r, c) in double precision.
struct Matrix {
  explicit Matrix(const HostTensor& tensor) : values(tensor.elements<float>().begin(), tensor.elements<float>().end()) {}
  double at(size_t r, size_t c) const { return values[r * 64 + c]; }
  double row(size_t r, double (*combine)(double, double)) const {
    double all = at(r, 0);
    for (size_t c = 1; c < 64; ++c) all = combine(all, at(r, c));
    return all;
  }
  double column(size_t c, double (*combine)(double, double)) const {
    double all = at(0, c);
    for (size_t r = 1; r < 32; ++r) all = combine(all, at(r, c));
    return all;
  }
  std::vector<double> values;
};

TEST_F(Programs, EveryOperator) {
  const Arguments arguments = {"f32[32,64]=uniform:-2:2:1",
                               "f32[32,64]=uniform:0.5:2:2",
                               "i32[32,64]=uniform:-900:900:3",
                               "i32[32,64]=uniform:0:5000:4",
                               "f32[1504,64]",
                               "i32[544,64]",
                               "f32[288,64]"};
  const Matrix x(make(arguments[0])), y(make(arguments[1]));
  const HostTensor i = make(arguments[2]), j = make(arguments[3]);
  using Of = std::function<double(size_t, size_t)>;
  const auto pair = [&](double (*f)(double, double)) { return Of([&x, &y, f](size_t r, size_t c) { return f(x.at(r, c), y.at(r, c)); }); };
  const auto with_number = [&](double (*f)(double)) { return Of([&x, f](size_t r, size_t c) { return f(x.at(r, c)); }); };
  const auto of_y = [&](double (*f)(double)) { return Of([&y, f](size_t r, size_t c) { return f(y.at(r, c)); }); };
  constexpr auto kMax = [](double a, double b) { return std::max(a, b); };
  constexpr auto kMin = [](double a, double b) { return std::min(a, b); };
  constexpr auto kSum = [](double a, double b) { return a + b; };
  const auto with_column = [&](double (*f)(double, double)) {
    return Of([&x, &y, f, kMax](size_t r, size_t c) { return f(x.at(r, c), y.row(r, kMax)); });
  };
  const auto with_row = [&](double (*f)(double, double)) {
    return Of([&x, &y, f, kMax](size_t r, size_t c) { return f(x.at(r, c), y.column(c, kMax)); });
  };
  const Of floats[] = {
      pair([](double a, double b) { return a + b; }),
      pair([](double a, double b) { return a - b; }),
      pair([](double a, double b) { return a * b; }),
      pair([](double a, double b) { return a / b; }),
      pair(kMax),
      pair(kMin),
      pair([](double a, double b) { return std::fmod(a, b); }),
      pair([](double a, double b) { return a - std::floor(a / b) * b; }),
      pair([](double a, double b) { return a > 0 ? a : a * b; }),
      with_number([](double a) { return a + 0.75; }),
      with_number([](double a) { return a - 0.75; }),
      with_number([](double a) { return a * 0.75; }),
      with_number([](double a) { return a / 0.75; }),
      with_number([](double a) { return std::max(a, 0.75); }),
      with_number([](double a) { return std::min(a, 0.75); }),
      with_number([](double a) { return 2.5 - a; }),
      with_number([](double a) { return 2.5 / a; }),
      with_number([](double a) { return std::fmod(a, 0.75); }),
      with_number([](double a) { return a > 0 ? a : a * 0.25; }),
      pair([](double a, double b) { return a + 0.5 * b; }),
      // functions
      with_number([](double a) { return std::fabs(a); }),
      with_number([](double a) { return -a; }),
      with_number([](double a) { return std::max(a, 0.0); }),
      with_number([](double a) { return std::exp(a); }),
      of_y([](double b) { return std::log(b); }),
      of_y([](double b) { return std::sqrt(b); }),
      of_y([](double b) { return 1 / std::sqrt(b); }),
      of_y([](double b) { return 1 / b; }),
      pair(kMax),
      // broadcasts
      with_column([](double a, double b) { return a + b; }),
      with_column([](double a, double b) { return a - b; }),
      with_column([](double a, double b) { return a * b; }),
      with_column([](double a, double b) { return a / b; }),
      with_column(kMax),
      with_column(kMin),
      with_column([](double a, double b) { return std::exp(a - b); }),
      with_row([](double a, double b) { return a + b; }),
      with_row([](double a, double b) { return a - b; }),
      with_row([](double a, double b) { return a * b; }),
      with_row([](double a, double b) { return a / b; }),
      with_row(kMax),
      with_row(kMin),
      with_row([](double a, double b) { return std::exp(a - b); }),
      [&](size_t r, size_t) { return x.row(r, kSum); },
      [&](size_t r, size_t) { return x.row(r, kMin); },
      [&](size_t, size_t c) { return x.column(c, kSum); },
      [&](size_t, size_t c) { return x.column(c, kMin); },
  };
  const auto of_ints = [&](int32_t (*f)(int32_t, int32_t)) {
    return Of([&i, &j, f](size_t r, size_t c) { return f(i.elements<int32_t>()[r * 64 + c], j.elements<int32_t>()[r * 64 + c]); });
  };
  const Of ints[] = {
      of_ints([](int32_t a, int32_t b) { return a + b; }),
      of_ints([](int32_t a, int32_t b) { return a * b; }),
      of_ints([](int32_t a, int32_t b) { return a & b; }),
      of_ints([](int32_t a, int32_t b) { return a | b; }),
      of_ints([](int32_t a, int32_t b) { return a ^ b; }),
      of_ints([](int32_t a, int32_t b) { return a << (b & 7); }),
      of_ints([](int32_t a, int32_t b) { return a >> (b & 7); }),
      of_ints([](int32_t a, int32_t) { return ~a; }),
      of_ints([](int32_t a, int32_t) { return a & 12; }),
      of_ints([](int32_t a, int32_t) { return a | 12; }),
      of_ints([](int32_t a, int32_t) { return a ^ 12; }),
      of_ints([](int32_t a, int32_t) { return a << 2; }),
      of_ints([](int32_t a, int32_t) { return a >> 2; }),
      [](size_t, size_t) { return 7; },
      [](size_t, size_t c) { return static_cast<double>(c) + 5; },
      with_number([](double a) { return std::floor(a); }),
      with_number([](double a) { return std::trunc(static_cast<double>(static_cast<float>(a * 3))); }),
  };
  const Of others[] = {
      with_number([](double a) { return static_cast<double>(half_to_float(float_to_half(static_cast<float>(a)))); }),
      with_number([](double a) { return static_cast<double>(bfloat16_to_float(float_to_bfloat16(static_cast<float>(a)))); }),
      [&](size_t r, size_t c) { return x.at((r * 64 + c) % 32, (r * 64 + c) / 32); },
      [&](size_t r, size_t c) { return x.at(r, c < 32 ? c + 32 : c - 32); },
      [&](size_t r, size_t c) { return r < 20 && c < 40 ? x.at(r, c) : 0; },
      [&](size_t r, size_t c) { return x.at(0, static_cast<size_t>(j.elements<int32_t>()[r * 64 + c] & 63)); },
      [&](size_t r, size_t c) { return 2 * x.at(31 - r, c); },
      [&](size_t r, size_t c) { return r == 3 && c == 5 ? x.at(4, 6) : x.at(r, c); },
      [&](size_t r, size_t c) { return x.at(static_cast<size_t>(j.elements<int32_t>()[r] & 31), c); },
  };
  run("operators.cpp", arguments, {4, 5, 6}, [&](const auto& out) {
    for (size_t k = 0; k < 32 * 64; ++k) {
      const size_t r = k / 64, c = k % 64;
      for (size_t n = 0; n < std::size(floats); ++n) {
        const double expected = floats[n](r, c);
        ASSERT_NEAR(out.at(4).template elements<float>()[n * 2048 + k], expected, 1e-5 * (1 + std::fabs(expected)))
            << n << ": " << r << ", " << c;
      }
      for (size_t n = 0; n < std::size(ints); ++n)
        ASSERT_EQ(out.at(5).template elements<int32_t>()[n * 2048 + k], ints[n](r, c)) << n << ": " << r << ", " << c;
      for (size_t n = 0; n < std::size(others); ++n)
        ASSERT_EQ(out.at(6).template elements<float>()[n * 2048 + k], others[n](r, c)) << n << ": " << r << ", " << c;
    }
  });
}

TEST_F(Programs, PiecesOfTilesAndTensors) {
  constexpr size_t kRows = 32, kColumns = 64, kValid = 11;
  const Arguments arguments = {"f32[32,64]=randn:1", "i32[1,32]=arange:31:-1", "f32[8,64]", "f32[32,64]",
                               "f32[1,64]",          "f32[8,64]=full:7",       "f32[1,32]", "i64:11"};
  const HostTensor x = make(arguments[0]);
  const auto at = [&](size_t r, size_t c) { return x.elements<float>()[r * kColumns + c]; };
  run("pieces.cpp", arguments, {2, 3, 4, 5, 6}, [&](const auto& out) {
    for (size_t c = 0; c < kColumns; ++c) {
      float largest = at(0, c);
      for (size_t r = 1; r < kValid; ++r) largest = std::max(largest, at(r, c));
      ASSERT_EQ(out.at(4).template elements<float>()[c], largest);
      for (size_t r = 0; r < 8; ++r) {
        double sum = 0, magnitude = 0;
        for (size_t block = 0; block < 4; ++block) {
          sum += at(block * 8 + r, c);
          magnitude += std::fabs(at(block * 8 + r, c));
        }
        ASSERT_NEAR(out.at(2).template elements<float>()[r * kColumns + c], sum, 4 * 6e-8 * magnitude);
        ASSERT_EQ(out.at(5).template elements<float>()[r * kColumns + c], r < 3 && c < 5 ? at(r, c) * 2 : 7);
      }
      for (size_t r = 0; r < kRows; ++r) ASSERT_EQ(out.at(3).template elements<float>()[(31 - r) * kColumns + c], at(r, c));
    }
    for (size_t i = 0; i < kRows; ++i) ASSERT_EQ(out.at(6).template elements<float>()[i], i < kValid ? at(i, i) : 0);
  });
}

TEST_F(Programs, ProductsOfEachKind) {
  constexpr size_t kSize = 64;
  const Arguments arguments = {"f16[64,64]=uniform:-1:1:1",
                               "f16[64,64]=uniform:-1:1:2",
                               "f32[1,64]=randn:3",
                               "f32[64,64]",
                               "f32[64,64]",
                               "f32[1,64]",
                               "f32[64,64]",
                               "f16[64,64]",
                               "bf16[64,64]"};
  const HostTensor a = make(arguments[0]), b = make(arguments[1]), bias = make(arguments[2]);
  const auto half = [](const HostTensor& tensor, size_t r, size_t c) {
    return double{half_to_float(tensor.elements<uint16_t>()[r * kSize + c])};
  };
  run("cube.cpp", arguments, {3, 4, 5, 6, 7, 8}, [&](const auto& out) {
    for (size_t r = 0; r < kSize; ++r) {
      for (size_t c = 0; c < kSize; ++c) {
        double product = 0, turned = 0, magnitude = 2;
        for (size_t k = 0; k < kSize; ++k) {
          product += half(a, r, k) * half(b, k, c);
          turned += half(a, r, k) * half(b, c, k);
          magnitude += std::fabs(half(a, r, k) * half(b, k, c)) + std::fabs(half(a, r, k) * half(b, c, k));
        }
        const double bound = 2 * kSize * 6e-8 * magnitude;  // sums in f32
        ASSERT_NEAR(out.at(3).template elements<float>()[r * kSize + c], product + bias.elements<float>()[c], bound + 1e-6);
        ASSERT_NEAR(out.at(4).template elements<float>()[r * kSize + c], 2 * product, bound);
        ASSERT_NEAR(out.at(6).template elements<float>()[r * kSize + c], turned, bound);
        const double size = std::fabs(product) + 0x1p-14;  // half of the last place of 11 and of 8 bits, and of the smallest halves
        ASSERT_NEAR(half_to_float(out.at(7).template elements<uint16_t>()[r * kSize + c]), product, bound + size * 0x1p-11);
        ASSERT_NEAR(bfloat16_to_float(out.at(8).template elements<uint16_t>()[r * kSize + c]), product, bound + size * 0x1p-8);
      }
      ASSERT_EQ(out.at(5).template elements<float>()[r], 2 * bias.elements<float>()[r]);
    }
  });
}

}  // namespace
}  // namespace tilewright
