#include "data/tensor_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string failure_of(std::string_view text, ErrorCode expected = ErrorCode::kInvalidArgument) {
  try {
    parse_tensor_spec(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string scalar_failure_of(std::string_view text, ErrorCode expected = ErrorCode::kInvalidArgument) {
  try {
    parse_scalar_spec(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(TensorSpec, ShapeAndGeneratorAreRead) {
  const TensorSpec spec = parse_tensor_spec("bf16[256,512]=uniform:-1:1:7");
  EXPECT_EQ(spec.dtype, DataType::BFLOAT16);
  EXPECT_THAT(spec.shape, ElementsAre(256, 512));
  EXPECT_EQ(spec.generator, "uniform:-1:1:7");
  EXPECT_TRUE(spec.file.empty());
}

TEST(TensorSpec, WithoutAGeneratorATensorIsZeros) {
  const HostTensor tensor = make_tensor(parse_tensor_spec("i32[2]"));
  EXPECT_THAT(tensor.elements<int32_t>(), ElementsAre(0, 0));
  EXPECT_EQ(make_tensor(parse_tensor_spec("f32[]=full:2")).elements<float>()[0], 2.0f);
}

TEST(TensorSpec, FilesMayHoldAnyCharacterAndNameTheirType) {
  EXPECT_EQ(parse_tensor_spec("@a[1]=b@c.npy").file, "a[1]=b@c.npy");
  const TensorSpec named = parse_tensor_spec("fp8e4m3@w.npy");
  EXPECT_EQ(named.dtype, DataType::FP8E4M3FN);
  EXPECT_EQ(named.file, "w.npy");
}

TEST(TensorSpec, AFileIsReadAndItsTypeChecked) {
  TemporaryDirectory directory;
  const std::string file = (directory.path() / "x.npy").string();
  write_npy(file, make_tensor(parse_tensor_spec("i16[3]=arange:4")));
  EXPECT_THAT(make_tensor(parse_tensor_spec("@" + file)).elements<int16_t>(), ElementsAre(4, 5, 6));
  EXPECT_THROW(make_tensor(parse_tensor_spec("f32@" + file)), Error);
}

TEST(TensorSpec, MalformedTextIsQuotedWithTheForms) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "neither"},
      {"f32", "neither"},
      {"[2]", "no data type"},
      {"f32[2", "']' is missing"},
      {"f32[2]zeros", "'zeros' after the shape"},
      {"f32[2,]", "after the last ','"},
      {"f32[,2]", "'' is no dimension"},
      {"f32[-1]", "'-1' is no dimension"},
      {"f32[4294967296]", "is no dimension"},
      {"f32[2 3]", "is no dimension"},
      {"@", "no file name"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(failure_of(text), HasSubstr(reason));
    EXPECT_THAT(failure_of(text), HasSubstr("f32[256,512]=randn:7"));
  }
  EXPECT_THAT(failure_of("f64[2]"), HasSubstr("unknown data type 'f64'"));
  EXPECT_THAT(failure_of("f32[1,1,1,1,1,1]", ErrorCode::kLimitExceeded), HasSubstr("6 dimensions"));
}

TEST(ScalarSpec, ValuesBecomeTheBitsThatCallablesRead) {
  EXPECT_EQ(parse_scalar_spec("i32:5").bits, to_u64(int32_t{5}));
  EXPECT_EQ(parse_scalar_spec("i32:-5").bits, to_u64(int32_t{-5}));
  EXPECT_EQ(parse_scalar_spec("f32:1.5").bits, to_u64(1.5f));
  EXPECT_EQ(parse_scalar_spec("u64:18446744073709551615").bits, UINT64_MAX);
  EXPECT_EQ(parse_scalar_spec("bool:1").bits, 1u);
  EXPECT_EQ(parse_scalar_spec("bf16:1").bits, 0x3f80u);
}

TEST(ScalarSpec, BadScalarsAreQuoted) {
  EXPECT_THAT(scalar_failure_of("5"), HasSubstr("scalar '5' has no ':'"));
  EXPECT_THAT(scalar_failure_of("i8:300"), HasSubstr("scalar 'i8:300': 300 does not fit"));
  EXPECT_THAT(scalar_failure_of("f32:"), HasSubstr("'' is no number"));
  EXPECT_THAT(scalar_failure_of("f32:1:2"), HasSubstr("scalar 'f32:1:2'"));
  EXPECT_THAT(scalar_failure_of("f9:1"), HasSubstr("unknown data type"));
  EXPECT_THAT(scalar_failure_of("fp8e4m3:1", ErrorCode::kUnsupported), HasSubstr("fp8e4m3"));
}

}  // namespace
}  // namespace tilewright
