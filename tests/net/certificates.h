// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot: an authority, and servers good and bad in every way that matters.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sterna::net::test {

struct Identity {
  struct Free {
    void operator()(X509* made) const { X509_free(made); }
    void operator()(EVP_PKEY* made) const { EVP_PKEY_free(made); }
  };
  std::unique_ptr<X509, Free> certificate;
  std::unique_ptr<EVP_PKEY, Free> key;

  std::string certificate_pem() const;
  std::string key_pem() const;
};

struct CertificateRequest {
  std::string common_name = "mail.example.org";
  std::string alternative_names = "DNS:mail.example.org";  // OpenSSL's notation; "" for none
  long begins_in_days = -1;
  long ends_in_days = 30;
  bool authority = false;
};

// Signed by `issuer`, or by itself.
Identity issue(const CertificateRequest& request, const Identity* issuer = nullptr);
Identity make_authority();

}  // namespace sterna::net::test
