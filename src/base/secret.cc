// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/secret.h"

#include <openssl/crypto.h>

namespace sterna {

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

}  // namespace sterna
