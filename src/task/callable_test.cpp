#include "task/callable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "base/error.h"

namespace tilewright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<uint8_t> code(size_t size, uint8_t first) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i * 7);
  return bytes;
}

/// An orchestration of 100 bytes with kernels 5 (AIV, 70 bytes) and 2 (AIC, 64 bytes).
struct Sample {
  std::vector<uint8_t> orchestration = code(100, 1);
  std::vector<uint8_t> vector_kernel = code(70, 50);
  std::vector<uint8_t> cube_kernel = code(64, 90);
  CallableParts parts{"entry",
                      "config",
                      {ArgDirection::IN, ArgDirection::INOUT, ArgDirection::SCALAR},
                      orchestration,
                      {{5, CoreType::AIV, {ArgDirection::IN, ArgDirection::OUT}, vector_kernel}, {2, CoreType::AIC, {}, cube_kernel}}};
};

void expect_error(ErrorCode code, const std::string& text, const std::function<void()>& action) {
  try {
    action();
    FAIL() << "no error, expected: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

template <typename T>
void patch(std::vector<uint8_t>& image, size_t offset, T value) {
  ASSERT_LE(offset + sizeof value, image.size());
  std::memcpy(image.data() + offset, &value, sizeof value);
}

TEST(CallableImage, HoldsWhatItWasBuiltFrom) {
  const Sample sample;
  const std::vector<uint8_t> image = build_chip_callable(sample.parts);
  const CallableParts read = parse_chip_callable(image);
  EXPECT_EQ(read.entry_name, "entry");
  EXPECT_EQ(read.config_name, "config");
  EXPECT_THAT(read.signature, ElementsAre(ArgDirection::IN, ArgDirection::INOUT, ArgDirection::SCALAR));
  EXPECT_TRUE(std::equal(read.orchestration.begin(), read.orchestration.end(), sample.orchestration.begin(), sample.orchestration.end()));
  ASSERT_EQ(read.kernels.size(), 2u);
  EXPECT_EQ(read.kernels[0].func_id, 2);
  EXPECT_EQ(read.kernels[0].core_type, CoreType::AIC);
  EXPECT_TRUE(read.kernels[0].signature.empty());
  EXPECT_TRUE(
      std::equal(read.kernels[0].binary.begin(), read.kernels[0].binary.end(), sample.cube_kernel.begin(), sample.cube_kernel.end()));
  EXPECT_EQ(read.kernels[1].func_id, 5);
  EXPECT_EQ(read.kernels[1].core_type, CoreType::AIV);
  EXPECT_THAT(read.kernels[1].signature, ElementsAre(ArgDirection::IN, ArgDirection::OUT));
}

TEST(CallableImage, IsReadableThroughThePublishedStructs) {
  const Sample sample;
  const std::vector<uint8_t> image = build_chip_callable(sample.parts);
  const auto& chip = *reinterpret_cast<const ChipCallable*>(image.data());
  EXPECT_EQ(chip.func_name(), "entry");
  EXPECT_EQ(chip.config_name(), "config");
  EXPECT_EQ(chip.sig_count(), 3);
  EXPECT_EQ(chip.sig(1), ArgDirection::INOUT);
  EXPECT_EQ(std::memcmp(chip.binary_data(), sample.orchestration.data(), chip.binary_size()), 0);
  ASSERT_EQ(chip.child_count(), 2);
  EXPECT_EQ(chip.child_func_id(0), 2);
  EXPECT_EQ(chip.child_func_id(1), 5);
  EXPECT_EQ(chip.child_offsets_[0], 128u);               // 100 rounded up
  EXPECT_EQ(chip.child_offsets_[1], 128u + 192u + 64u);  // the cube kernel ends there, aligned
  const CoreCallable& kernel = chip.child(1);
  EXPECT_EQ(kernel.sig_count(), 2);
  EXPECT_EQ(kernel.sig(1), ArgDirection::OUT);
  EXPECT_EQ(kernel.resolved_addr_, 0u);
  ASSERT_EQ(kernel.binary_size(), 70u);
  EXPECT_EQ(std::memcmp(kernel.binary_data(), sample.vector_kernel.data(), 70), 0);
}

TEST(CallableImage, DoesNotDependOnTheOrderOfKernels) {
  Sample sample;
  const Digest id = callable_id(build_chip_callable(sample.parts));
  std::swap(sample.parts.kernels[0], sample.parts.kernels[1]);
  EXPECT_EQ(callable_id(build_chip_callable(sample.parts)), id);
  sample.parts.kernels[0].core_type = CoreType::AIV;
  EXPECT_NE(callable_id(build_chip_callable(sample.parts)), id);
}

TEST(CallableImage, MakeCallableBuildsTheSameLayout) {
  Sample sample;
  sample.parts.kernels[0].core_type.reset();
  sample.parts.kernels[1].core_type.reset();
  const ArgDirection signature[] = {ArgDirection::IN, ArgDirection::INOUT, ArgDirection::SCALAR};
  const ArgDirection kernel_signature[] = {ArgDirection::IN, ArgDirection::OUT};
  const std::vector<uint8_t> children[] = {make_callable<32>(kernel_signature, 2, sample.vector_kernel.data(), 70),
                                           make_callable<32>(nullptr, 0, sample.cube_kernel.data(), 64)};
  const int32_t func_ids[] = {5, 2};
  const auto made =
      make_callable<CoreCallable, 256, 1024>(signature, 3, "entry", sample.orchestration.data(), 100, func_ids, children, 2, "config");
  EXPECT_EQ(made, build_chip_callable(sample.parts));
  EXPECT_EQ(parse_chip_callable(made).kernels[0].core_type, std::nullopt);
}

TEST(CallableImage, TakesTheLargestOfEverything) {
  const std::vector<uint8_t> binary = code(1, 3);
  CallableParts parts{std::string(63, 'e'), std::string(63, 'c'), std::vector<ArgDirection>(256, ArgDirection::IN), binary, {}};
  for (int32_t id = 0; id < 1024; ++id)
    parts.kernels.push_back({id, CoreType::AIV, std::vector<ArgDirection>(32, ArgDirection::OUT), binary});
  const std::vector<uint8_t> image = build_chip_callable(parts);
  const CallableParts read = parse_chip_callable(image);
  EXPECT_EQ(read.entry_name, parts.entry_name);
  EXPECT_EQ(read.config_name, parts.config_name);
  EXPECT_EQ(read.kernels.size(), 1024u);
  EXPECT_EQ(read.kernels[1023].signature.size(), 32u);
}

TEST(CallableImage, CarriesTheNamesOfKernels) {
  Sample sample;
  sample.parts.kernels[0].name = "l\xc3\xb6wen";
  sample.parts.kernels[1].name = std::string(255, 'n');
  sample.parts.kernels[1].core_type.reset();
  const std::vector<uint8_t> image = build_chip_callable(sample.parts);
  const CallableParts read = parse_chip_callable(image);
  EXPECT_EQ(read.kernels[0].name, std::string(255, 'n'));
  EXPECT_EQ(read.kernels[0].core_type, std::nullopt);
  EXPECT_EQ(read.kernels[1].name, "l\xc3\xb6wen");
  EXPECT_EQ(read.kernels[1].core_type, CoreType::AIV);
  EXPECT_TRUE(
      std::equal(read.kernels[1].binary.begin(), read.kernels[1].binary.end(), sample.vector_kernel.begin(), sample.vector_kernel.end()));
  EXPECT_EQ(build_chip_callable(read), image);

  std::vector<uint8_t> bad = image;
  const size_t name = image.size() - 1;
  bad[name] = '\n';
  expect_error(ErrorCode::kInvalidArgument, "func_id 5 has control characters", [&] { parse_chip_callable(bad); });
  sample.parts.kernels[1].name.push_back('n');
  expect_error(ErrorCode::kLimitExceeded, "the name of kernel func_id 2 has 256 bytes", [&] { build_chip_callable(sample.parts); });
}

TEST(CallableImage, RefusesBadParts) {
  const auto expect_refused = [](ErrorCode code, const std::string& text, const std::function<void(CallableParts&)>& spoil) {
    Sample sample;
    spoil(sample.parts);
    expect_error(code, text, [&] { build_chip_callable(sample.parts); });
  };
  const auto kInvalid = ErrorCode::kInvalidArgument;
  expect_refused(kInvalid, "func_id 1024 is outside 0..1023", [](auto& p) { p.kernels[0].func_id = 1024; });
  expect_refused(kInvalid, "func_id -1 is outside", [](auto& p) { p.kernels[0].func_id = -1; });
  expect_refused(kInvalid, "func_id 2 is used twice", [](auto& p) { p.kernels[0].func_id = 2; });
  expect_refused(kInvalid, "kernel func_id 5 has no code", [](auto& p) { p.kernels[0].binary = {}; });
  expect_refused(kInvalid, "orchestration has no code", [](auto& p) { p.orchestration = {}; });
  expect_refused(kInvalid, "entry has no name", [](auto& p) { p.entry_name.clear(); });
  expect_refused(kInvalid, "'a b' is not the name of a symbol", [](auto& p) { p.config_name = "a b"; });
  expect_refused(kInvalid, "signature[1] is 7", [](auto& p) { p.signature[1] = static_cast<ArgDirection>(7); });
  expect_refused(ErrorCode::kLimitExceeded, "has 64 characters, at most 63", [](auto& p) { p.entry_name.assign(64, 'x'); });
  expect_refused(ErrorCode::kLimitExceeded, "257 signature entries, at most 256", [](auto& p) { p.signature.resize(257); });
  expect_refused(ErrorCode::kLimitExceeded, "33 signature entries, at most 32", [](auto& p) { p.kernels[1].signature.resize(33); });
  expect_refused(ErrorCode::kLimitExceeded, "1025 kernels", [](auto& p) { p.kernels.resize(1025, p.kernels[0]); });
}

TEST(CallableImage, MakeCallableRefusesWhatIsMissing) {
  const std::vector<uint8_t> binary = code(8, 1);
  expect_error(ErrorCode::kInvalidArgument, "sig_count is 2", [&] { make_callable<32>(nullptr, 2, binary.data(), 8); });
  expect_error(ErrorCode::kInvalidArgument, "no code", [&] { make_callable<32>(nullptr, 0, nullptr, 8); });
  expect_error(ErrorCode::kInvalidArgument, "child_count is 1",
               [&] { make_callable<CoreCallable, 256, 1024>(nullptr, 0, "entry", binary.data(), 8, nullptr, nullptr, 1); });
  const std::vector<uint8_t> children[] = {code(10, 1)};
  const int32_t func_ids[] = {0};
  expect_error(ErrorCode::kInvalidArgument, "child 0 is no CoreCallable",
               [&] { make_callable<CoreCallable, 256, 1024>(nullptr, 0, "entry", binary.data(), 8, func_ids, children, 1); });
}

TEST(CallableImage, RefusesForeignBytesAndSaysWhatIsWrong) {
  const std::vector<uint8_t> good = build_chip_callable(Sample().parts);
  const size_t storage = offsetof(ChipCallable, storage_);
  const size_t child = storage + 128;  // func_id 2
  const auto expect_refused = [&](const std::string& text, const std::function<void(std::vector<uint8_t>&)>& spoil) {
    std::vector<uint8_t> image = good;
    spoil(image);
    expect_error(ErrorCode::kInvalidArgument, text, [&] { parse_chip_callable(image); });
  };
  expect_refused("0 bytes are too few", [](auto& b) { b.clear(); });
  expect_refused("the header alone", [](auto& b) { b.resize(sizeof(ChipCallable) - 1); });
  expect_refused("1 bytes follow", [](auto& b) { b.push_back(0); });
  expect_refused("do not fit the", [](auto& b) { b.pop_back(); });
  expect_refused("sig_count -1", [](auto& b) { patch(b, offsetof(ChipCallable, sig_count_), -1); });
  expect_refused("sig_count 257", [](auto& b) { patch(b, offsetof(ChipCallable, sig_count_), 257); });
  expect_refused("signature[2] is 4", [](auto& b) { patch(b, 8, 4); });
  expect_refused("the orchestration has no code", [](auto& b) { patch(b, offsetof(ChipCallable, binary_size_), 0); });
  expect_refused("orchestration's 4294967295 bytes", [](auto& b) { patch(b, offsetof(ChipCallable, binary_size_), UINT32_MAX); });
  expect_refused("overlap", [](auto& b) { patch(b, offsetof(ChipCallable, binary_size_), 129); });
  expect_refused("entry name: its length 4", [](auto& b) { patch(b, offsetof(ChipCallable, func_name_len_), 4); });
  expect_refused("entry name: its length 64", [](auto& b) { patch(b, offsetof(ChipCallable, func_name_len_), 64); });
  expect_refused("not the name of a symbol", [](auto& b) { patch(b, offsetof(ChipCallable, func_name_), '/'); });
  expect_refused("config name: its length 4000000000", [](auto& b) { patch(b, offsetof(ChipCallable, config_name_len_), 4000000000u); });
  expect_refused("child_count -5", [](auto& b) { patch(b, offsetof(ChipCallable, child_count_), -5); });
  expect_refused("child_count 1025", [](auto& b) { patch(b, offsetof(ChipCallable, child_count_), 1025); });
  expect_refused("func_id 1024 is outside", [](auto& b) { patch(b, offsetof(ChipCallable, child_func_ids_), 1024); });
  expect_refused("func_id 2 is used twice", [](auto& b) { patch(b, offsetof(ChipCallable, child_func_ids_) + 4, 2); });
  expect_refused("offset 129 is not a multiple", [](auto& b) { patch(b, offsetof(ChipCallable, child_offsets_), 129u); });
  expect_refused("offset 4294967232 is not", [](auto& b) { patch(b, offsetof(ChipCallable, child_offsets_), 4294967232u); });
  expect_refused("overlap", [](auto& b) { patch(b, offsetof(ChipCallable, child_offsets_) + 4, 128u); });
  expect_refused("func_id 2: its 4294967295 bytes", [&](auto& b) { patch(b, child + offsetof(CoreCallable, binary_size_), UINT32_MAX); });
  expect_refused("func_id 2 has no code", [&](auto& b) { patch(b, child + offsetof(CoreCallable, binary_size_), 0u); });
  expect_refused("func_id 2: sig_count 33", [&](auto& b) { patch(b, child + offsetof(CoreCallable, sig_count_), 33); });
  expect_refused("resolved_addr is 0x1234", [&](auto& b) { patch(b, child + offsetof(CoreCallable, resolved_addr_), uint64_t{0x1234}); });
  expect_refused("core type 2 is neither", [&](auto& b) { patch(b, child + sizeof(CoreCallable) + 4, 2); });
  expect_refused("reserved bytes", [&](auto& b) { patch(b, child + sizeof(CoreCallable), uint8_t{1}); });
}

TEST(CallableImage, SurvivesRandomDamage) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<uint8_t> good = build_chip_callable(Sample().parts);
  size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<uint8_t> image = good;
    for (int i = 0; i < 4; ++i) image[random() % image.size()] = static_cast<uint8_t>(random());
    if (round % 3 == 0) image.resize(random() % (image.size() + 1));
    try {
      const CallableParts parts = parse_chip_callable(image);
      size_t sum = 0;  // every byte that it vouches for can be read
      for (const KernelImage& kernel : parts.kernels) {
        for (uint8_t byte : kernel.binary) sum += byte;
      }
      EXPECT_LE(parts.kernels.size(), 1024u);
      EXPECT_LE(sum, image.size() * 255);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kLimitExceeded) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace tilewright
