// Paged attention from its sources to a compared result: docs/guide/examples.md.
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

/// A length for each sequence: those given, one for all, or a mixture of full and partial pages.
std::vector<int32_t> context_lengths(size_t batch, const std::vector<int32_t>& given) {
  if (given.size() > 1 && batch != given.size()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} contexts for a batch of {}", given.size(), batch),
                "give --context once for all sequences or once for each");
  }
  constexpr int32_t kMixture[] = {1024, 641, 300, 77};
  std::vector<int32_t> contexts;
  for (size_t b = 0; b < batch; ++b) contexts.push_back(given.size() > 1 ? given[b] : given.size() == 1 ? given[0] : kMixture[b % 4]);
  return contexts;
}

int demo(int argc, char** argv) {
  ProgramOptions options{.name = "paged_attention"};
  uint32_t heads = 16;
  size_t batch = 4;
  std::vector<int32_t> given_contexts;
  CLI::App app("Paged attention on tile kernels, compared with its definition in double precision.");
  add_program_options(app, options);
  app.add_option("--heads", heads, "query heads, a multiple of 16; 16 share one key/value head")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  CLI::Option* batch_option = app.add_option("--batch", batch, "sequences")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--context", given_contexts, "tokens of a sequence; one for all, or one for each: --context 1000,20,300")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (given_contexts.size() > 1 && batch_option->count() == 0) batch = given_contexts.size();

  return run_reporting_errors([&] {
    const std::vector<int32_t> contexts = context_lengths(batch, given_contexts);
    const AttentionCase attention = make_attention_case(heads, contexts, options.seed);
    const Problem problem = attention_problem(attention, attention_reference(attention));
    const Outcome outcome = run_problem(options, problem);
    print_outcome(options, problem, outcome,
                  fmt::format("{} heads, head dim {}, pages of {} tokens, contexts {}", heads, AttentionCase::kHeadDim,
                              AttentionCase::kBlock, fmt::join(contexts, " ")));
    return outcome.within;
  });
}

}  // namespace
}  // namespace tilewright::examples

int main(int argc, char** argv) { return tilewright::examples::demo(argc, argv); }
