// SPDX-License-Identifier: Apache-2.0
// The memory of secrets is OpenSSL's secure heap: locked, left out of dumps, between guard pages.
// Where it cannot be had, or is full, a secret lies on the ordinary heap, and is overwritten there.
#include "sterna/base/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <new>

namespace sterna {
namespace {

// Some hundreds of passwords and tokens; the usual limit of locked memory is 8 MiB, and was 64 KiB.
constexpr std::size_t kHeapOctets = std::size_t{256} * 1024;
constexpr std::size_t kSmallestOctets = 32;

char* allocate(std::size_t octets) {
  static const int heap = CRYPTO_secure_malloc_init(kHeapOctets, kSmallestOctets);
  void* memory = heap == 0 ? nullptr : OPENSSL_secure_malloc(octets);
  if (!memory) memory = OPENSSL_malloc(octets);
  if (!memory) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

}  // namespace

void wipe(std::string& secret) {
  if (!secret.empty()) OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

WipedString& WipedString::operator=(const WipedString& other) {
  if (this != &other) {
    wipe(*this);
    assign(other);
  }
  return *this;
}

WipedString& WipedString::operator=(WipedString&& other) noexcept {
  if (this != &other) {
    wipe(*this);
    assign(std::as_const(other));
    wipe(other);
  }
  return *this;
}

Secret::Secret(std::string_view value) : size_(value.size()) {
  if (size_ == 0) return;
  octets_ = allocate(size_);
  std::ranges::copy(value, octets_);
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  Secret taken(std::move(other));
  std::swap(octets_, taken.octets_);
  std::swap(size_, taken.size_);
  return *this;
}

Secret::~Secret() {
  if (octets_) OPENSSL_secure_clear_free(octets_, size_);
}

}  // namespace sterna
