// Random programs by hand: random_programs FIRST [LAST] [--no-run]
#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "generate.h"
#include "run.h"

using namespace tilewright;
using namespace tilewright::random_programs;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const uint64_t first = std::strtoull(argv[1], nullptr, 10), last = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : first;
  const size_t batch = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 50;
  Runner runner;
  runner.interprets = std::getenv("TW_NO_INTERPRET") == nullptr;
  std::map<std::string, std::vector<uint64_t>> causes;
  std::map<std::string, std::string> texts;
  int count = 0;
  for (uint64_t seed = first; seed <= last; seed += batch) {
    std::vector<Program> programs;
    for (uint64_t each = seed; each <= last && each < seed + batch; ++each) programs.push_back(generate(each));
    const std::vector<Verdict> verdicts = runner.judge(programs);
    for (size_t i = 0; i < programs.size(); ++i) {
      ++count;
      if (verdicts[i].kind == Verdict::Kind::kAgrees) continue;
      const std::string cause = std::string(verdict_name(verdicts[i].kind)) + ": " + verdicts[i].cause;
      causes[cause].push_back(programs[i].seed);
      texts.try_emplace(cause, verdicts[i].text);
      if (first == last) fmt::print("{}\n{}\n", text_of(programs[i]), record(programs[i]).text);
    }
  }
  for (const auto& [cause, seeds] : causes) {
    fmt::print("{} x {}, first seed {}\n    {}\n", seeds.size(), cause, seeds.front(), texts[cause].substr(0, first == last ? 5000 : 400));
  }
  const Times& t = runner.times;
  fmt::print("{} programs; record {:.1f} s, interpret {:.1f} s, compile {:.1f} s, build {:.1f} s, run {:.1f} s\n", count, t.record, t.interpret, t.compile,
             t.build, t.run);
  return causes.empty() ? 0 : 1;
}
