#include "toolchain/include_closure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace tilewright {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

void touch(const fs::path& path, const std::string& content = "") {
  fs::create_directories(path.parent_path());
  write_file_atomically(path, content);
}

TEST(SearchPath, NamesFilesByTheirDeepestDirectory) {
  const SearchPath search({"/a/src", "/a/include", "/a/include/pto"}, {"/usr/include"});
  EXPECT_EQ(search.name_of("/a/src/k.h"), "@0/k.h");
  EXPECT_EQ(search.name_of("/a/include/tensor.h"), "@1/tensor.h");
  EXPECT_EQ(search.name_of("/a/include/pto/common/x.hpp"), "@2/common/x.hpp");
  EXPECT_EQ(search.name_of("/usr/include/stdint.h"), "/usr/include/stdint.h");
  EXPECT_EQ(search.name_of("/a/srcs/k.h"), "/a/srcs/k.h");
  EXPECT_THAT(search.spellings("/a/include/pto/common/x.hpp"), ElementsAre("pto/common/x.hpp", "common/x.hpp"));
}

TEST(SearchPath, ResolvesNamesInAnotherPlace) {
  const SearchPath elsewhere({"/b", "/c"}, {});
  EXPECT_EQ(elsewhere.path_of("@1/common/x.hpp"), "/c/common/x.hpp");
  EXPECT_EQ(elsewhere.path_of("/usr/include/stdint.h"), "/usr/include/stdint.h");
  EXPECT_EQ(elsewhere.path_of("@2/x.hpp"), "@2/x.hpp");  // of a longer search path: no such file
}

TEST(Depfile, IsReadWithBlanksEscapesAndContinuations) {
  EXPECT_THAT(parse_depfile("object: /a/k.cpp /a/with\\ blank.h \\\n /a/c\\#.h /a/d$$.h\n"),
              ElementsAre("/a/k.cpp", "/a/with blank.h", "/a/c#.h", "/a/d$.h"));
  EXPECT_TRUE(parse_depfile("").empty());
}

class Lookalikes : public ::testing::Test {
 protected:
  void SetUp() override {
    touch(root_ / "src/k.h");
    touch(root_ / "first/one.h");
    touch(root_ / "second/sub/two.h");
  }
  Digest now() {
    FileFacts facts;
    const SearchPath search({root_ / "src", root_ / "first", root_ / "second"}, {(root_ / "system").string()});
    return lookalikes(search, {root_ / "src/k.h", root_ / "first/one.h", root_ / "second/sub/two.h", root_ / "system/three.h"}, facts);
  }
  TemporaryDirectory directory_;
  fs::path root_ = directory_.path();
};

TEST_F(Lookalikes, IgnoresUnrelatedFiles) {
  const Digest before = now();
  touch(root_ / "src/other.h");
  touch(root_ / "first/sub/other.h");
  touch(root_ / "first/two.h");  // what is used is sub/two.h
  EXPECT_EQ(now(), before);
}

TEST_F(Lookalikes, NoticesAHeaderEarlierOnThePath) {
  const Digest before = now();
  touch(root_ / "src/one.h");
  EXPECT_NE(now(), before);
  fs::remove(root_ / "src/one.h");
  EXPECT_EQ(now(), before);
  touch(root_ / "first/sub/two.h");
  EXPECT_NE(now(), before);
}

TEST_F(Lookalikes, NoticesAHeaderThatShadowsASystemHeader) {
  const Digest before = now();
  touch(root_ / "second/three.h");
  EXPECT_NE(now(), before);
}

TEST_F(Lookalikes, NoticesAHeaderBesideAUsedHeader) {
  const Digest before = now();
  touch(root_ / "second/sub/one.h");  // #include "one.h" in sub/two.h finds it first
  EXPECT_NE(now(), before);
}

}  // namespace
}  // namespace tilewright
