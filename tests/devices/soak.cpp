#include "soak.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "all_meet/problem.h"
#include "base/error.h"
#include "common/run.h"
#include "cross_core_flags/problem.h"
#include "mixed/problem.h"
#include "paged_attention/attention_case.h"
#include "pipeline/problem.h"
#include "spmd/problem.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright::faults {
namespace {

using examples::Problem;

Problem attention(uint64_t seed) {
  const examples::AttentionCase attention = examples::make_attention_case(16, {300, 17, 128}, seed);
  return examples::attention_problem(attention, examples::attention_reference(attention));
}

struct Example {
  std::string name;
  Problem (*problem)(uint64_t seed);
};
const std::vector<Example>& all_examples() {
  static const std::vector<Example> examples = {
      {"paged_attention", attention},           {"spmd", examples::spmd_problem},
      {"mixed", examples::mixed_problem},       {"all_meet", examples::all_meet_problem},
      {"pipeline", examples::pipeline_problem}, {"cross_core_flags", examples::cross_core_flags_problem}};
  return examples;
}

using Images = std::map<std::string, std::vector<uint8_t>>;

Images build_all(const std::string& platform) {
  Images images;
  Store store(TW_TEST_STORE);  // that of the examples' own tests, which build the same
  for (const Example& example : all_examples()) {
    const CallableSpec spec = load_callable_spec(std::filesystem::path(TW_EXAMPLES_DIR) / example.name / "callable.json");
    images[example.name] = build_callable(spec, {.platform_arch = platform}, store).image;
  }
  return images;
}

/// The tensors of a problem as they were, to run it again.
class Snapshot {
 public:
  explicit Snapshot(const Problem& problem) : problem_(problem) {
    for (int32_t i = 0; i < problem.args().tensor_count(); ++i) {
      const char* const bytes = problem.args().tensor(i).data_as<char>();
      tensors_.emplace_back(bytes, bytes + problem.args().tensor(i).buffer.size);
    }
  }
  void restore() const {
    for (size_t i = 0; i < tensors_.size(); ++i) {
      std::memcpy(problem_.args().tensor(static_cast<int32_t>(i)).data_as<char>(), tensors_[i].data(), tensors_[i].size());
    }
  }

 private:
  const Problem& problem_;
  std::vector<std::vector<char>> tensors_;
};

void run_device(int device, const std::string& platform, const Images& images, int rounds, SoakResult& result) {
  WorkerOptions options;
  options.platform = platform;
  options.device_id = device;
  ChipWorker worker(options);
  for (const Example& example : all_examples()) {
    const CallableHandle handle = worker.register_callable(images.at(example.name));
    const Problem problem = example.problem(static_cast<uint64_t>(device) + 1);
    const Snapshot before(problem);
    const TaskArguments arguments = examples::task_arguments(problem);
    for (int round = 0; round < rounds; ++round) {
      const std::string what = fmt::format("{} on device {} ({}), round {}", example.name, device, platform, round);
      before.restore();
      try {
        worker.run(handle, arguments);
        ++result.runs;
        for (const Problem::Output& output : problem.outputs()) {
          const examples::Comparison comparison = examples::compare(output);
          if (!comparison.within) result.wrong.push_back(fmt::format("{}: {}: {}", what, output.name, examples::describe(comparison)));
        }
      } catch (const Error& error) {
        result.wrong.push_back(fmt::format("{}: {}", what, error.what()));
      }
    }
  }
}

}  // namespace

SoakResult run_soak(int devices, int rounds) {
  const std::string platforms[] = {"a2a3sim", "a5sim"};
  const Images images[] = {build_all(platforms[0]), build_all(platforms[1])};
  std::vector<SoakResult> results(static_cast<size_t>(devices));
  std::vector<std::thread> clients;
  for (int i = 0; i < devices; ++i) {
    clients.emplace_back([&, i] { run_device(i, platforms[i % 2], images[i % 2], rounds, results[static_cast<size_t>(i)]); });
  }
  SoakResult all;
  for (size_t i = 0; i < results.size(); ++i) {
    clients[i].join();
    all.runs += results[i].runs;
    all.wrong.insert(all.wrong.end(), results[i].wrong.begin(), results[i].wrong.end());
  }
  return all;
}

}  // namespace tilewright::faults
