#include "base/hash.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

TEST(Sha256, MatchesThePublishedVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256(std::string_view("")).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(std::string_view("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, IsReadBackFromItsTextAndFromNoOther) {
  const Digest digest = sha256(std::string_view("abc"));
  const std::string hex = digest.hex();
  EXPECT_EQ(Digest::parse(hex), digest);
  std::string upper = hex, other = hex;
  upper[0] = 'B';
  other[63] = 'g';
  for (const std::string& text : {std::string(), hex.substr(1), hex + "0", upper, other}) EXPECT_FALSE(Digest::parse(text)) << text;
}

TEST(Hasher, FieldsAreLengthPrefixed) {
  EXPECT_NE(Hasher().field("ab").field("c").finish(), Hasher().field("a").field("bc").finish());
  EXPECT_EQ(Hasher().field("ab").field("c").finish(), Hasher().field("ab").field("c").finish());
}

}  // namespace
}  // namespace tilewright
