#include "base/hash.h"

#include <openssl/evp.h>

#include <new>

namespace tilewright {

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Hasher::Hasher() {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (context == nullptr) throw std::bad_alloc();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  context_ = context;
}

Hasher::~Hasher() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

Hasher& Hasher::bytes(const void* data, size_t size) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data, size);
  return *this;
}

Hasher& Hasher::field(std::string_view text) { return field(uint64_t{text.size()}).bytes(text.data(), text.size()); }

Hasher& Hasher::field(uint64_t number) { return bytes(&number, sizeof number); }

Digest Hasher::finish() {
  Digest digest;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.bytes.data(), nullptr);
  return digest;
}

Digest sha256(std::span<const uint8_t> data) { return Hasher().bytes(data.data(), data.size()).finish(); }

Digest sha256(std::string_view data) { return Hasher().bytes(data.data(), data.size()).finish(); }

}  // namespace tilewright
