#include "data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/error.h"
#include "base/file.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A file with the given version, header text (padded as NumPy does) and data.
std::string file_of(std::string header, const std::string& data, char major = 1) {
  const size_t before = major == 1 ? 10 : 12;
  while ((before + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string content = std::string("\x93NUMPY") + major + '\0';
  for (size_t i = 0, length = header.size(); i < (major == 1 ? 2u : 4u); ++i, length >>= 8) content += static_cast<char>(length & 0xff);
  return content + header + data;
}

std::string dict(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Failure {
  ErrorCode code = ErrorCode::kOk;
  std::string text;
};
Failure failure_of(const std::string& content, std::optional<DataType> dtype = std::nullopt) {
  try {
    parse_npy(content, "x.npy", dtype);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

TEST(Npy, AFileIsByteForByteWhatNumpyWrites) {
  HostTensor tensor(DataType::FLOAT32, {3});
  tensor.elements<float>()[1] = 1.5f;
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  expected.append(128 - expected.size() - 1, ' ');
  expected += '\n';
  expected += std::string("\0\0\0\0\0\0\xc0\x3f\0\0\0\0", 12);
  EXPECT_EQ(format_npy(tensor), expected);
}

TEST(Npy, EveryTypeSurvivesARoundTripThroughAFile) {
  TemporaryDirectory directory;
  for (uint8_t i = 0; i < static_cast<uint8_t>(DataType::DATA_TYPE_NUM); ++i) {
    const DataType dtype = static_cast<DataType>(i);
    for (const std::vector<uint32_t>& shape : std::vector<std::vector<uint32_t>>{{}, {5}, {2, 3}, {0, 4}, {1, 2, 1, 3, 2}}) {
      HostTensor tensor(dtype, shape);
      for (uint64_t b = 0; b < tensor.byte_count(); ++b) tensor.data()[b] = static_cast<std::byte>(b * 37 + 1);
      const auto path = directory.path() / "t.npy";
      write_npy(path, tensor);
      const HostTensor back = read_npy(path, dtype);
      EXPECT_EQ(back.description(), tensor.description());
      EXPECT_EQ(std::memcmp(back.data(), tensor.data(), tensor.byte_count()), 0) << tensor.description();
      EXPECT_EQ(read_file(path).size() % 64, tensor.byte_count() % 64) << "data starts at a multiple of 64";
    }
  }
}

TEST(Npy, AllThreeVersionsAreRead) {
  for (const char major : {1, 2, 3}) {
    const HostTensor tensor = parse_npy(file_of(dict("<i2", "(2,)"), bytes_of<int16_t>({7, -8}), major), "x.npy");
    EXPECT_THAT(tensor.elements<int16_t>(), ElementsAre(7, -8));
  }
}

TEST(Npy, HeadersOfOtherWritersAreRead) {
  const std::string data = bytes_of<int32_t>({1, 2});
  for (const char* header :
       {"{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<i4\"}", "{ 'descr' : '=i4' , 'fortran_order' : False , 'shape' : ( 2 , ) }",
        "{'descr': 'i4', 'fortran_order': True, 'shape': (1, 2,)}"}) {
    EXPECT_EQ(parse_npy(file_of(header, data), "x.npy").elements<int32_t>()[1], 2) << header;
  }
}

TEST(Npy, FortranOrderBecomesRowMajor) {
  const HostTensor tensor = parse_npy(file_of(dict("<i4", "(2, 3)", true), bytes_of<int32_t>({0, 10, 1, 11, 2, 12})), "x.npy");
  EXPECT_THAT(tensor.elements<int32_t>(), ElementsAre(0, 1, 2, 10, 11, 12));
  std::vector<uint8_t> column_major(24);
  for (uint32_t a = 0; a < 2; ++a) {
    for (uint32_t b = 0; b < 3; ++b) {
      for (uint32_t c = 0; c < 4; ++c) column_major[a + 2 * (b + 3 * c)] = static_cast<uint8_t>(100 * a + 10 * b + c);
    }
  }
  const HostTensor cube = parse_npy(file_of(dict("|u1", "(2, 3, 4)", true), bytes_of(column_major)), "x.npy");
  for (uint64_t flat = 0; flat < 24; ++flat) {
    const auto index = unflatten(flat, cube.shape());
    EXPECT_EQ(cube.elements<uint8_t>()[flat], 100 * index[0] + 10 * index[1] + index[2]);
  }
}

TEST(Npy, BigEndianNumbersAreSwapped) {
  const HostTensor tensor = parse_npy(file_of(dict(">i4", "(2,)"), std::string("\0\0\0\1\xff\xff\xff\xfe", 8)), "x.npy");
  EXPECT_THAT(tensor.elements<int32_t>(), ElementsAre(1, -2));
}

TEST(Npy, TypesThatNumpyLacksFollowTheDocumentedConvention) {
  const std::string two = bytes_of<uint16_t>({0x3f80});
  EXPECT_EQ(parse_npy(file_of(dict("<V2", "(1,)"), two), "x").dtype(), DataType::BFLOAT16);
  EXPECT_EQ(parse_npy(file_of(dict("|V2", "(1,)"), two), "x").dtype(), DataType::BFLOAT16);
  EXPECT_EQ(parse_npy(file_of(dict("<u2", "(1,)"), two), "x", DataType::BFLOAT16).dtype(), DataType::BFLOAT16);
  EXPECT_EQ(parse_npy(file_of(dict("|V1", "(1,)"), "a"), "x", DataType::FP8E8M0).dtype(), DataType::FP8E8M0);
  EXPECT_EQ(parse_npy(file_of(dict("|u1", "(1,)"), "a"), "x", DataType::FP4E2M1).dtype(), DataType::FP4E2M1);
  const Failure unnamed = failure_of(file_of(dict("|V1", "(1,)"), "a"));
  EXPECT_EQ(unnamed.code, ErrorCode::kUnsupported);
  EXPECT_THAT(unnamed.text, HasSubstr("fp8e4m3@FILE"));
}

TEST(Npy, ATypeOtherThanTheOneAskedForIsRefused) {
  const Failure failure = failure_of(file_of(dict("<f4", "(1,)"), "abcd"), DataType::INT32);
  EXPECT_EQ(failure.code, ErrorCode::kSignatureMismatch);
  EXPECT_THAT(failure.text, HasSubstr("x.npy: holds f32 ('<f4'), not i32"));
  EXPECT_EQ(failure_of(file_of(dict("<f2", "(1,)"), "ab"), DataType::BFLOAT16).code, ErrorCode::kSignatureMismatch);
}

TEST(Npy, TypesWithoutADataTypeAreRefused) {
  const Failure f8 = failure_of(file_of(dict("<f8", "(1,)"), "abcdefgh"));
  EXPECT_EQ(f8.code, ErrorCode::kUnsupported);
  EXPECT_THAT(f8.text, HasSubstr("astype(numpy.float32)"));
  for (const char* descr : {"<c8", "<U3", "|S4", "|O", "<M8[ns]", "V4", ""}) {
    EXPECT_EQ(failure_of(file_of(dict(descr, "(1,)"), "abcdefgh")).code, ErrorCode::kUnsupported) << descr;
  }
  EXPECT_EQ(failure_of(file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd")).code, ErrorCode::kUnsupported);
}

TEST(Npy, MalformedFilesAreNamedWithTheReason) {
  const std::string good = file_of(dict("<f4", "(1,)"), "abcd");
  const struct {
    std::string content;
    const char* reason;
  } cases[] = {
      {"", "does not start with"},
      {"PK\x03\x04 a zip file", "does not start with"},
      {good.substr(0, 6), "before the version"},
      {good.substr(0, 9), "before the header"},
      {good.substr(0, 40), "cut off"},
      {file_of("", ""), "expected '{'"},
      {file_of("{'descr': '<f4'", ""), "expected ',' or '}'"},
      {file_of("{'descr': '<f4', 'fortran_order': False}", ""), "needs the keys"},
      {file_of(dict("<f4", "(1,)") + " 5", "abcd"), "after the closing brace"},
      {file_of("{'descr': '<f4', 'descr': '<f4'}", ""), "twice"},
      {file_of("{'colour': 'red'}", ""), "unknown key 'colour'"},
      {file_of("{'descr': '<f4}", ""), "does not end"},
      {file_of("{'fortran_order': 1}", ""), "True or False"},
      {file_of("{'shape': 5}", ""), "expected '('"},
      {file_of("{'shape': (5)}", ""), "(n,)"},
      {file_of("{'shape': (-5,)}", ""), "not negative"},
      {file_of("{'shape': (2 3)}", ""), "expected ',' or ')'"},
      {file_of("{'shape': (,)}", ""), "expected a dimension"},
      {file_of("{'shape': (99999999999999999999999,)}", ""), "past 2^64"},
      {good.substr(0, good.size() - 1), "has 3 bytes of data, but f32[1] needs 4"},
      {good + "e", "has 5 bytes of data, but f32[1] needs 4"},
      {file_of(dict("<f4", "(4294967295, 4294967295, 4294967295)"), "abcd"), "more than 2^64"},
      {file_of(dict("<f4", "(4000000000, 4000)"), "abcd"), "needs 64000000000000"},
  };
  for (const auto& c : cases) {
    const Failure failure = failure_of(c.content);
    EXPECT_EQ(failure.code, ErrorCode::kParseError) << c.reason;
    EXPECT_THAT(failure.text, HasSubstr(c.reason));
    EXPECT_THAT(failure.text, HasSubstr("x.npy"));
  }
}

TEST(Npy, LimitsAndVersionsAreSaid) {
  const Failure rank = failure_of(file_of(dict("<f4", "(1, 1, 1, 1, 1, 1)"), "abcd"));
  EXPECT_EQ(rank.code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(rank.text, HasSubstr("6 dimensions"));
  EXPECT_EQ(failure_of(file_of(dict("<f4", "(4294967296, 0)"), "")).code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(failure_of(file_of(dict("<f4", "(1,)"), "abcd", 4)).code, ErrorCode::kUnsupported);
}

TEST(Npy, AMissingFileIsNamed) {
  try {
    read_npy("/no/such/file.npy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFileNotFound);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/file.npy"));
  }
}

TEST(Npy, DamagedFilesAreReadOrRefusedButNeverCrash) {
  const uint32_t seed = 20240611;
  std::mt19937 random(seed);
  const std::string good = file_of(dict("<f4", "(2, 3)"), std::string(24, 'a'));
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = good;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random() % 2 == 0 ? random() : "{}(),:'0 9<>|TF"[random() % 15]);
    }
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    try {
      const HostTensor tensor = parse_npy(damaged, "x.npy");
      ASSERT_LE(tensor.byte_count(), damaged.size()) << "seed " << seed << ", round " << round;
    } catch (const Error& error) {
      ASSERT_NE(error.code(), ErrorCode::kInternal) << "seed " << seed << ", round " << round << ": " << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace tilewright
