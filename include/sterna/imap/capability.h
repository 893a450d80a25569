// SPDX-License-Identifier: Apache-2.0
// Capabilities: what a server says that it can do (RFC 3501 section 7.2.1), as a typed set.
//
// Always the server's own latest list, never a guess by provider. What one capability implies by
// its RFC is added (QRESYNC brings CONDSTORE and ENABLE; IMAP4rev2 brings what RFC 9051 made part
// of it). Unknown names are kept, so that a quirk can be recognised by them.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::imap {

enum class Capability : std::uint8_t {
  imap4rev1,
  imap4rev2,           // RFC 9051
  acl,                 // RFC 4314
  append_limit,        // RFC 7889, see Capabilities::append_limit()
  binary,              // RFC 3516
  children,            // RFC 3348
  compress_deflate,    // RFC 4978
  condstore,           // RFC 7162
  create_special_use,  // RFC 6154
  enable,              // RFC 5161
  esearch,             // RFC 4731
  id,                  // RFC 2971
  idle,                // RFC 2177
  inprogress,          // RFC 9585
  list_extended,       // RFC 5258
  list_status,         // RFC 5819
  literal_minus,       // RFC 7888
  literal_plus,        // RFC 7888
  login_disabled,      // RFC 3501 section 6.2.3
  message_limit,       // RFC 9738, see Capabilities::message_limit()
  move,                // RFC 6851
  multiappend,         // RFC 3502
  namespaces,          // RFC 2342
  notify,              // RFC 5465
  object_id,           // RFC 8474
  partial,             // RFC 9394
  qresync,             // RFC 7162
  quota,               // RFC 9208
  sasl_ir,             // RFC 4959
  save_date,           // RFC 8514
  search_res,          // RFC 5182
  special_use,         // RFC 6154
  starttls,            // RFC 3501 section 6.2.1
  status_size,         // RFC 8438
  uid_only,            // RFC 9586
  uidplus,             // RFC 4315
  unselect,            // RFC 3691
  utf8_accept,         // RFC 6855
  utf8_only,           // RFC 6855
  within,              // RFC 5032
  gmail,               // X-GM-EXT-1: Gmail's own identifiers and labels
  apple_push,          // XAPPLEPUSHSERVICE: iCloud, Yahoo and Fastmail have it
  yahoo,               // XYMHIGHESTMODSEQ
};
inline constexpr std::size_t kCapabilityCount = static_cast<std::size_t>(Capability::yahoo) + 1;

// As on the wire, such as "LITERAL+"; without a value ("APPENDLIMIT").
std::string_view to_string(Capability capability);

class Capabilities {
 public:
  Capabilities() = default;
  // The words of a CAPABILITY response, separated by spaces; never fails. At most 1000 words count.
  static Capabilities parse(std::string_view words);

  bool has(Capability capability) const {
    return known_.test(static_cast<std::size_t>(capability));
  }
  void add(Capability capability);
  void add_word(std::string_view word);
  // SASL mechanisms of "AUTH=...", upper case, in the server's order.
  const std::vector<std::string>& auth_mechanisms() const { return auth_; }
  bool has_auth(std::string_view mechanism) const;
  // A word that is not in the enumeration, without regard to case.
  bool has_other(std::string_view word) const;

  std::optional<std::uint64_t> append_limit() const { return append_limit_; }
  std::optional<std::uint32_t> message_limit() const { return message_limit_; }

  bool empty() const { return known_.none() && auth_.empty() && other_.empty(); }
  std::string to_string() const;  // words that parse() reads back to an equal value

  bool operator==(const Capabilities&) const = default;

 private:
  std::bitset<kCapabilityCount> known_;
  std::vector<std::string> auth_;
  std::vector<std::string> other_;
  std::optional<std::uint64_t> append_limit_;
  std::optional<std::uint32_t> message_limit_;
};

}  // namespace sterna::imap
