// What tests that run ranges of random programs have in common.
#pragma once

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace tilewright {

struct SeedRange {
  uint64_t first;
  uint64_t count;
};

/// TW_TEST_SEED and TW_TEST_COUNT, where they are set; a seed alone is that program alone. Else `usual`.
inline SeedRange seeds_to_test(SeedRange usual) {
  const char* const seed = std::getenv("TW_TEST_SEED");
  const char* const count = std::getenv("TW_TEST_COUNT");
  if (seed != nullptr) usual = {std::strtoull(seed, nullptr, 10), 1};
  if (count != nullptr) usual.count = std::strtoull(count, nullptr, 10);
  return usual;
}

/// The first line of a message without its numbers, so that equal mistakes of different programs have equal texts.
inline std::string cause_of(const std::string& message) {
  std::string cause;
  for (const char c : message.substr(0, message.find('\n'))) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
      cause += c;
    } else if (cause.empty() || cause.back() != '#') {
      cause += '#';
    }
  }
  return cause;
}

}  // namespace tilewright
