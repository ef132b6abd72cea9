// Random kernels with loops, branches and tiles that are changed in place: what plan-memory-and-sync makes of them holds when it is executed,
// values included, and does not when any flag is taken away.
#include <cstdlib>
#include <functional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ir/register.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/verify_plan.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright {
namespace {

using namespace mlir;

/// Tiles of one shape, which is all that places ask for.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string make() {
    out_ = R"(!t = !tile.tile<8x64xf32, vec>
!c = !tile.tile<8x1xf32, vec>
!g = !tw.tensor<8x64xf32>
tile.func aiv @k(%x: !g, %y: !g {tw.inout}, %h: f32, %n: index, %go: i1) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : index
)";
    left_ = between(4, 22);
    tiles_ = {make_tile("tile.load %x[%zero, %zero] : !g -> !t")};
    block(0);
    line(fmt::format("tile.store {}, %y[%zero, %zero] : !t, !g", one_of()));
    return out_ + "  tile.return\n}\n";
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  std::string one_of() { return tiles_[static_cast<size_t>(between(0, static_cast<int>(tiles_.size()) - 1))]; }
  void line(const std::string& text) { out_ += "  " + text + "\n"; }
  std::string name() { return fmt::format("%v{}", next_++); }
  std::string make_tile(const std::string& op) {
    const std::string result = name();
    line(result + " = " + op);
    return result;
  }

  void block(int depth) {
    for (int count = between(1, 7); count > 0 && left_ > 0; --count) {
      --left_;
      const int what = between(0, depth < 3 ? 13 : 9);
      if (what <= 9) {
        operation(what);
      } else if (what <= 11) {
        loop(depth, what == 10);
      } else if (what == 12) {
        branch(depth);
      } else {
        repeat(depth);
      }
    }
  }

  void operation(int what) {
    const std::string a = one_of(), b = one_of();
    switch (what) {
      case 0: tiles_.push_back(make_tile(fmt::format("tile.load {}[%zero, %zero] : !g -> !t", between(0, 1) == 0 ? "%x" : "%y"))); return;
      case 1: return line(fmt::format("tile.store {}, %y[%zero, %zero] : !t, !g", a));
      case 2: tiles_.push_back(make_tile(fmt::format("tile.exp {} : !t", a))); return;
      case 3: tiles_.push_back(make_tile(fmt::format("tile.add {}, {} : !t", a, b))); return;
      case 4: tiles_.push_back(make_tile(fmt::format("tile.fmod {}, {} : !t", a, b))); return;
      case 5: tiles_.push_back(make_tile(fmt::format("tile.write %h, {}[%zero, %zero] : f32, !t", a))); return;
      case 6: tiles_.push_back(make_tile(fmt::format("tile.axpy {}, {}, %h : (!t, !t, f32) -> !t", a, b))); return;
      case 7: tiles_.push_back(make_tile(fmt::format("tile.insert {}, {}[%zero, %zero] : !t, !t", a, b))); return;
      case 8: {
        const std::string column = make_tile(fmt::format("tile.row_sum {} : (!t) -> !c", a));
        tiles_.push_back(make_tile(fmt::format("tile.row_expand_mul {}, {} : (!t, !c) -> !t", b, column)));
        return;
      }
      default: {
        const std::string value = make_tile(fmt::format("tile.read {}[%zero, %zero] : !t -> f32", a));
        tiles_.push_back(make_tile(fmt::format("tile.muls {}, {} : (!t, f32) -> !t", b, value)));
      }
    }
  }

  static std::string list(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }
  static std::string types(size_t count) { return list(std::vector<std::string>(count, "!t")); }

  std::vector<std::string> some(size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back(one_of());
    return names;
  }

  std::vector<std::string> results(const std::string& name, size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}#{}", name, i));
    return names;
  }

  void loop(int depth, bool known) {
    const auto count = static_cast<size_t>(between(1, 3));
    const std::string loop = name(), turn = name();
    std::vector<std::string> carried, first = some(count), pairs;
    for (size_t i = 0; i < count; ++i) {
      carried.push_back(name());
      pairs.push_back(carried[i] + " = " + first[i]);
    }
    line(fmt::format("{}:{} = scf.for {} = %zero to {} step %one iter_args({}) -> ({}) {{", loop, count, turn, known ? "%three" : "%n",
                     list(pairs), types(count)));
    within(depth, carried, [&] { line(fmt::format("scf.yield {} : {}", list(some(count)), types(count))); });
    line("}");
    append(results(loop, count));
  }

  void branch(int depth) {
    const auto count = static_cast<size_t>(between(1, 2));
    const std::string branch = name();
    const auto yield = [&] { line(fmt::format("scf.yield {} : {}", list(some(count)), types(count))); };
    line(fmt::format("{}:{} = scf.if %go -> ({}) {{", branch, count, types(count)));
    within(depth, {}, yield);
    line("} else {");
    within(depth, {}, yield);
    line("}");
    append(results(branch, count));
  }

  void repeat(int depth) {
    const std::string loop = name(), before = name(), after = name(), first = one_of();
    line(fmt::format("{}:1 = scf.while ({} = {}) : (!t) -> !t {{", loop, before, first));
    within(depth, {before}, [&] { line(fmt::format("scf.condition(%go) {} : !t", one_of())); });
    line("} do {");
    line(fmt::format("^bb0({}: !t):", after));
    within(depth, {after}, [&] { line(fmt::format("scf.yield {} : !t", one_of())); });
    line("}");
    append(results(loop, 1));
  }

  void within(int depth, const std::vector<std::string>& more, const std::function<void()>& end) {
    const std::vector<std::string> outside = tiles_;
    append(more);
    append(more);  // what is carried is what is used most
    block(depth + 1);
    end();
    tiles_ = outside;
  }

  void append(const std::vector<std::string>& names) { tiles_.insert(tiles_.end(), names.begin(), names.end()); }

  std::mt19937_64 random_;
  std::string out_;
  std::vector<std::string> tiles_;
  int left_ = 0, next_ = 0;
};

TEST(RandomKernelTest, PlansHoldAndEachFlagIsNeeded) {
  DialectRegistry registry;
  register_dialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string messages;
  const ScopedDiagnosticHandler handler(&context, [&](Diagnostic& diagnostic) {
    messages += diagnostic.str() + "\n";
    return success();
  });
  const char* given = std::getenv("TW_TEST_SEED");
  const char* count = std::getenv("TW_TEST_COUNT");
  const uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const uint64_t kernels = count != nullptr ? std::strtoull(count, nullptr, 10) : given != nullptr ? 1 : 150;
  const Target& target = *find_target("a2a3");
  int copies = 0, flags = 0;
  for (uint64_t seed = first; seed < first + kernels; ++seed) {
    const std::string text = Generator(seed).make();
    const auto what = [&] { return fmt::format("TW_TEST_SEED={}\n{}{}", seed, text, messages); };
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << what();
    PassManager passes(&context);
    passes.addPass(create_plan_memory_and_sync("a2a3"));
    passes.addPass(create_verify_plan("a2a3"));
    ASSERT_TRUE(succeeded(passes.run(*module))) << what();
    std::vector<Operation*> steps;
    module->walk([&](Operation* op) {
      if (isa<tile::SetFlagOp, tile::WaitFlagOp>(op)) steps.push_back(op);
      copies += isa<tile::MoveOp>(op) ? 1 : 0;
    });
    flags += static_cast<int>(steps.size());
    auto kernel = cast<tile::FuncOp>(module->lookupSymbol("k"));
    // Taking one out and putting it back.
    for (Operation* step : steps) {
      Operation* next = step->getNextNode();
      step->remove();
      std::vector<Operation*> ids;
      EXPECT_FALSE(plan::validate(*listing_of(kernel, target, ids)).empty()) << what();
      next->getBlock()->getOperations().insert(next->getIterator(), step);
    }
  }
  if (kernels < 100) return;
  EXPECT_GT(copies, static_cast<int>(kernels) / 2);
  EXPECT_GT(flags, static_cast<int>(kernels));
  std::printf("%d kernels, %d copies, %d halves of flags\n", static_cast<int>(kernels), copies, flags);
}

}  // namespace
}  // namespace tilewright
