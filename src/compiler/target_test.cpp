// A further chip is a further table: programs compile for it, and what they are compiled to keeps to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "compiler/compile.h"
#include "compiler/target.h"
#include "pto/common/legality.hpp"

namespace tilewright {
namespace {

using testing::HasSubstr;
using testing::Not;
using tile::Core;
using tile::Pipe;
using tile::Space;

constexpr int64_t kKiB = 1024;

// Smaller memories than any other, wider alignment, half of the flags.
constexpr SpaceInfo kSpaces[] = {
    {Space::kVec, 64 * kKiB, 512, Core::kAiv},   {Space::kMat, 128 * kKiB, 512, Core::kAic}, {Space::kLeft, 16 * kKiB, 512, Core::kAic},
    {Space::kRight, 32 * kKiB, 512, Core::kAic}, {Space::kAcc, 64 * kKiB, 512, Core::kAic},  {Space::kBias, 1 * kKiB, 64, Core::kAic},
};
constexpr RouteInfo kRoutes[] = {
    {Space::kUndecided, Space::kVec, Pipe::kMte2, false, false}, {Space::kUndecided, Space::kMat, Pipe::kMte2, false, false},
    {Space::kVec, Space::kUndecided, Pipe::kMte3, false, false}, {Space::kAcc, Space::kUndecided, Pipe::kFix, false, false},
    {Space::kVec, Space::kVec, Pipe::kVector, true, false},      {Space::kMat, Space::kLeft, Pipe::kMte1, true, false},
    {Space::kMat, Space::kRight, Pipe::kMte1, true, false},
};
constexpr Target kThird = {"a9", kSpaces, kRoutes, 4, 32, pto::legality::Generation::kA5};

constexpr const char* kHello = R"(
tw.orchestration @hello(%x: !tw.tensor<ROWSx128xf32>, %y: !tw.tensor<ROWSx128xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  tw.at "add_one" {
    %t = tile.load %x[%zero, %zero] : !tw.tensor<ROWSx128xf32> -> !tile.tile<ROWSx128xf32>
    %u = tile.adds %t, %one : (!tile.tile<ROWSx128xf32>, f32) -> !tile.tile<ROWSx128xf32>
    %v = tile.mul %t, %u : !tile.tile<ROWSx128xf32>
    tile.store %v, %y[%zero, %zero] : !tile.tile<ROWSx128xf32>, !tw.tensor<ROWSx128xf32>
  }
  tw.return
}
)";

std::string hello(const std::string& rows) {
  std::string text = kHello;
  for (size_t at = text.find("ROWS"); at != std::string::npos; at = text.find("ROWS")) text.replace(at, 4, rows);
  return text;
}

TEST(Target, AThirdOneIsATable) {
  EXPECT_EQ(find_target("a9"), nullptr);
  const AddedTarget added(kThird);
  EXPECT_EQ(find_target("a9sim"), &kThird);
  const ArtifactContent content = compile_program({hello("64"), "hello.mlir", "a9sim"});
  EXPECT_EQ(content.platform, "a9");
  EXPECT_THAT(content.files.at("memory_map.txt"), HasSubstr("of 65536 bytes"));

  const ArtifactContent matmul = compile_program({read_file(TW_SOURCE_DIR "/tests/lit/emit/matmul.mlir"), "matmul.mlir", "a9sim"});
  const std::string& map = matmul.files.at("memory_map.txt");
  EXPECT_THAT(map, HasSubstr("left: "));
  EXPECT_THAT(map, HasSubstr("of 16384 bytes"));
  for (const auto& [name, text] : matmul.files) EXPECT_THAT(text, Not(HasSubstr("EVENT_ID4"))) << name;
}

TEST(Target, ItsMemoriesAreWhatProgramsMustFit) {
  const AddedTarget added(kThird);
  EXPECT_NO_THROW(compile_program({hello("128"), "hello.mlir", "a2a3sim"}));
  try {
    compile_program({hello("128"), "hello.mlir", "a9sim"});
    FAIL() << "128 KiB fit into 64 KiB";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("65536"));
  }
}

}  // namespace
}  // namespace tilewright
