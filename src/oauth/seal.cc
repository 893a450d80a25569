// SPDX-License-Identifier: Apache-2.0
#include "seal.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <memory>

#include "sterna/base/digest.h"

namespace sterna::oauth {
namespace {

constexpr std::size_t kNonceOctets = 12;
constexpr int kTagOctets = 16;

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

// The key as it was given has any length; it is random, so one digest makes a key of it.
Digest derived(const Secret& key) {
  Sha256 digest;
  digest.update("sterna token key 1\n");
  digest.update(key.reveal());
  return digest.finish();
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Error cipher_failed() {
  return Error(ErrorCode::internal, "AES-256-GCM is not to be had from OpenSSL");
}

}  // namespace

Result<Sealed> seal(const Secret& key, std::string_view about, const Secret& text) {
  const Digest digest = derived(key);
  const std::string_view plain = text.reveal();
  Sealed sealed;
  sealed.nonce.resize(kNonceOctets);
  sealed.text.resize(plain.size() + kTagOctets);
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool done =
      context &&
      // OpenSSL's own generator would stay behind in the thread of a worker.
      ::getrandom(sealed.nonce.data(), kNonceOctets, 0) == static_cast<ssize_t>(kNonceOctets) &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, digest.bytes.data(),
                         octets(sealed.nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, octets(about),
                        static_cast<int>(about.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), octets(sealed.text), &written, octets(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), octets(sealed.text) + written, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagOctets,
                          octets(sealed.text) + plain.size()) == 1;
  if (!done) return fail(cipher_failed());
  return sealed;
}

std::optional<Secret> unseal(const Secret& key, std::string_view about, const Sealed& sealed) {
  if (sealed.nonce.size() != kNonceOctets || sealed.text.size() < kTagOctets) return std::nullopt;
  const Digest digest = derived(key);
  const std::size_t size = sealed.text.size() - kTagOctets;
  std::string tag = sealed.text.substr(size);
  std::string plain(size, '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool done =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, digest.bytes.data(),
                         octets(std::string_view(sealed.nonce))) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, octets(about),
                        static_cast<int>(about.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), octets(plain), &written,
                        octets(std::string_view(sealed.text)), static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagOctets, octets(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), octets(plain) + written, &written) == 1;
  if (!done) {
    wipe(plain);
    return std::nullopt;
  }
  return Secret(std::move(plain));
}

}  // namespace sterna::oauth
