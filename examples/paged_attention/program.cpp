#include "paged_attention/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "common/run.h"
#include "paged_attention/attention_case.h"

namespace tilewright::examples {
namespace {

/// A length for each sequence: those given, one for all, or the mixture of the example, over and over.
std::vector<int32_t> context_lengths(size_t batch, const std::vector<int32_t>& given, const std::vector<int32_t>& mixture) {
  if (given.size() > 1 && batch != given.size()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} contexts for a batch of {}", given.size(), batch),
                "give --context once for all sequences or once for each");
  }
  std::vector<int32_t> contexts;
  const std::vector<int32_t>& repeated = given.empty() ? mixture : given;
  for (size_t b = 0; b < batch; ++b) contexts.push_back(repeated[b % repeated.size()]);
  return contexts;
}

}  // namespace

int attention_main(int argc, char** argv, const AttentionProgram& program) {
  ProgramOptions options{.name = program.name};
  uint32_t heads = 16;
  size_t batch = program.contexts.size();
  std::vector<int32_t> given_contexts;
  uint32_t chunk = program.chunk.value_or(0);
  CLI::App app(program.about);
  add_program_options(app, options);
  app.add_option("--heads", heads, "query heads, a multiple of 16; 16 share one key/value head")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  CLI::Option* batch_option = app.add_option("--batch", batch, "sequences")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--context", given_contexts, "tokens of a sequence; one for all, or one for each: --context 1000,20,300")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20));
  if (program.chunk) {
    app.add_option("--chunk", chunk, "sequences that share their tasks")->check(CLI::Range(1, 32767))->capture_default_str();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (given_contexts.size() > 1 && batch_option->count() == 0) batch = given_contexts.size();

  return run_reporting_errors([&] {
    const std::vector<int32_t> contexts = context_lengths(batch, given_contexts, program.contexts);
    const AttentionCase attention = make_attention_case(heads, contexts, options.seed);
    Problem problem = attention_problem(attention, attention_reference(attention));
    if (program.chunk) problem.scalar(chunk);
    const Outcome outcome = run_problem(options, problem);
    print_outcome(
        options, problem, outcome,
        fmt::format("{} heads, head dim {}, pages of {} tokens, contexts {}{}", heads, AttentionCase::kHeadDim, AttentionCase::kBlock,
                    fmt::join(contexts, " "), program.chunk ? fmt::format(", {} of them in a chunk", chunk) : ""));
    return outcome.within;
  });
}

}  // namespace tilewright::examples
