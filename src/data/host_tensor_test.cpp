#include "data/host_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ErrorCode code_of(DataType dtype, std::vector<uint32_t> shape) {
  try {
    HostTensor tensor(dtype, std::move(shape));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kOk;
}

TEST(HostTensor, IsAlignedZeroedAndKnowsItsSize) {
  for (const uint32_t columns : {1u, 7u, 33u}) {
    HostTensor tensor(DataType::INT32, {3, columns});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
    EXPECT_EQ(tensor.element_count(), 3u * columns);
    EXPECT_EQ(tensor.byte_count(), 12u * columns);
    for (const int32_t value : tensor.elements<int32_t>()) ASSERT_EQ(value, 0);
  }
}

TEST(HostTensor, RankZeroIsOneElementAndAZeroDimensionNone) {
  EXPECT_EQ(HostTensor(DataType::FLOAT32, {}).element_count(), 1u);
  HostTensor empty(DataType::FLOAT32, {4, 0});
  EXPECT_EQ(empty.element_count(), 0u);
  EXPECT_NE(empty.data(), nullptr);
  EXPECT_EQ(empty.clone().description(), "f32[4,0]");
}

TEST(HostTensor, ACloneIsIndependent) {
  HostTensor tensor(DataType::UINT8, {2});
  tensor.elements<uint8_t>()[0] = 9;
  HostTensor copy = tensor.clone();
  copy.elements<uint8_t>()[0] = 1;
  EXPECT_EQ(tensor.elements<uint8_t>()[0], 9);
}

TEST(HostTensor, TooManyDimensionsAreRefused) {
  EXPECT_EQ(code_of(DataType::FLOAT32, {1, 1, 1, 1, 1}), ErrorCode::kOk);
  EXPECT_EQ(code_of(DataType::FLOAT32, {1, 1, 1, 1, 1, 1}), ErrorCode::kLimitExceeded);
}

TEST(HostTensor, SizesThatOverflowOrDoNotExistAreRefused) {
  const uint32_t big = 0xffffffff;
  EXPECT_EQ(code_of(DataType::FLOAT32, {big, big, big}), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code_of(DataType::INT64, {big, big, 1}), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code_of(DataType::INT8, {big, big}), ErrorCode::kLimitExceeded) << "fits 64 bits, but no memory";
  EXPECT_EQ(code_of(DataType::INT64, {big, big, big, 0}), ErrorCode::kOk) << "no elements at all";
  EXPECT_EQ(code_of(DataType::DATA_TYPE_NUM, {1}), ErrorCode::kInvalidArgument);
}

TEST(HostTensor, AccessWithTheWrongElementSizeIsAnError) {
  HostTensor tensor(DataType::FLOAT16, {4});
  EXPECT_EQ(tensor.elements<uint16_t>().size(), 4u);
  EXPECT_THROW(tensor.elements<float>(), Error);
}

TEST(HostTensor, EveryTypeNameParsesBack) {
  for (uint8_t i = 0; i < static_cast<uint8_t>(DataType::DATA_TYPE_NUM); ++i) {
    const DataType dtype = static_cast<DataType>(i);
    EXPECT_EQ(parse_dtype(short_dtype_name(dtype)), dtype);
    EXPECT_EQ(parse_dtype(get_dtype_name(dtype)), dtype);
  }
  EXPECT_EQ(parse_dtype("Float32"), DataType::FLOAT32);
}

TEST(HostTensor, AnUnknownTypeNameListsTheKnownOnes) {
  try {
    parse_dtype("f64");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("'f64'"));
    EXPECT_THAT(error.what(), HasSubstr("bf16"));
  }
}

TEST(HostTensor, UnflattenIsRowMajor) {
  const uint32_t shape[] = {2, 3, 4};
  EXPECT_THAT(unflatten(0, shape), ElementsAre(0, 0, 0));
  EXPECT_THAT(unflatten(23, shape), ElementsAre(1, 2, 3));
  EXPECT_THAT(unflatten(13, shape), ElementsAre(1, 0, 1));
  EXPECT_TRUE(unflatten(0, {}).empty());
}

}  // namespace
}  // namespace tilewright
