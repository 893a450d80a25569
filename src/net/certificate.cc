// SPDX-License-Identifier: Apache-2.0
#include "certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>

#include "sterna/base/bytes.h"
#include "sterna/base/digest.h"

namespace sterna::net {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

// More names than anyone reads.
constexpr std::size_t kNamesShown = 8;

std::string words(const X509_NAME* name) {
  std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  constexpr unsigned long kFlags = XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SPC_EQ;
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, kFlags) < 0) return "?";
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return printable(std::string_view(data, static_cast<std::size_t>(size)), 200);
}

std::int64_t seconds(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (!time || ASN1_TIME_to_tm(time, &broken_down) != 1) return 0;
  return ::timegm(&broken_down);
}

std::string date(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (!time || ASN1_TIME_to_tm(time, &broken_down) != 1) return "an unknown date";
  return fmt::format("{:04}-{:02}-{:02}", broken_down.tm_year + 1900, broken_down.tm_mon + 1,
                     broken_down.tm_mday);
}

std::string general_name(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    const ASN1_IA5STRING* text = name->d.dNSName;
    const char* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    return printable({data, static_cast<std::size_t>(ASN1_STRING_length(text))}, 100);
  }
  if (name->type != GEN_IPADD) return {};
  const ASN1_OCTET_STRING* address = name->d.iPAddress;
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

// The names a certificate is for: "mail.example.org, *.example.net".
std::string names_of(X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string list;
  std::size_t shown = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string name = general_name(sk_GENERAL_NAME_value(names.get(), i));
    if (name.empty()) continue;
    if (++shown > kNamesShown) return list + ", ...";
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list.empty() ? "no name at all" : list;
}

Error untrusted(std::string message, std::string hint) {
  return Error(ErrorCode::certificate, std::move(message)).with_hint(std::move(hint));
}

std::string which(X509_STORE_CTX* chain, X509* certificate) {
  if (X509_STORE_CTX_get_error_depth(chain) == 0) return "the server's certificate";
  return fmt::format("the issuer's certificate ({})", subject_of(certificate));
}

// Such as 5ad8a5d6.0: what OpenSSL looks for in a directory of authorities.
bool is_hashed(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  return name.size() > kDigits + 1 && name[kDigits] == '.' &&
         name.substr(0, kDigits).find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         name.substr(kDigits + 1).find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_authorities(const std::string& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (is_hashed(it->path().filename().string())) return true;
  }
  return false;
}

// Where the authorities of the system should be, if they are not.
std::optional<std::string> bare_directory() {
  const char* named = ::secure_getenv(X509_get_default_cert_dir_env());
  std::string directories = named ? named : X509_get_default_cert_dir();
  for (const std::string_view one : split(directories, ':')) {
    if (has_authorities(std::string(one))) return std::nullopt;
  }
  return directories;
}

Error unknown_issuer(X509* leaf) {
  const bool self_signed =
      X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0;
  if (const auto bare = self_signed ? std::nullopt : bare_directory()) {
    return untrusted(
        fmt::format("unknown issuer of the server's certificate: {}", issuer_of(leaf)),
        fmt::format("{} has no authorities under the names that OpenSSL looks for: install the "
                    "system's (ca-certificates), or run `openssl rehash {}`, or let SSL_CERT_FILE "
                    "or tls.ca_file name a bundle of them",
                    printable(*bare, 200), printable(*bare, 200)));
  }
  std::string message =
      self_signed ? fmt::format("the server's certificate is self-signed ({})", subject_of(leaf))
                  : fmt::format("unknown issuer of the server's certificate: {}", issuer_of(leaf));
  return untrusted(
      std::move(message),
      fmt::format(
          "if this server is meant to have such a certificate, set tls.ca_file to its issuer's "
          "certificate, or, after comparing it with the server's, tls.pin_sha256 = [\"{}\"]",
          spki_pin(leaf)));
}

// What X509_verify_cert found, in words.
Error explain(X509_STORE_CTX* chain, const PeerCheck& check) {
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  X509* current = X509_STORE_CTX_get_current_cert(chain);
  if (!current) current = leaf;
  const int error = X509_STORE_CTX_get_error(chain);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return untrusted(
          fmt::format("{} expired on {}", which(chain, current), date(X509_get0_notAfter(current))),
          "the server's administrator has to renew it");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return untrusted(fmt::format("{} is not valid before {}", which(chain, current),
                                   date(X509_get0_notBefore(current))),
                       "check the clock of this machine");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return untrusted(fmt::format("name mismatch: wanted {}, the certificate is for {}",
                                   printable(check.host, 100), names_of(leaf)),
                       "check the host name; the server must be called by one of its names");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return unknown_issuer(leaf);
    default:
      return untrusted(
          fmt::format("{}: {}", which(chain, current), X509_verify_cert_error_string(error)), {});
  }
}

bool has_pin(const PeerCheck& check, X509* certificate) {
  return std::ranges::find(check.pins, spki_pin(certificate)) != check.pins.end();
}

bool chain_has_pin(const PeerCheck& check, X509_STORE_CTX* chain) {
  STACK_OF(X509)* certificates = X509_STORE_CTX_get0_chain(chain);
  for (int i = 0; i < sk_X509_num(certificates); ++i)
    if (has_pin(check, sk_X509_value(certificates, i))) return true;
  return false;
}

}  // namespace

bool is_ip_literal(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool expect_host(X509_VERIFY_PARAM* param, const std::string& host) {
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ip_literal(host)) return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  // A trailing dot is part of the query, not of the name in a certificate.
  std::string_view name = host;
  if (name.ends_with('.')) name.remove_suffix(1);
  return !name.empty() && X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1;
}

bool verify_peer(X509_STORE_CTX* chain, PeerCheck& check) {
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  if (has_pin(check, leaf)) {
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return true;
  }
  const bool valid = X509_verify_cert(chain) == 1;
  if (valid && (check.pins.empty() || chain_has_pin(check, chain))) return true;
  if (check.pins.empty()) {
    check.failure = explain(chain, check);
  } else {
    check.failure =
        untrusted(fmt::format("the server's key is not one of those in tls.pin_sha256; it is {}",
                              spki_pin(leaf)),
                  "if the server's key was changed on purpose, compare and update tls.pin_sha256");
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
  }
  return false;
}

std::string spki_pin(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const Digest digest = sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return base64_encode(digest.raw());
}

std::string subject_of(X509* certificate) {
  return words(X509_get_subject_name(certificate));
}
std::string issuer_of(X509* certificate) {
  return words(X509_get_issuer_name(certificate));
}
std::int64_t expiry_of(X509* certificate) {
  return seconds(X509_get0_notAfter(certificate));
}

}  // namespace sterna::net
