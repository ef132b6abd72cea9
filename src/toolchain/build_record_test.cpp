#include "toolchain/build_record.h"

#include <gtest/gtest.h>

namespace tilewright {
namespace {

BuildResult result(int i) {
  return {sha256("object " + std::to_string(i)),
          sha256("alike"),
          {{"@0/a b.h", sha256("header " + std::to_string(i))}, {"/usr/c.h", sha256("c")}}};
}

TEST(BuildRecord, RoundTrips) {
  BuildRecord record{"k.cpp", "kernel aiv", {}};
  record.add(result(1));
  record.add(result(2));
  const auto read = BuildRecord::parse(record.format());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->source, "k.cpp");
  EXPECT_EQ(read->kind, "kernel aiv");
  ASSERT_EQ(read->results.size(), 2u);
  EXPECT_EQ(read->results[0].object, sha256("object 2"));
  EXPECT_EQ(read->results[0].files, result(2).files);
  EXPECT_EQ(read->format(), record.format());
}

TEST(BuildRecord, KeepsOneResultPerSetOfHeadersAndTheNewest) {
  BuildRecord record;
  for (int i = 0; i < 40; ++i) record.add(result(i));
  BuildResult again = result(38);
  again.object = sha256("rebuilt");
  record.add(again);
  ASSERT_EQ(record.results.size(), BuildRecord::kMaxResults);
  EXPECT_EQ(record.results[0].object, sha256("rebuilt"));
  EXPECT_EQ(record.results[1].object, sha256("object 39"));
  EXPECT_EQ(record.results[2].object, sha256("object 37"));
}

TEST(BuildRecord, AnyCutOrForeignTextCountsAsMissing) {
  BuildRecord record{"k.cpp", "kernel", {}};
  record.add(result(1));
  const std::string text = record.format();
  EXPECT_FALSE(BuildRecord::parse(""));
  EXPECT_FALSE(BuildRecord::parse("{}\n\n\n"));
  const size_t body = text.find('\n', text.find("kernel")) + 1;  // a record without results is complete
  for (size_t size = 0; size < text.size(); ++size) {
    const auto cut = BuildRecord::parse(text.substr(0, size));
    if (cut) {
      EXPECT_GE(size, body);
      EXPECT_TRUE(cut->results.empty());
    }
  }
}

}  // namespace
}  // namespace tilewright
