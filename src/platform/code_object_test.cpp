#include "platform/code_object.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "base/error.h"
#include "platform/compile_for_test.h"

namespace tilewright {
namespace {

using Counter = int();

/// Counts in a static of its own, in an exported global, and in statics of an inline function and of a template, which
/// g++ marks as unique in the process.
std::vector<uint8_t> counting_code(int step) {
  const std::string s = std::to_string(step);
  return compile_for_test(R"(
    int exported_counter = 0;
    inline int& shared_by_inline() { static int counter = 0; return counter; }
    template <typename T> struct Holder { static inline int counter = 0; };
    extern "C" int count_static() { static int counter = 0; return counter += )" +
                          s + R"(; }
    extern "C" int count_exported() { return exported_counter += )" +
                          s + R"(; }
    extern "C" int count_inline() { return shared_by_inline() += )" +
                          s + R"(; }
    extern "C" int count_template() { return Holder<int>::counter += )" +
                          s + R"(; }
  )");
}

const std::vector<const char*> kCounters = {"count_static", "count_exported", "count_inline", "count_template"};

ErrorCode load_error(std::span<const uint8_t> bytes, std::string* text = nullptr) {
  try {
    CodeObject object(bytes, "bad.so");
  } catch (const Error& error) {
    if (text != nullptr) *text = error.what();
    return error.code();
  }
  return ErrorCode::kOk;
}

TEST(CodeObject, TheSameBytesLoadedTwiceShareNoState) {
  const auto bytes = counting_code(1);
  const CodeObject a(bytes, "a.so");
  const CodeObject b(bytes, "b.so");
  for (const char* counter : kCounters) {
    EXPECT_EQ(a.function<Counter>(counter)(), 1) << counter;
    EXPECT_EQ(a.function<Counter>(counter)(), 2) << counter;
    EXPECT_EQ(b.function<Counter>(counter)(), 1) << counter;
  }
}

TEST(CodeObject, DifferentCodeWithTheSameNamesStaysApart) {
  const CodeObject ones(counting_code(1), "kernel.so");
  const CodeObject tens(counting_code(10), "kernel.so");
  for (const char* counter : kCounters) {
    EXPECT_EQ(ones.function<Counter>(counter)(), 1) << counter;
    EXPECT_EQ(tens.function<Counter>(counter)(), 10) << counter;
    EXPECT_EQ(ones.function<Counter>(counter)(), 2) << counter;
  }
}

TEST(CodeObject, StateIsFreshAfterReload) {
  const auto bytes = counting_code(1);
  for (int round = 0; round < 3; ++round) {
    const CodeObject object(bytes, "a.so");
    for (const char* counter : kCounters) EXPECT_EQ(object.function<Counter>(counter)(), 1) << counter;
  }
}

TEST(CodeObject, CodeThatRefusesToUnloadIsNotFoundAgain) {
  const auto stubborn = compile_for_test("extern \"C\" int which() { return 1; }", {"-Wl,-z,nodelete"});
  {
    const CodeObject first(stubborn, "stubborn.so");
  }
  const CodeObject second(compile_for_test("extern \"C\" int which() { return 2; }"), "stubborn.so");
  EXPECT_EQ(second.function<Counter>("which")(), 2);
}

TEST(CodeObject, AnObjectPrefersItsOwnSymbolsToTheProgramsLibraries) {
  // getenv exists in libc, which is searched before the object unless the object prefers its own.
  const CodeObject object(compile_for_test("extern \"C\" char* getenv(const char*) { return (char*)\"mine\"; }\n"
                                           "extern \"C\" const char* ask() { return getenv(\"x\"); }"),
                          "own.so");
  EXPECT_STREQ(object.function<const char*()>("ask")(), "mine");
}

TEST(CodeObject, ADebugDirectoryKeepsTheFile) {
  const TemporaryDirectory directory;
  const auto bytes = counting_code(1);
  const CodeObject a(bytes, "kernel", directory.path());
  const CodeObject b(bytes, "kernel", directory.path());
  EXPECT_EQ(a.function<Counter>("count_inline")(), 1);
  EXPECT_EQ(b.function<Counter>("count_inline")(), 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2);
}

TEST(CodeObject, AMissingFunctionIsNamed) {
  const CodeObject object(counting_code(1), "a.so");
  EXPECT_EQ(object.find("kernel_entry"), nullptr);
  try {
    object.get("kernel_entry");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSymbolMissing);
    EXPECT_EQ(error.message(), "a.so does not define 'kernel_entry'");
  }
}

TEST(CodeObject, AnUndefinedSymbolIsNamed) {
  std::string text;
  EXPECT_EQ(load_error(compile_for_test("extern \"C\" int nowhere(); int f() { return nowhere(); }"), &text), ErrorCode::kSymbolMissing);
  EXPECT_NE(text.find("undefined symbol: nowhere"), std::string::npos) << text;
  EXPECT_EQ(text.find("/proc/self"), std::string::npos) << "the loader's path means nothing to a user: " << text;
}

TEST(CodeObject, BytesThatAreNoSharedObjectAreRefused) {
  EXPECT_EQ(load_error({}), ErrorCode::kInvalidArgument);
  const std::string text = "this is not an ELF file, only a text long enough to hold a header of one......";
  EXPECT_EQ(load_error({reinterpret_cast<const uint8_t*>(text.data()), text.size()}), ErrorCode::kInvalidArgument);
}

TEST(CodeObject, CutOffObjectsAreRefusedAndDoNotCrash) {
  const auto whole = counting_code(1);
  for (size_t size = 0; size < whole.size(); size += whole.size() / 97) {
    EXPECT_EQ(load_error(std::span(whole).first(size)), ErrorCode::kInvalidArgument) << size;
  }
}

}  // namespace
}  // namespace tilewright
