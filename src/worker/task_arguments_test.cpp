#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "tilewright/worker.h"

namespace tilewright {
namespace {

float g_data[64];

TensorArgument good() { return {g_data, DataType::FLOAT32, {4, 8}, {}, ArgDirection::IN, AddressSpace::HOST}; }

/// The error of adding `tensor` as the second tensor.
Error error_of(const TensorArgument& tensor) {
  TaskArguments args;
  args.add_tensor(good());
  try {
    args.add_tensor(tensor);
  } catch (const Error& error) {
    EXPECT_EQ(args.tensor_count(), 1u);
    return error;
  }
  return Error(ErrorCode::kOk, "");
}

template <typename F>
Error error_of(F change) {
  TensorArgument tensor = good();
  change(tensor);
  return error_of(tensor);
}

TEST(TaskArguments, DescriptorsAreAsInTheProgrammingModel) {
  TaskArguments args;
  args.add_tensor(g_data, DataType::FLOAT16, {2, 3}, ArgDirection::OUT);
  args.add_tensor({g_data, DataType::INT32, {2, 3}, {8, 2}, ArgDirection::INOUT, AddressSpace::DEVICE});
  args.add_scalar(1.5f).add_scalar(int8_t{-1});
  EXPECT_EQ(args.tensor(0).buffer.addr, reinterpret_cast<uint64_t>(g_data));
  EXPECT_EQ(args.tensor(0).buffer.size, 12u);
  EXPECT_TRUE(args.tensor(0).is_contiguous);
  EXPECT_EQ(args.direction(0), ArgDirection::OUT);
  EXPECT_EQ(args.tensor(1).extent_elem(), 1 + 8u + 4u);
  EXPECT_EQ(args.tensor(1).buffer.size, 13 * 4u);
  EXPECT_FALSE(args.tensor(1).is_contiguous);
  EXPECT_TRUE(args.tensor(1).is_device_memory());
  EXPECT_EQ(args.scalar(0), 0x3fc00000u);
  EXPECT_EQ(args.scalar(1), 0xffu) << "zero-extended";
}

TEST(TaskArguments, BadTensorsAreRefusedAndNamed) {
  const auto text = [](const Error& error) { return std::string(error.what()); };
  EXPECT_EQ(text(error_of([](auto& t) { t.data = nullptr; })), "tensor argument 1: its data is null");
  EXPECT_EQ(text(error_of([](auto& t) { t.dtype = DataType::DATA_TYPE_NUM; })), "tensor argument 1: 15 is no DataType");
  EXPECT_EQ(text(error_of([](auto& t) { t.shape = {}; })), "tensor argument 1: rank 0 is not in 1..5");
  EXPECT_EQ(text(error_of([](auto& t) { t.shape = {1, 1, 1, 1, 1, 1}; })), "tensor argument 1: rank 6 is not in 1..5");
  EXPECT_EQ(text(error_of([](auto& t) { t.shape = {4, 0}; })), "tensor argument 1: shape[1] = 0 is not positive");
  EXPECT_EQ(text(error_of([](auto& t) { t.shape = {-4, 8}; })), "tensor argument 1: shape[0] = -4 is not positive");
  EXPECT_EQ(text(error_of([](auto& t) { t.strides = {8, 0}; })), "tensor argument 1: strides[1] = 0 is not positive");
  EXPECT_EQ(text(error_of([](auto& t) { t.strides = {8, -1}; })), "tensor argument 1: strides[1] = -1 is not positive");
  EXPECT_EQ(text(error_of([](auto& t) { t.strides = {8}; })), "tensor argument 1: 1 strides for rank 2");
  EXPECT_EQ(error_of([](auto& t) { t.direction = ArgDirection::SCALAR; }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([](auto& t) { t.direction = static_cast<ArgDirection>(9); }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([](auto& t) { t.space = static_cast<AddressSpace>(9); }).code(), ErrorCode::kInvalidArgument);
}

TEST(TaskArguments, SizesBeyondTheDescriptorAreRefused) {
  constexpr int64_t kBig = int64_t{1} << 32;
  const int64_t kHuge = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(error_of([](auto& t) { t.shape = {kBig}; }).code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(error_of([](auto& t) { t.shape = {2, 65536, 65536}; }).code(), ErrorCode::kLimitExceeded) << "stride 2^32";
  EXPECT_EQ(error_of([kHuge](auto& t) { t.shape = {kHuge, kHuge}; }).code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(error_of([](auto& t) {
              t.shape = {kBig - 1, kBig - 1};
              t.strides = {kBig - 1, kBig - 1};
            }).code(),
            ErrorCode::kLimitExceeded)
      << "size beyond 63 bits";
  EXPECT_EQ(error_of([](auto& t) { t.shape = {65535, 65536}; }).code(), ErrorCode::kOk);
}

TEST(TaskArguments, LimitsAreThoseOfTheModel) {
  TaskArguments args;
  for (int i = 0; i < 256; ++i) args.add_tensor(good());
  EXPECT_THROW(args.add_tensor(good()), Error);
  for (int i = 0; i < 128; ++i) args.add_scalar(i);
  try {
    args.add_scalar(1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLimitExceeded);
  }
  EXPECT_EQ(args.tensor_count(), 256u);
  EXPECT_EQ(args.scalar_count(), 128u);
}

TEST(TaskArguments, TensorsComeBeforeScalars) {
  TaskArguments args;
  args.add_scalar(1);
  EXPECT_THROW(args.add_tensor(good()), Error);
  args.clear();
  args.add_tensor(good());
  EXPECT_EQ(args.tensor_count(), 1u);
  EXPECT_EQ(args.scalar_count(), 0u);
}

}  // namespace
}  // namespace tilewright
