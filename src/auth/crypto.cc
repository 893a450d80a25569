// SPDX-License-Identifier: Apache-2.0
#include "crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sterna/base/assert.h"

namespace sterna::auth {
namespace {

const EVP_MD* function_of(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
  }
  STERNA_ASSERT(false);
  return nullptr;
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* octets(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Error refused(Hash hash) {
  ERR_clear_error();
  return Error(ErrorCode::unsupported, std::string("OpenSSL refuses ") +
                                           EVP_MD_get0_name(function_of(hash)) + " on this machine")
      .with_scope(ErrorScope::account)
      .with_disposition(Disposition::needs_user)
      .with_hint("choose another `auth`");
}

}  // namespace

std::size_t size_of(Hash hash) {
  return static_cast<std::size_t>(EVP_MD_get_size(function_of(hash)));
}

Result<WipedString> digest(Hash hash, std::string_view text) {
  WipedString result;
  result.resize(size_of(hash));
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), octets(result), &length, function_of(hash), nullptr) !=
      1) {
    return fail(refused(hash));
  }
  return result;
}

Result<WipedString> hmac(Hash hash, std::string_view key, std::string_view text) {
  WipedString result;
  result.resize(size_of(hash));
  unsigned length = 0;
  if (!HMAC(function_of(hash), key.data(), static_cast<int>(key.size()), octets(text), text.size(),
            octets(result), &length)) {
    return fail(refused(hash));
  }
  return result;
}

Result<WipedString> stretch(Hash hash, std::string_view password, std::string_view salt,
                            unsigned iterations) {
  WipedString result;
  result.resize(size_of(hash));
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                        static_cast<int>(salt.size()), static_cast<int>(iterations),
                        function_of(hash), static_cast<int>(result.size()), octets(result)) != 1) {
    return fail(refused(hash));
  }
  return result;
}

bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace sterna::auth
