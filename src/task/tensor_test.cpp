#include "tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "task_args.h"

namespace {

// The element offsets a view covers, enumerated index by index.
std::vector<uint64_t> offsets_of(const ChipTensor& t) {
  std::vector<uint64_t> result;
  std::vector<uint32_t> index(t.ndims, 0);
  if (t.numel() == 0) return result;
  for (;;) {
    uint64_t offset = t.start_offset;
    for (uint32_t i = 0; i < t.ndims; ++i) offset += uint64_t{index[i]} * t.strides[i];
    result.push_back(offset);
    uint32_t dim = t.ndims;
    while (dim > 0 && ++index[dim - 1] == t.shapes[dim - 1]) index[--dim] = 0;
    if (dim == 0) return result;
  }
}

ChipTensor tensor_of(std::vector<uint32_t> shapes) {
  return make_tensor_external(reinterpret_cast<void*>(0x1000), shapes.data(), static_cast<uint32_t>(shapes.size()));
}

TEST(ChipTensor, ViewsCoverTheElementsTheirIndicesName) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const uint32_t rank = 1 + random() % 5;
    std::vector<uint32_t> shapes, part, at;
    for (uint32_t i = 0; i < rank; ++i) {
      shapes.push_back(1 + random() % 5);
      part.push_back(1 + random() % shapes[i]);
      at.push_back(random() % (shapes[i] - part[i] + 1));
    }
    const ChipTensor whole = tensor_of(shapes);
    const ChipTensor view = whole.view(part.data(), at.data());
    ASSERT_EQ(view.fault(), TensorFault::NONE);
    const std::vector<uint64_t> offsets = offsets_of(view);
    EXPECT_EQ(offsets.front(), whole.compute_flat_offset(at.data(), rank));
    EXPECT_EQ(*std::max_element(offsets.begin(), offsets.end()) - offsets.front() + 1, view.extent_elem());
    EXPECT_EQ(view.is_contiguous, view.extent_elem() == view.numel() && std::is_sorted(offsets.begin(), offsets.end()));

    const uint32_t x = random() % rank, y = random() % rank;
    const std::vector<uint64_t> turned = offsets_of(view.transpose(x, y));
    EXPECT_EQ(std::set<uint64_t>(turned.begin(), turned.end()), std::set<uint64_t>(offsets.begin(), offsets.end()));
  }
}

TEST(ChipTensor, SliceKeepsEveryStepth) {
  const ChipTensor sliced = tensor_of({10}).slice(0, 1, 8, 3);
  EXPECT_EQ(offsets_of(sliced), (std::vector<uint64_t>{1, 4, 7}));
  EXPECT_FALSE(sliced.is_contiguous);
}

TEST(ChipTensor, ReshapeNeedsEqualCountAndContiguity) {
  const uint32_t flat[] = {24}, wrong[] = {5};
  EXPECT_EQ(tensor_of({4, 6}).reshape(flat, 1).fault(), TensorFault::NONE);
  EXPECT_EQ(tensor_of({4, 6}).reshape(wrong, 1).fault(), TensorFault::BAD_RESHAPE);
  EXPECT_EQ(tensor_of({4, 6}).transpose(0, 1).reshape(flat, 1).fault(), TensorFault::BAD_RESHAPE);
}

TEST(ChipTensor, AnEmptyViewIsAcceptedWhateverItsOffsets) {
  const uint32_t part[] = {0, 3}, at[] = {99, 99};
  const ChipTensor view = tensor_of({4, 6}).view(part, at);
  EXPECT_EQ(view.fault(), TensorFault::NONE);
  EXPECT_EQ(view.extent_elem(), 0u);
  EXPECT_EQ(view.numel(), 0u);
}

TEST(ChipTensor, AFaultSticksToEveryViewDerivedFromIt) {
  const uint32_t part[] = {4, 4}, at[] = {1, 3}, one[] = {1, 1}, zero[] = {0, 0};
  const ChipTensor outside = tensor_of({4, 6}).view(part, at);
  EXPECT_EQ(outside.fault(), TensorFault::VIEW_OUT_OF_BOUNDS);
  EXPECT_EQ(outside.view(one, zero).fault(), TensorFault::VIEW_OUT_OF_BOUNDS);
  EXPECT_EQ(tensor_of({4}).slice(0, 2, 9).fault(), TensorFault::VIEW_OUT_OF_BOUNDS);
  EXPECT_EQ(tensor_of({4}).slice(1, 0, 1).fault(), TensorFault::VIEW_OUT_OF_BOUNDS);
  EXPECT_EQ(tensor_of({4}).transpose(0, 1).fault(), TensorFault::BAD_PERMUTATION);
  const uint32_t twice[] = {0, 0};
  EXPECT_EQ(tensor_of({4, 6}).permute(twice).fault(), TensorFault::BAD_PERMUTATION);
  EXPECT_EQ(tensor_of({1, 1, 1, 1, 1, 1}).fault(), TensorFault::BAD_RANK);
}

TEST(ChipTensor, ViewsDoNotInheritManualDep) {
  const uint32_t shape[] = {4}, at[] = {0};
  const ChipTensor manual = make_tensor_external(nullptr, shape, 1, DataType::FLOAT32, true);
  EXPECT_FALSE(manual.view(shape, at).manual_dep);
  EXPECT_TRUE(manual.view(shape, at, true).manual_dep);
}

TEST(CoreTaskArgs, BrokenRulesStickAsTheFirstError) {
  const ChipTensor t = tensor_of({4});
  CoreTaskArgs args;
  args.add_scalar(1);
  args.add_input(t);
  EXPECT_TRUE(args.has_error);
  EXPECT_STREQ(args.error_msg, "tensors must be added before scalars");
  args.reset();
  EXPECT_FALSE(args.has_error);
  for (int i = 0; i < 32; ++i) args.add_input(t);
  EXPECT_FALSE(args.has_error);
  args.add_input(t);
  EXPECT_STREQ(args.error_msg, "too many tensors (max 32)");
  args.reset();
  for (int i = 0; i < 17; ++i) args.add_scalar(i);
  EXPECT_STREQ(args.error_msg, "too many scalars (max 16)");
  args.reset();
  args.set_task_timing_slot(16);
  EXPECT_TRUE(args.has_error);
}

TEST(CoreTaskArgs, ScalarsAreZeroExtendedBits) {
  CoreTaskArgs args;
  args.add_scalar(int32_t{-1}, 1.0f, true);
  EXPECT_EQ(args.scalar(0), 0xffffffffu);
  EXPECT_EQ(args.scalar(1), 0x3f800000u);
  EXPECT_EQ(args.scalar(2), 1u);
}

TEST(CoreTaskArgs, ResetKeepsTheLaunchSpec) {
  CoreTaskArgs args;
  args.launch_spec.set_core_num(7);
  args.reset();
  EXPECT_EQ(args.launch_spec.block_num(), 7);
}

TEST(CoreTaskArgs, DependenciesAreSetOnce) {
  const PTO2TaskId ids[] = {PTO2TaskId::make(0, 1)};
  CoreTaskArgs args;
  args.set_dependencies(ids, 1);
  EXPECT_EQ(args.explicit_dep_kind(0), DEP_WAIT | DEP_RETAIN);
  args.set_dependencies(ids, 1);
  EXPECT_TRUE(args.has_error);
  args.reset();
  args.set_dependencies(nullptr, 2);
  EXPECT_TRUE(args.has_error);
}

TEST(CoreTaskArgs, TheLastDependenciesMayBeDerived) {
  const PTO2TaskId ids[] = {PTO2TaskId::make(0, 1), PTO2TaskId::make(0, 2), PTO2TaskId::make(0, 3)};
  CoreTaskArgs args;
  args.set_dependencies(ids, 3, 2);
  EXPECT_FALSE(args.explicit_dep_is_derived(0));
  EXPECT_TRUE(args.explicit_dep_is_derived(1));
  EXPECT_TRUE(args.explicit_dep_is_derived(2));
  args.reset();
  args.set_dependencies(ids, 3);
  EXPECT_FALSE(args.explicit_dep_is_derived(2));
  args.set_dependencies(nullptr, 0);
  args.set_dependencies(ids, 2, 2);
  EXPECT_TRUE(args.explicit_dep_is_derived(0));
  EXPECT_FALSE(args.has_error);
}

TEST(CoreTaskArgs, MoreDerivedDependenciesThanDependenciesAreAnError) {
  const PTO2TaskId ids[] = {PTO2TaskId::make(0, 1)};
  CoreTaskArgs args;
  args.set_dependencies(ids, 1, 2);
  EXPECT_TRUE(args.has_error);
  args.reset();
  args.set_dependencies(nullptr, 0, 1);
  EXPECT_STREQ(args.error_msg, "set_dependencies: more derived ids than ids");
}

TEST(CoreTaskArgs, DumpMarksByIdentity) {
  const ChipTensor a = tensor_of({4}), b = tensor_of({4});
  int scalar = 3;
  CoreTaskArgs args;
  args.add_input(a, b);
  args.add_scalar(scalar);
  args.dump(b, scalar);
  EXPECT_EQ(args.dump_arg_mask(), 0b110u);
  const ChipTensor other = a;
  args.dump(other);
  EXPECT_TRUE(args.has_error);
}

TEST(DispatchPredicate, OperandsAreSignExtended) {
  const int8_t value = -3;
  const DispatchPredicate predicate{reinterpret_cast<uint64_t>(&value), -3, 1, PredicateOp::EQ};
  EXPECT_TRUE(predicate.pass());
  EXPECT_FALSE((DispatchPredicate{reinterpret_cast<uint64_t>(&value), 0, 1, PredicateOp::GT}).pass());
}

}  // namespace
