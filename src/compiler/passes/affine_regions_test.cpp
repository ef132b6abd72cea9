// What regions are sure of: cases by name, and that all of it is true of random programs.
#include "compiler/passes/affine_regions.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "compiler/ir/register.h"
#include "compiler/ir/tw_dialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

namespace tilewright {
namespace {

using namespace mlir;

class RegionsTest : public testing::Test {
 protected:
  RegionsTest() {
    DialectRegistry registry;
    register_dialects(registry);
    context_.appendDialectRegistry(registry);
    context_.loadAllAvailableDialects();
  }

  /// An orchestration with these arguments and this body, behind constants %c0, %c1, ...
  void parse(const std::string& arguments, const std::string& body) {
    std::string text = "tw.orchestration @f(" + arguments + ") {\n";
    for (const int i : {0, 1, 2, 3, 4, 8, 12, 16, 32, 48, 64})
      text += "%c" + std::to_string(i) + " = arith.constant " + std::to_string(i) + " : index\n";
    module_ = parseSourceString<ModuleOp>(text + body + "\ntw.return\n}\n", &context_);
    if (!module_) throw std::runtime_error("no module: " + text + body);
  }

  /// The first result of the operation that is marked {is = "name"}.
  Value value(StringRef name) {
    Value found;
    module_->walk([&](Operation* op) {
      if (auto mark = op->getAttrOfType<StringAttr>("is"); mark && mark.getValue() == name) found = op->getResult(0);
    });
    EXPECT_TRUE(found) << name.str();
    return found;
  }
  Value argument(unsigned i) {
    Value found;
    module_->walk([&](tw::OrchestrationOp op) { found = op.getBody().getArgument(i); });
    return found;
  }
  scf::ForOp loop() {
    scf::ForOp found;
    module_->walk([&](scf::ForOp op) { found = op; });
    return found;
  }

  bool disjoint(StringRef a, StringRef b) {
    const bool result = regions_.are_disjoint(value(a), value(b));
    EXPECT_EQ(regions_.are_disjoint(value(b), value(a)), result);
    return result;
  }
  bool covers(StringRef outer, StringRef inner) {
    return llvm::all_of(regions_.of(value(inner)),
                        [&](const tilewright::Region& region) { return regions_.covers(regions_.of(value(outer))[0], region); });
  }
  bool exact(StringRef a) { return regions_.of(value(a)).size() == 1 && regions_.of(value(a))[0].exact; }

  MLIRContext context_;
  OwningOpRef<ModuleOp> module_;
  Regions regions_;
};

TEST_F(RegionsTest, SlicesOfSlices) {
  parse("%x: !tw.tensor<64x64xf32>", R"(
    %rows = tw.view %x[%c16, %c0] : !tw.tensor<64x64xf32> -> !tw.tensor<32x64xf32>
    %a = tw.view %rows[%c0, %c8] {is = "a"} : !tw.tensor<32x64xf32> -> !tw.tensor<16x16xf32>
    %b = tw.view %rows[%c16, %c8] {is = "b"} : !tw.tensor<32x64xf32> -> !tw.tensor<16x16xf32>
    %c = tw.view %x[%c16, %c12] {is = "c"} : !tw.tensor<64x64xf32> -> !tw.tensor<16x4xf32>
    %d = tw.view %x[%c32, %c0] {is = "d"} : !tw.tensor<64x64xf32> -> !tw.tensor<32x64xf32>
  )");
  EXPECT_TRUE(disjoint("a", "b"));
  EXPECT_FALSE(disjoint("a", "c"));
  EXPECT_TRUE(disjoint("b", "c"));
  EXPECT_TRUE(disjoint("a", "d"));
  EXPECT_TRUE(covers("a", "c"));
  EXPECT_TRUE(covers("d", "b"));
  EXPECT_FALSE(covers("c", "a"));
  EXPECT_TRUE(exact("a"));
}

// Strides: every other column is a dimension of its own.
TEST_F(RegionsTest, EvenAndOddColumns) {
  parse("%x: !tw.tensor<8x16xf32>, %k: index", R"(
    %r = tw.reshape %x {is = "r"} : !tw.tensor<8x16xf32> -> !tw.tensor<8x8x2xf32>
    %even = tw.view %r[%c0, %c0, %c0] {is = "even"} : !tw.tensor<8x8x2xf32> -> !tw.tensor<8x8x1xf32>
    %odd = tw.view %r[%c0, %c0, %c1] {is = "odd"} : !tw.tensor<8x8x2xf32> -> !tw.tensor<8x8x1xf32>
    %t = tw.transpose %r, 0, 2 : !tw.tensor<8x8x2xf32> -> !tw.tensor<2x8x8xf32>
    %odd_too = tw.view %t[%c1, %c0, %k] {is = "odd_too"} : !tw.tensor<2x8x8xf32> -> !tw.tensor<1x8x1xf32>
    %column = tw.view %x[%c0, %c3] {is = "column"} : !tw.tensor<8x16xf32> -> !tw.tensor<8x1xf32>
    %columns = tw.view %x[%c0, %c3] {is = "columns"} : !tw.tensor<8x16xf32> -> !tw.tensor<8x2xf32>
    %twice = arith.muli %k, %c2 : index
    %even_k = tw.view %x[%c0, %twice] {is = "even_k"} : !tw.tensor<8x16xf32> -> !tw.tensor<8x1xf32>
  )");
  EXPECT_TRUE(disjoint("even", "odd"));
  EXPECT_TRUE(disjoint("even", "odd_too"));
  EXPECT_TRUE(covers("odd", "odd_too"));
  EXPECT_TRUE(disjoint("even", "column"));
  EXPECT_TRUE(covers("odd", "column"));
  EXPECT_FALSE(disjoint("even", "columns"));
  EXPECT_FALSE(covers("odd", "columns"));
  EXPECT_TRUE(covers("even", "even_k"));
  EXPECT_TRUE(disjoint("odd", "even_k"));
  EXPECT_TRUE(exact("odd_too"));
}

TEST_F(RegionsTest, SymbolicSlices) {
  parse("%x: !tw.tensor<?xf32>, %n: index, %m: index", R"(
    %d = tw.dim %x, 0 : !tw.tensor<?xf32>
    %next = arith.addi %n, %c16 : index
    %a = tw.view %x[%n] {is = "a"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %b = tw.view %x[%next] {is = "b"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %c = tw.view %x[%m] {is = "c"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %behind = tw.view %x[%n] extents(%m) {is = "n"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
    %start = tw.view %x[%c0] extents(%n) {is = "start"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
    %one = tw.view %b[%c3] {is = "one"} : !tw.tensor<16xf32> -> !tw.tensor<4xf32>
    %all = tw.view %x[%c0] extents(%d) {is = "all"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
  )");
  EXPECT_TRUE(disjoint("a", "b"));
  EXPECT_FALSE(disjoint("a", "c"));
  EXPECT_FALSE(covers("a", "c"));
  EXPECT_TRUE(disjoint("start", "n"));
  EXPECT_TRUE(disjoint("start", "a"));
  EXPECT_TRUE(covers("b", "one"));
  EXPECT_TRUE(disjoint("a", "one"));
  EXPECT_TRUE(covers("all", "a"));
  EXPECT_TRUE(covers("all", "n"));
  EXPECT_TRUE(regions_.covers(regions_.of(argument(0))[0], regions_.of(value("c"))[0]));
}

TEST_F(RegionsTest, ReshapeToThreeDimensionsAndBack) {
  parse("%x: !tw.tensor<8x32xf32>", R"(
    %three = tw.reshape %x : !tw.tensor<8x32xf32> -> !tw.tensor<8x4x8xf32>
    %flat = tw.reshape %three : !tw.tensor<8x4x8xf32> -> !tw.tensor<256xf32>
    %back = tw.reshape %flat {is = "back"} : !tw.tensor<256xf32> -> !tw.tensor<8x32xf32>
    %a = tw.view %back[%c1, %c8] {is = "a"} : !tw.tensor<8x32xf32> -> !tw.tensor<1x8xf32>
    %b = tw.view %three[%c1, %c1, %c0] {is = "b"} : !tw.tensor<8x4x8xf32> -> !tw.tensor<1x1x8xf32>
    %c = tw.view %flat[%c48] {is = "c"} : !tw.tensor<256xf32> -> !tw.tensor<16xf32>
    %d = tw.view %flat[%c32] {is = "d"} : !tw.tensor<256xf32> -> !tw.tensor<16xf32>
  )");
  EXPECT_TRUE(covers("a", "b"));
  EXPECT_TRUE(covers("b", "a"));
  EXPECT_TRUE(disjoint("b", "c"));
  EXPECT_TRUE(covers("d", "b"));
  EXPECT_TRUE(covers("back", "c"));
  EXPECT_TRUE(exact("c"));
  EXPECT_TRUE(regions_.covers(regions_.of(value("back"))[0], regions_.of(argument(0))[0]));
}

TEST_F(RegionsTest, DynamicOuterExtent) {
  parse("%x: !tw.tensor<?x32xf32>, %y: !tw.tensor<4x?xf32>, %n: index, %m: index", R"(
    %rows = tw.dim %x, 0 : !tw.tensor<?x32xf32>
    %r = tw.reshape %x extents(%rows) : !tw.tensor<?x32xf32> -> !tw.tensor<?x4x8xf32>
    %a = tw.view %r[%n, %c1, %c0] {is = "a"} : !tw.tensor<?x4x8xf32> -> !tw.tensor<1x1x8xf32>
    %b = tw.view %x[%n, %c8] {is = "b"} : !tw.tensor<?x32xf32> -> !tw.tensor<1x8xf32>
    %c = tw.view %x[%n, %c16] {is = "c"} : !tw.tensor<?x32xf32> -> !tw.tensor<1x16xf32>
    %half = arith.ceildivsi %rows, %c2 : index
    %two = tw.reshape %x extents(%half) : !tw.tensor<?x32xf32> -> !tw.tensor<?x64xf32>
    %d = tw.view %two[%c0, %c0] extents(%half) {is = "d"} : !tw.tensor<?x64xf32> -> !tw.tensor<?x32xf32>
    %twice = arith.muli %n, %c2 : index
    %e = tw.view %x[%twice, %c0] {is = "e"} : !tw.tensor<?x32xf32> -> !tw.tensor<1x32xf32>
    %next = arith.addi %twice, %c1 : index
    %f = tw.view %x[%next, %c0] {is = "f"} : !tw.tensor<?x32xf32> -> !tw.tensor<1x32xf32>
    %columns = tw.dim %y, 1 : !tw.tensor<4x?xf32>
    %s = tw.reshape %y extents(%columns) : !tw.tensor<4x?xf32> -> !tw.tensor<2x2x?xf32>
    %g = tw.view %s[%c1, %c0, %n] {is = "g"} : !tw.tensor<2x2x?xf32> -> !tw.tensor<1x1x1xf32>
    %h = tw.view %y[%c2, %m] {is = "h"} : !tw.tensor<4x?xf32> -> !tw.tensor<1x1xf32>
    %i = tw.view %y[%c1, %n] {is = "i"} : !tw.tensor<4x?xf32> -> !tw.tensor<1x1xf32>
    %all = arith.muli %columns, %c4 : index
    %flat = tw.reshape %y extents(%all) {is = "flat"} : !tw.tensor<4x?xf32> -> !tw.tensor<?xf32>
    %j = tw.view %flat[%c0] {is = "j"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_TRUE(covers("a", "b"));
  EXPECT_TRUE(covers("b", "a"));
  EXPECT_TRUE(disjoint("a", "c"));
  EXPECT_TRUE(covers("d", "e"));
  EXPECT_TRUE(disjoint("d", "f"));
  EXPECT_FALSE(disjoint("g", "h"));
  EXPECT_TRUE(disjoint("g", "i"));
  // Its indices are not affine in those of %y.
  EXPECT_TRUE(exact("flat"));
  EXPECT_TRUE(covers("flat", "h"));
  EXPECT_FALSE(exact("j"));
  EXPECT_FALSE(disjoint("j", "h"));
}

TEST_F(RegionsTest, WindowsOfALoop) {
  parse("%x: !tw.tensor<512xf32>, %n: index", R"(
    scf.for %i = %c0 to %n step %c1 {
      %at = arith.muli %i, %c32 : index
      %a = tw.view %x[%at] {is = "a"} : !tw.tensor<512xf32> -> !tw.tensor<32xf32>
      %b = tw.view %x[%at] {is = "b"} : !tw.tensor<512xf32> -> !tw.tensor<48xf32>
      %half = arith.addi %at, %c16 : index
      %c = tw.view %x[%half] {is = "c"} : !tw.tensor<512xf32> -> !tw.tensor<16xf32>
      %r = tw.reshape %x : !tw.tensor<512xf32> -> !tw.tensor<32x16xf32>
      %d = tw.view %r[%c0, %i] {is = "d"} : !tw.tensor<32x16xf32> -> !tw.tensor<32x1xf32>
      %e = tw.view %r[%c0, %c0] {is = "e"} : !tw.tensor<32x16xf32> -> !tw.tensor<32x16xf32>
      %new = tw.create {is = "new"} : !tw.tensor<4xf32>
    }
  )");
  const auto in_turns = [&](StringRef a, StringRef b) {
    const bool result = regions_.are_disjoint_in_turns(loop(), value(a), value(b));
    EXPECT_EQ(regions_.are_disjoint_in_turns(loop(), value(b), value(a)), result);
    return result;
  };
  EXPECT_TRUE(in_turns("a", "a"));
  EXPECT_TRUE(in_turns("a", "c"));
  EXPECT_FALSE(in_turns("b", "b"));
  EXPECT_TRUE(in_turns("d", "d"));
  EXPECT_FALSE(in_turns("d", "a"));
  EXPECT_FALSE(in_turns("d", "e"));
  EXPECT_TRUE(in_turns("new", "new"));
  EXPECT_FALSE(disjoint("a", "c"));
  EXPECT_TRUE(covers("a", "c"));
  EXPECT_TRUE(covers("e", "a"));
}

TEST_F(RegionsTest, BoundsAndStepsOfLoops) {
  parse("%x: !tw.tensor<?xf32>, %n: index", R"(
    scf.for %i = %c0 to %c64 step %c16 {
      %a = tw.view %x[%i] {is = "a"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
      %b = tw.view %x[%c64] {is = "b"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
      %c = tw.view %x[%c48] {is = "c"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
      %rest = arith.remsi %i, %c16 : index
      %d = tw.view %x[%rest] {is = "d"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
      %e = tw.view %x[%c1] {is = "e"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
    }
    scf.for %i = %c0 to %n step %c16 {
      %left = arith.subi %n, %i : index
      %size = arith.minsi %left, %c16 : index
      %f = tw.view %x[%i] extents(%size) {is = "f"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
      %g = tw.view %x[%n] {is = "g"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
      %h = tw.view %x[%c0] extents(%n) {is = "h"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
    }
  )");
  EXPECT_TRUE(disjoint("a", "b"));
  EXPECT_FALSE(disjoint("a", "c"));
  EXPECT_TRUE(disjoint("d", "e"));
  EXPECT_TRUE(disjoint("f", "g"));
  EXPECT_TRUE(covers("h", "f"));
  EXPECT_TRUE(regions_.are_disjoint_in_turns(value("f").getDefiningOp()->getParentOfType<scf::ForOp>(), value("f"), value("f")));
}

// A division that rounds to 0, or takes numbers for positive, is not affine unless the number is known not to be negative.
TEST_F(RegionsTest, DivisionsOfNumbersOfUnknownSign) {
  parse("%x: !tw.tensor<64xf32>, %y: !tw.tensor<?xf32>, %n: index, %small: i32", R"(
    %d = tw.dim %y, 0 : !tw.tensor<?xf32>
    %below = arith.subi %d, %c2 : index
    %half = arith.divsi %below, %c2 : index
    %up = arith.floordivsi %below, %c2 : index
    %safe = arith.divsi %d, %c2 : index
    %down = arith.floordivsi %d, %c2 : index
    %down_next = arith.addi %down, %c1 : index
    %up_next = arith.addi %up, %c1 : index
    %a = tw.view %x[%half] {is = "a"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
    %b = tw.view %x[%up_next] {is = "b"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
    %c = tw.view %x[%safe] {is = "c"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
    %e = tw.view %x[%down_next] {is = "e"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
    %one = arith.constant 1 : i32
    %sum = arith.addi %small, %one : i32
    %wide = arith.index_cast %sum : i32 to index
    %narrow = arith.index_cast %small : i32 to index
    %f = tw.view %x[%wide] {is = "f"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
    %g = tw.view %x[%narrow] {is = "g"} : !tw.tensor<64xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_FALSE(disjoint("a", "b"));
  EXPECT_TRUE(disjoint("c", "e"));
  EXPECT_FALSE(disjoint("f", "g"));  // the sum may wrap around
}

TEST_F(RegionsTest, WhatIsNotAffineIsASymbol) {
  parse("%x: !tw.tensor<?xf32>, %n: index, %m: index", R"(
    %nm = arith.muli %n, %m : index
    %next = arith.addi %nm, %c16 : index
    %a = tw.view %x[%nm] {is = "a"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %b = tw.view %x[%next] {is = "b"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %n_m = arith.remsi %n, %m : index
    %c = tw.view %x[%n_m] {is = "c"} : !tw.tensor<?xf32> -> !tw.tensor<16xf32>
    %large = arith.constant 4611686018427387904 : index
    %huge = arith.muli %n, %large : index
    %huger = arith.muli %huge, %large : index
    %d = tw.view %x[%huger] {is = "d"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
    %min = arith.constant -9223372036854775808 : index
    %negative = arith.addi %huge, %min : index
    %e = tw.view %x[%negative] {is = "e"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_TRUE(disjoint("a", "b"));
  EXPECT_FALSE(disjoint("a", "c"));
  EXPECT_FALSE(disjoint("d", "a"));
  EXPECT_FALSE(disjoint("e", "d"));
}

// Sums of sums double with each line; nobody may walk them as trees.
TEST_F(RegionsTest, LongComputations) {
  std::string body = "%a0 = arith.addi %n, %m : index\n%b0 = arith.subi %n, %m : index\n";
  for (int i = 0; i < 200; ++i) {
    const std::string next = std::to_string(i + 1), last = std::to_string(i);
    body += "%a" + next + " = arith.addi %a" + last + ", %b" + last + " : index\n";
    body += "%b" + next + " = arith.addi %b" + last + ", %a" + next + " : index\n";
  }
  std::string sum = "%s0 = arith.addi %n, %m : index\n", arguments = "%x: !tw.tensor<?xf32>, %n: index, %m: index";
  for (int i = 0; i < 40; ++i) {
    arguments += ", %p" + std::to_string(i) + ": index";
    sum += "%s" + std::to_string(i + 1) + " = arith.addi %s" + std::to_string(i) + ", %p" + std::to_string(i) + " : index\n";
  }
  parse(arguments, body + sum + R"(
    %next = arith.addi %s40, %c1 : index
    %a = tw.view %x[%a200] {is = "a"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
    %b = tw.view %x[%s40] {is = "b"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
    %c = tw.view %x[%next] {is = "c"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_FALSE(disjoint("a", "b"));
  EXPECT_TRUE(disjoint("b", "c"));
}

TEST_F(RegionsTest, BranchesGiveOneOrTheOther) {
  parse("%x: !tw.tensor<64xf32>, %y: !tw.tensor<64xf32>, %p: i1, %n: index", R"(
    %a = tw.view %x[%c0] : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %b = tw.view %x[%c16] {is = "b"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %low = tw.view %x[%c0] {is = "low"} : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
    %high = tw.view %x[%c32] {is = "high"} : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
    %one = scf.if %p -> !tw.tensor<16xf32> {
      scf.yield %a : !tw.tensor<16xf32>
    } else {
      scf.yield %b : !tw.tensor<16xf32>
    } {is = "one"}
    %other = scf.if %p -> !tw.tensor<64xf32> {
      scf.yield %x : !tw.tensor<64xf32>
    } else {
      scf.yield %y : !tw.tensor<64xf32>
    } {is = "other"}
    %part = tw.view %other[%c48] {is = "part"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %same = scf.if %p -> !tw.tensor<16xf32> {
      %c = tw.view %x[%n] : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      scf.yield %c : !tw.tensor<16xf32>
    } else {
      %c = tw.view %x[%n] : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      scf.yield %c : !tw.tensor<16xf32>
    } {is = "same"}
    %chosen = arith.select %p, %b, %a {is = "chosen"} : !tw.tensor<16xf32>
  )");
  EXPECT_EQ(regions_.of(value("one")).size(), 2u);
  EXPECT_FALSE(exact("one"));
  EXPECT_FALSE(disjoint("one", "b"));
  EXPECT_TRUE(disjoint("one", "high"));
  EXPECT_TRUE(disjoint("part", "one"));
  EXPECT_FALSE(disjoint("part", "high"));
  for (const tilewright::Region& region : regions_.of(value("one"))) EXPECT_TRUE(regions_.covers(regions_.of(value("low"))[0], region));
  EXPECT_FALSE(covers("one", "b"));
  EXPECT_TRUE(exact("same"));
  EXPECT_TRUE(disjoint("chosen", "high"));
  EXPECT_EQ(regions_.of(value("other"))[1].root, argument(1));
}

TEST_F(RegionsTest, ValuesThatLoopsCarry) {
  parse("%x: !tw.tensor<64xf32>, %y: !tw.tensor<64xf32>, %n: index", R"(
    %init = tw.view %x[%c0] {is = "init"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %last = tw.view %x[%c48] {is = "last"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %swapped:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (!tw.tensor<64xf32>, !tw.tensor<64xf32>) {
      %of_a = tw.view %a[%c0] {is = "of_a"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      scf.yield %b, %a : !tw.tensor<64xf32>, !tw.tensor<64xf32>
    } {is = "swapped"}
    %end = scf.for %i = %c0 to %n step %c1 iter_args(%w = %init) -> !tw.tensor<16xf32> {
      %before = tw.view %w[%c0] {is = "before"} : !tw.tensor<16xf32> -> !tw.tensor<16xf32>
      %at = tw.view %x[%i] {is = "at"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      scf.yield %at : !tw.tensor<16xf32>
    } {is = "end"}
    %kept = scf.for %i = %c0 to %n step %c1 iter_args(%w = %init) -> !tw.tensor<16xf32> {
      scf.yield %w : !tw.tensor<16xf32>
    } {is = "kept"}
    %grows = scf.for %i = %c0 to %n step %c1 iter_args(%w = %init) -> !tw.tensor<16xf32> {
      %r = tw.reshape %w : !tw.tensor<16xf32> -> !tw.tensor<4x4xf32>
      %t = tw.transpose %r, 0, 1 : !tw.tensor<4x4xf32> -> !tw.tensor<4x4xf32>
      %s = tw.reshape %t : !tw.tensor<4x4xf32> -> !tw.tensor<16xf32>
      scf.yield %s : !tw.tensor<16xf32>
    } {is = "grows"}
    %piece = tw.view %grows[%c0] {is = "piece"} : !tw.tensor<16xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_EQ(regions_.of(value("swapped")).size(), 2u);
  EXPECT_TRUE(disjoint("of_a", "last"));
  EXPECT_FALSE(disjoint("of_a", "init"));
  // A window of the turn before is not where that of this turn is.
  EXPECT_FALSE(disjoint("before", "last"));
  EXPECT_FALSE(covers("at", "before"));
  EXPECT_FALSE(disjoint("end", "last"));
  EXPECT_TRUE(exact("kept"));
  EXPECT_TRUE(disjoint("kept", "last"));
  EXPECT_FALSE(disjoint("grows", "last"));
  EXPECT_FALSE(exact("grows"));
  EXPECT_FALSE(disjoint("piece", "last"));
  EXPECT_EQ(regions_.of(value("piece"))[0].root, argument(0));
}

TEST_F(RegionsTest, WindowsOfTheTurnBefore) {
  parse("%x: !tw.tensor<64xf32>", R"(
    %last = tw.view %x[%c48] : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
    %end = scf.for %i = %c16 to %c48 step %c16 iter_args(%w = %last) -> !tw.tensor<16xf32> {
      %before = tw.view %w[%c0] {is = "before"} : !tw.tensor<16xf32> -> !tw.tensor<16xf32>
      %at = tw.view %x[%i] {is = "at"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      %i_before = arith.subi %i, %c16 : index
      %at_before = tw.view %x[%i_before] {is = "at_before"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      scf.yield %at : !tw.tensor<16xf32>
    }
  )");
  EXPECT_FALSE(disjoint("before", "at_before"));
  EXPECT_TRUE(disjoint("at", "at_before"));
}

// The tensor of the turn before has the name of this turn's.
TEST_F(RegionsTest, TensorsOfAnotherTurn) {
  parse("%x: !tw.tensor<64xf32>, %n: index", R"(
    %end = scf.for %i = %c0 to %n step %c1 iter_args(%w = %x) -> !tw.tensor<64xf32> {
      %before = tw.view %w[%c0] {is = "before"} : !tw.tensor<64xf32> -> !tw.tensor<16xf32>
      %made = tw.create {is = "made"} : !tw.tensor<64xf32>
      scf.yield %made : !tw.tensor<64xf32>
    } {is = "end"}
    %while = scf.while (%w = %x) : (!tw.tensor<64xf32>) -> !tw.tensor<64xf32> {
      %go = arith.cmpi slt, %n, %c8 : index
      %first = tw.view %w[%c0] {is = "first"} : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
      scf.condition(%go) %w : !tw.tensor<64xf32>
    } do {
    ^bb0(%v: !tw.tensor<64xf32>):
      %second = tw.view %v[%c32] {is = "second"} : !tw.tensor<64xf32> -> !tw.tensor<32xf32>
      scf.yield %v : !tw.tensor<64xf32>
    } attributes {is = "while"}
  )");
  // Of a turn that made a tensor, or of %x: whichever.
  for (const char* name : {"before", "end"}) {
    EXPECT_EQ(regions_.of(value(name)).size(), 2u);
    for (const tilewright::Region& region : regions_.of(value(name))) {
      EXPECT_TRUE(region.root);
      EXPECT_FALSE(region.exact);
      EXPECT_EQ(region.of_any_turn, region.root == value("made"));
      EXPECT_EQ(regions_.covers(regions_.of(region.root)[0], region), region.root != value("made"));
    }
  }
  EXPECT_FALSE(covers("made", "before"));
  EXPECT_FALSE(disjoint("made", "before"));
  EXPECT_TRUE(disjoint("first", "second"));
  EXPECT_TRUE(exact("while"));
}

TEST_F(RegionsTest, ScopesGiveWhatTheyYield) {
  parse("%x: !tw.tensor<?xf32>, %n: index", R"(
    %s = tw.scope -> (!tw.tensor<?xf32>) {
      %v = tw.view %x[%n] extents(%c16) {is = "v"} : !tw.tensor<?xf32> -> !tw.tensor<?xf32>
      tw.yield %v : !tw.tensor<?xf32>
    } {is = "s"}
    %d = tw.dim %s, 0 : !tw.tensor<?xf32>
    %next = arith.addi %n, %d : index
    %w = tw.view %x[%next] {is = "w"} : !tw.tensor<?xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_TRUE(exact("s"));
  EXPECT_TRUE(covers("s", "v"));
  EXPECT_TRUE(covers("v", "s"));
  EXPECT_TRUE(disjoint("s", "w"));
}

TEST_F(RegionsTest, RootsAndWhatTheyMayAlias) {
  parse("%x: !tw.tensor<4xf32> {tw.may_alias}, %y: !tw.tensor<4xf32> {tw.may_alias}, %z: !tw.tensor<4xf32>", R"(
    %new = tw.create {is = "new"} : !tw.tensor<4xf32>
    %kept = tw.declare %x : !tw.var<!tw.tensor<4xf32>>
    %unknown = tw.get %kept {is = "unknown"} : !tw.var<!tw.tensor<4xf32>>
    %part = tw.view %unknown[%c0] {is = "part"} : !tw.tensor<4xf32> -> !tw.tensor<1xf32>
  )");
  EXPECT_FALSE(regions_.are_disjoint(argument(0), argument(1)));
  EXPECT_TRUE(regions_.are_disjoint(argument(0), argument(2)));
  EXPECT_TRUE(regions_.are_disjoint(argument(0), value("new")));
  EXPECT_FALSE(regions_.are_disjoint(argument(2), value("part")));
  EXPECT_FALSE(disjoint("new", "part"));
  EXPECT_FALSE(covers("unknown", "part"));
  EXPECT_FALSE(regions_.of(value("part"))[0].root);
}

TEST_F(RegionsTest, Elements) {
  parse("%x: !tw.tensor<8x8xf32>, %n: index, %i: i32", R"(
    %t = tw.transpose %x, 0, 1 {is = "t"} : !tw.tensor<8x8xf32> -> !tw.tensor<8x8xf32>
    %row = tw.view %x[%c1, %c0] {is = "row"} : !tw.tensor<8x8xf32> -> !tw.tensor<1x8xf32>
    %c7 = arith.addi %n, %c0 {is = "n"} : index
    %next = arith.addi %n, %c1 {is = "next"} : index
    %one = arith.addi %c0, %c1 {is = "one"} : index
  )");
  const Value n = value("n"), next = value("next"), one = value("one");
  const auto a = regions_.element(value("t"), {n, one}), b = regions_.element(argument(0), {one, n}),
             c = regions_.element(value("t"), {next, one});
  EXPECT_TRUE(a[0].exact);
  EXPECT_TRUE(regions_.covers(a[0], b[0]));
  EXPECT_TRUE(regions_.covers(regions_.of(value("row"))[0], a[0]));
  EXPECT_FALSE(regions_.covers(a[0], regions_.of(value("row"))[0]));
  EXPECT_TRUE(regions_.are_disjoint(b[0], c[0]));
  EXPECT_FALSE(regions_.covers(b[0], c[0]));
  EXPECT_FALSE(regions_.covers(c[0], b[0]));
  EXPECT_FALSE(regions_.are_disjoint(a[0], b[0]));
}

}  // namespace
}  // namespace tilewright
