// twb_main: the main() of tile programs. `tw` compiles and runs what was recorded, as it does for everybody; the comparison is made here,
// in double precision and with a bound for each element.
#include "tilewright/tile_program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "compiler/builder/dtype.h"
#include "data/compare.h"
#include "data/generate.h"
#include "data/npy.h"
#include "data/numbers.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr const char* kHelp = R"({0}: a tile program.

  {0} [--platform NAME] [--runtime NAME] [--derive-dependencies] [--check] [--seed N] [--artifact DIR]
        runs the program on its example and compares with its reference
  {0} --compile-only [-o DIR] [--platform NAME] [--runtime NAME] [--derive-dependencies]
        compiles it; DIR is where the artifact goes
  {0} --record FILE [--no-locations]
        writes the recorded module; '-' is the standard output

  --platform NAME  a2a3sim (default), a5sim, ...: 'tw platforms' lists them
  --runtime NAME   tensormap_and_ringbuffer (default), host_build_graph or aicpu_build_graph
  --derive-dependencies
                   tasks name those that they have to wait for
  --check          also look for mistakes in kernels; each is an error
  --seed N         other random numbers in the example; default 1
  --artifact DIR   run what -o wrote, as it is now, instead of compiling
  -o, --output DIR write the artifact there and run nothing

Exit codes: 0 good; 1 it ran and is wrong; 2 misuse or a mistake in the program; 3 the device or the infrastructure failed.

Example:
  {0} --platform a5sim --runtime host_build_graph --check
)";

struct Words {
  std::string platform = "a2a3sim";
  std::string runtime = "tensormap_and_ringbuffer";
  uint64_t seed = 1;
  bool derive_dependencies = false;
  bool check = false;
  bool compile_only = false;
  bool help = false;
  std::optional<std::string> artifact, output, record;
  bool locations = true;
};

Words read_words(const char* program, int argc, char** argv) {
  const auto wrong = [program](const std::string& message) {
    return Error(ErrorCode::kInvalidArgument, message, fmt::format("'{} --help' lists the options", program));
  };
  Words words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] {
      if (i + 1 == argc) throw wrong(fmt::format("nothing follows '{}'", word));
      return std::string(argv[++i]);
    };
    if (word == "--platform") {
      words.platform = value();
    } else if (word == "--runtime") {
      words.runtime = value();
    } else if (word == "--seed") {
      const std::string text = value();
      const bool number =
          !text.empty() && text.size() < 19 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!number) throw wrong(fmt::format("--seed {} is no number", text));
      words.seed = std::stoull(text);
    } else if (word == "--derive-dependencies") {
      words.derive_dependencies = true;
    } else if (word == "--check") {
      words.check = true;
    } else if (word == "--compile-only") {
      words.compile_only = true;
    } else if (word == "-o" || word == "--output") {
      words.output = value();
    } else if (word == "--artifact") {
      words.artifact = value();
    } else if (word == "--record") {
      words.record = value();
    } else if (word == "--no-locations") {
      words.locations = false;
    } else if (word == "--help" || word == "-h") {
      words.help = true;
    } else {
      throw wrong(fmt::format("unknown argument '{}'", word));
    }
  }
  return words;
}

/// The recorded module. Throws Error(kInvalidArgument), a line for each mistake in the program.
std::string record(const twb_program& program, bool locations) {
  const std::unique_ptr<twb_builder, void (*)(twb_builder*)> builder(twb_create(), twb_destroy);
  const bool good = program.record(program.self, builder.get()) != 0;
  std::string errors;
  for (size_t i = 0; i < twb_error_count(builder.get()); ++i)
    errors += (i == 0 ? "" : "\n") + std::string(twb_error_text(builder.get(), i));
  if (!good) throw Error(ErrorCode::kInvalidArgument, errors);
  return twb_text(builder.get(), locations ? 1 : 0);
}

void write_text(const std::string& file, const std::string& text) {
  if (file != "-") return write_file_atomically(file, text);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) throw errno_error(errno, "cannot write to the standard output");
}

// ---- tw

/// The `tw` that belongs to this library: beside it or in bin/, else the one on PATH.
std::string tw_program() {
  const fs::path directory = directory_of_code(reinterpret_cast<const void*>(&read_words));
  for (const char* place : {"../bin/tw", "../../bin/tw", "tw"}) {
    const std::string found = find_program((directory / place).lexically_normal().string());
    if (!found.empty()) return found;
  }
  return "tw";
}

/// tw ended with another exit code than 0. What it printed says why.
struct ToolFailed {
  ProcessResult result;
};

/// Runs tw; what it printed. What tw leaves behind when it is killed lies in `directory`. Throws ToolFailed.
std::string run_tool(std::vector<std::string> words, const TemporaryDirectory& directory) {
  words.insert(words.begin(), tw_program());
  ProcessResult result = run_process(words, {.environment = {"TMPDIR=" + directory.path().string()}});
  if (result.exit_code != 0) throw ToolFailed{std::move(result)};
  return std::move(result.output);
}

// ---- the example

std::string name_of(const twb_program& program, size_t i) {
  const char* const name = program.parameters[i].name;
  return name != nullptr ? name : fmt::format("arg{}", i);
}

/// The extents of a parameter in the example.
std::vector<uint32_t> extents_of(const twb_parameter& parameter, const twb_example& example) {
  const bool of_type = example.rank == 0;
  const int64_t* const given = of_type ? parameter.extents : example.extents;
  const size_t rank = of_type ? parameter.rank : example.rank;
  bool fits = rank == parameter.rank;
  std::vector<uint32_t> extents;
  for (size_t d = 0; fits && d < rank; ++d) {
    fits = given[d] > 0 && given[d] <= UINT32_MAX && (parameter.extents[d] == TWB_OPEN || parameter.extents[d] == given[d]);
    extents.push_back(static_cast<uint32_t>(given[d]));
  }
  if (fits) return extents;
  const auto list = [](const int64_t* numbers, size_t count) {
    std::vector<std::string> texts;
    for (size_t d = 0; d < count; ++d) texts.push_back(numbers[d] == TWB_OPEN ? "?" : fmt::format("{}", numbers[d]));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  };
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("is {}, but the parameter is {}", list(given, rank), list(parameter.extents, parameter.rank)),
              of_type ? "an extent that only the run knows must be given by the example" : "");
}

HostTensor make_content(const twb_parameter& parameter, const twb_example& example, uint64_t seed) {
  const bool tensor = parameter.kind == TWB_TENSOR;
  const std::vector<uint32_t> extents = tensor ? extents_of(parameter, example) : std::vector<uint32_t>();
  if (!tensor && example.content != TWB_FILLED) throw Error(ErrorCode::kInvalidArgument, "is a tensor, but the parameter is a number");
  const DataType dtype = data_type_of(parameter.dtype);
  HostTensor content(dtype, extents);
  switch (example.content) {
    case TWB_UNSET:
      if (parameter.direction != TWB_OUT) throw Error(ErrorCode::kInvalidArgument, "has no content, and the program reads it");
      break;
    case TWB_NORMAL: generate(content, fmt::format("randn:{}", seed)); break;
    case TWB_UNIFORM: generate(content, fmt::format("uniform:{}:{}:{}", example.low, example.high, seed)); break;
    case TWB_FILLED: generate(content, fmt::format("full:{}", example.low)); break;
    case TWB_COMPUTED: {
      std::vector<double> numbers(content.element_count());
      const int64_t columns = extents.back();
      for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = example.element(static_cast<int64_t>(i) / columns, static_cast<int64_t>(i) % columns);
      return from_numbers(dtype, extents, numbers);
    }
  }
  return content;
}

/// A parameter in the example, before the run.
struct Given {
  std::string name;
  HostTensor content;
  twb_kind kind;
  twb_direction direction;
};

std::vector<Given> make_example(const twb_program& program, uint64_t seed) {
  if (program.reference == nullptr || program.example_count == 0) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} has no example to run", program.name),
                "'--record FILE' writes it, '-o DIR' compiles it, and 'tw run' runs it on tensors of your own");
  }
  if (program.example_count != program.parameter_count) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} has {} parameters, and its example has values for {}", program.name,
                                                         program.parameter_count, program.example_count));
  }
  std::vector<Given> all;
  for (size_t i = 0; i < program.parameter_count; ++i) {
    const twb_parameter& parameter = program.parameters[i];
    try {
      all.push_back({name_of(program, i), make_content(parameter, program.example[i], seed + i), parameter.kind, parameter.direction});
    } catch (const Error& error) {
      throw error.with_context(fmt::format("the example of '{}'", name_of(program, i)));
    }
  }
  return all;
}

// ---- the reference and what is compared with it

struct Expected {
  std::vector<double> elements, bounds;
  std::vector<int64_t> extents;
};

std::vector<Expected> compute_reference(const twb_program& program, const std::vector<Given>& example) {
  std::vector<Expected> all;
  std::vector<twb_array> arrays;
  for (const Given& given : example) {
    const std::vector<uint32_t>& shape = given.content.shape();
    Expected expected{to_numbers(given.content), std::vector<double>(given.content.element_count(), kNaN), {shape.begin(), shape.end()}};
    if (given.direction == TWB_OUT) std::fill(expected.elements.begin(), expected.elements.end(), kNaN);
    all.push_back(std::move(expected));
  }
  for (Expected& each : all) arrays.push_back({each.elements.data(), each.bounds.data(), each.extents.data(), each.extents.size()});
  program.reference(program.self, arrays.data());
  for (size_t i = 0; i < all.size(); ++i) {
    if (example[i].direction == TWB_IN) continue;
    const auto unset = std::find_if(all[i].elements.begin(), all[i].elements.end(), [](double number) { return std::isnan(number); });
    if (unset == all[i].elements.end()) continue;
    const auto flat = static_cast<uint64_t>(unset - all[i].elements.begin());
    throw Error(ErrorCode::kInvalidArgument, fmt::format("the reference leaves {}[{}] without a value", example[i].name,
                                                         fmt::join(unflatten(flat, example[i].content.shape()), ", ")));
  }
  return all;
}

/// Compares a result; prints a line, and another one if it is wrong. Whether it is right.
bool compare(const Given& given, const Expected& expected, const HostTensor& result, const Tolerance& tolerance) {
  const std::vector<double> actual = to_numbers(result);
  const auto place = [&](size_t i) { return fmt::format("[{}]", fmt::join(unflatten(i, result.shape()), ", ")); };
  const auto bound = [&](size_t i) {
    if (!std::isnan(expected.bounds[i])) return expected.bounds[i];
    if (std::isinf(expected.elements[i])) return 0.0;  // only the same infinity matches
    return tolerance.absolute + tolerance.relative * std::fabs(expected.elements[i]);
  };
  const auto error = [&](size_t i) {
    if (actual[i] == expected.elements[i]) return 0.0;  // infinities, too
    const double difference = std::fabs(actual[i] - expected.elements[i]);
    return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
  };
  size_t wrong = 0, first = 0, largest = 0, closest = 0;
  double most = 0;  // error by bound
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!(error(i) <= bound(i)) && wrong++ == 0) first = i;
    if (error(i) > error(largest)) largest = i;
    const double part = error(i) == 0 ? 0 : error(i) / bound(i);
    if (part > most) {
      most = part;
      closest = i;
    }
  }
  fmt::print("  {}  {}  ", given.name, result.description());
  if (error(largest) == 0) {
    fmt::print("exact\n");
  } else {
    fmt::print("largest error {:.3g} at {}; at most {:.2g} of its bound, {:.3g} at {}\n", error(largest), place(largest), most,
               bound(closest), place(closest));
  }
  if (wrong == 0) return true;
  fmt::print("  {}: {} of {} elements are wrong; {} is {}, should be {}, and may differ by {:.3g}\n", given.name, wrong, actual.size(),
             place(first), actual[first], expected.elements[first], bound(first));
  return false;
}

// ---- what was asked for

/// Writes a module into a directory, under the name that messages and what is generated then have.
std::string write_module(const TemporaryDirectory& directory, const twb_program& program, const std::string& text) {
  const fs::path module = directory.path() / fs::path(program.name).filename().concat(".mlir");
  write_file_atomically(module, text);
  return module.string();
}

int compile(const twb_program& program, const Words& words) {
  const std::string text = record(program, true);
  const TemporaryDirectory directory;
  const std::string module = write_module(directory, program, text);
  const std::string artifact = words.output.value_or((directory.path() / "artifact").string());
  std::vector<std::string> command = {"compile", module, "-o", artifact, "--platform", words.platform, "--runtime", words.runtime};
  if (words.derive_dependencies) command.emplace_back("--derive-dependencies");
  const std::string printed = run_tool(command, directory);
  if (words.output) {
    fmt::print("{}", printed);
  } else {
    fmt::print("{}: compiles for {}, {}\n", program.name, words.platform, words.runtime);
  }
  return 0;
}

int run(const twb_program& program, const Words& words) {
  // The program's own code may end the process: before there is a directory to remove.
  const std::vector<Given> example = make_example(program, words.seed);
  const std::string text = words.artifact ? "" : record(program, true);
  const std::vector<Expected> expected = compute_reference(program, example);

  const TemporaryDirectory directory;
  const auto file = [&](const Given& given) { return (directory.path() / (given.name + ".npy")).string(); };
  const std::string callable = words.artifact ? *words.artifact : write_module(directory, program, text);
  std::vector<std::string> command = {"run", callable, "--platform", words.platform, "--runtime", words.runtime};
  const auto add = [&](const char* option, const std::string& value) {
    command.emplace_back(option);
    command.push_back(value);
  };
  if (words.derive_dependencies) command.emplace_back("--derive-dependencies");
  if (words.check) command.emplace_back("--check");
  for (const Given& given : example) {
    const std::string dtype = short_dtype_name(given.content.dtype());
    if (given.kind == TWB_NUMBER) {
      add("--scalar", fmt::format("{}={}:{}", given.name, dtype, to_numbers(given.content)[0]));
    } else if (given.direction == TWB_OUT) {
      add("--arg", fmt::format("{}={}", given.name, given.content.description()));
    } else {
      write_npy(file(given), given.content);
      add("--arg", fmt::format("{}={}@{}", given.name, dtype, file(given)));
    }
    if (given.direction != TWB_IN) add("--output", fmt::format("{}={}", given.name, file(given)));
  }
  run_tool(command, directory);

  fmt::print("{} on {}, {}{}\n", program.name, words.platform, words.runtime, words.check ? ", checked" : "");
  bool right = true;
  for (size_t i = 0; i < example.size(); ++i) {
    if (example[i].direction == TWB_IN) continue;
    const DataType dtype = example[i].content.dtype();
    const Tolerance tolerance = program.relative < 0 ? default_tolerance(dtype) : Tolerance{program.relative, program.absolute};
    right = compare(example[i], expected[i], read_npy(file(example[i]), dtype), tolerance) && right;
  }
  fmt::print("{}\n", right ? "PASS" : "FAIL");
  return right ? 0 : exit_code(ErrorCode::kMismatch);
}

int main_of(const twb_program& program, int argc, char** argv) {
  const Words words = read_words(argv[0], argc, argv);
  if (words.help) {
    fmt::print(kHelp, argv[0]);
    return 0;
  }
  if (words.record) {
    write_text(*words.record, record(program, words.locations));
    return 0;
  }
  return words.compile_only || words.output ? compile(program, words) : run(program, words);
}

}  // namespace
}  // namespace tilewright

int twb_main(const twb_program* program, int argc, char** argv) {
  using namespace tilewright;
  try {
    const InterruptHandler interrupts;
    return main_of(*program, argc, argv);
  } catch (const ToolFailed& failed) {
    fmt::print(stderr, "{}", failed.result.output);
    return failed.result.exit_code;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return exit_code(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program->name, error.what());
    return exit_code(ErrorCode::kInternal);
  }
}
