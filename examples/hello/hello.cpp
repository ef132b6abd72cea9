// A first program: builds examples/hello from its sources, runs it on a simulated device, checks every element.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "tilewright/worker.h"
#include "worker/build_target.h"

namespace tw = tilewright;

static int add_on(const std::string& platform) {
  constexpr int64_t kCount = 10000;
  std::vector<float> a(kCount), b(kCount), c(kCount);
  for (int64_t i = 0; i < kCount; ++i) {
    a[i] = 0.25f * static_cast<float>(i);
    b[i] = 1.5f - static_cast<float>(i);
  }

  // Sources to one relocatable image; what was built before comes from the object store.
  tw::Store store;
  const tw::CallableSpec spec = tw::load_callable_spec(TW_EXAMPLES_DIR "/hello/callable.json");
  const tw::BuiltCallable built = tw::build_callable(spec, tw::build_options_for(platform), store);

  // Register once, run as often as you like.
  tw::WorkerOptions worker_options;
  worker_options.platform = platform;
  tw::ChipWorker worker(worker_options);
  const tw::CallableHandle hello = worker.register_callable(built.image);
  tw::TaskArguments arguments;
  arguments.add_tensor(a.data(), DataType::FLOAT32, {kCount}, ArgDirection::IN)
      .add_tensor(b.data(), DataType::FLOAT32, {kCount}, ArgDirection::IN)
      .add_tensor(c.data(), DataType::FLOAT32, {kCount}, ArgDirection::OUT);
  const tw::RunReport report = worker.run(hello, arguments);

  // Single precision adds to the nearest float, so nothing but equality will do.
  for (int64_t i = 0; i < kCount; ++i) {
    const double want = static_cast<double>(a[i]) + static_cast<double>(b[i]);
    if (c[i] != static_cast<float>(want)) {
      fmt::print("FAIL: c[{}] is {}, not {}\n", i, c[i], want);
      return 1;
    }
  }
  fmt::print("PASS: {} elements added by {} tasks\n", kCount, report.task_count);
  return 0;
}

int main(int argc, char** argv) {
  try {
    return add_on(argc > 1 ? argv[1] : "a2a3sim");
  } catch (const tw::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return tw::exit_code(error.code());
  }
}
