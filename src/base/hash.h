// SHA-256, the only identity of content in the project (architecture decision 8).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tilewright {

/// A SHA-256 digest (FIPS 180-4).
struct Digest {
  std::array<uint8_t, 32> bytes{};
  std::string hex() const;  ///< 64 lower-case hexadecimal characters
  /// The reverse; nothing for any other text.
  static std::optional<Digest> parse(std::string_view hex);
  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// Incremental SHA-256. Not thread safe.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& bytes(const void* data, size_t size);
  /// A length-prefixed field, so that ("ab","c") and ("a","bc") differ.
  Hasher& field(std::string_view text);
  Hasher& field(uint64_t number);
  Digest finish();

 private:
  void* context_;
};

Digest sha256(std::span<const uint8_t> data);
Digest sha256(std::string_view data);

}  // namespace tilewright
