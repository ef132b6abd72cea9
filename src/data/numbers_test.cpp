#include "data/numbers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace tilewright {
namespace {

ErrorCode code_of(DataType dtype, std::vector<uint32_t> shape, std::vector<double> numbers) {
  try {
    from_numbers(dtype, std::move(shape), numbers);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kOk;
}

TEST(Numbers, AreRoundedToTheTypeAndReadBack) {
  const std::vector<double> numbers = {0.1, -2, 65504, 1 + std::ldexp(1.0, -11)};
  // Halfway between two f16 goes to the even one, 1.
  EXPECT_EQ(to_numbers(from_numbers(DataType::FLOAT16, {2, 2}, numbers)), (std::vector<double>{0.0999755859375, -2, 65504, 1}));
  EXPECT_EQ(to_numbers(from_numbers(DataType::BFLOAT16, {4}, numbers)), (std::vector<double>{0.10009765625, -2, 65536, 1}));
  EXPECT_EQ(to_numbers(from_numbers(DataType::FLOAT32, {1, 4}, numbers))[0], double{0.1f});
}

TEST(Numbers, IntegersMustBeOfTheType) {
  EXPECT_EQ(to_numbers(from_numbers(DataType::INT8, {3}, std::vector<double>{-128, 127, 0})), (std::vector<double>{-128, 127, 0}));
  EXPECT_EQ(code_of(DataType::INT8, {1}, {128}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::UINT16, {1}, {-1}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::INT32, {1}, {0.5}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::INT64, {1}, {std::ldexp(1.0, 63)}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::BOOL, {1}, {2}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::UINT8, {1}, {std::nan("")}), ErrorCode::kInvalidArgument);
}

TEST(Numbers, AreAsManyAsTheShapeSays) {
  EXPECT_EQ(code_of(DataType::FLOAT32, {2, 2}, {1, 2, 3}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(DataType::FP8E4M3FN, {1}, {1}), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tilewright
