// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/digest.h"

// Not EVP: its first digest reads OpenSSL's configuration and sets up its providers, which takes
// longer than all else that a sync without news computes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstring>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna {
namespace {

SHA256_CTX* context_of(void* context) {
  return static_cast<SHA256_CTX*>(context);
}

}  // namespace

std::string Digest::hex() const {
  return to_hex(raw());
}

std::string_view Digest::raw() const {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Digest> Digest::from_bytes(std::string_view raw) {
  Digest digest;
  if (raw.size() != digest.bytes.size()) return std::nullopt;
  std::memcpy(digest.bytes.data(), raw.data(), raw.size());
  return digest;
}

void Sha256::Free::operator()(void* context) const {
  delete context_of(context);
}

Sha256::Sha256() : context_(new SHA256_CTX) {
  STERNA_ASSERT(SHA256_Init(context_of(context_.get())) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  STERNA_ASSERT(SHA256_Update(context_of(context_.get()), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  STERNA_ASSERT(SHA256_Final(digest.bytes.data(), context_of(context_.get())) == 1);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::uint64_t hash64(std::string_view bytes) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : bytes) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  return h;
}

}  // namespace sterna
