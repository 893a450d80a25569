// SPDX-License-Identifier: Apache-2.0
#include "certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>

#include "sterna/base/assert.h"

namespace sterna::net::test {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

constexpr long kDay = 24 * 60 * 60;

template <class Write>
std::string pem(Write write) {
  std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  STERNA_ASSERT(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  STERNA_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

std::string Identity::certificate_pem() const {
  return pem([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string Identity::key_pem() const {
  return pem([this](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Identity issue(const CertificateRequest& request, const Identity* issuer) {
  static std::atomic<long> serial{1};
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  STERNA_ASSERT(certificate && made.key);
  X509* issuing = issuer ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.begins_in_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.ends_in_days * kDay);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuing));
  add_extension(certificate, issuing, NID_basic_constraints,
                request.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!request.alternative_names.empty())
    add_extension(certificate, issuing, NID_subject_alt_name, request.alternative_names);
  EVP_PKEY* signing = issuer ? issuer->key.get() : made.key.get();
  STERNA_ASSERT(X509_sign(certificate, signing, EVP_sha256()) > 0);
  return made;
}

Identity make_authority() {
  return issue({.common_name = "Test Authority",
                .alternative_names = "",
                .begins_in_days = -100,
                .ends_in_days = 100,
                .authority = true});
}

}  // namespace sterna::net::test
