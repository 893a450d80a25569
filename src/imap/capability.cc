// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/capability.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

constexpr std::size_t kWordsMax = 1000;

// In the order of the enumeration.
constexpr std::array<std::string_view, kCapabilityCount> kNames = {"IMAP4rev1",
                                                                   "IMAP4rev2",
                                                                   "ACL",
                                                                   "APPENDLIMIT",
                                                                   "BINARY",
                                                                   "CHILDREN",
                                                                   "COMPRESS=DEFLATE",
                                                                   "CONDSTORE",
                                                                   "CREATE-SPECIAL-USE",
                                                                   "ENABLE",
                                                                   "ESEARCH",
                                                                   "ID",
                                                                   "IDLE",
                                                                   "INPROGRESS",
                                                                   "LIST-EXTENDED",
                                                                   "LIST-STATUS",
                                                                   "LITERAL-",
                                                                   "LITERAL+",
                                                                   "LOGINDISABLED",
                                                                   "MESSAGELIMIT",
                                                                   "MOVE",
                                                                   "MULTIAPPEND",
                                                                   "NAMESPACE",
                                                                   "NOTIFY",
                                                                   "OBJECTID",
                                                                   "PARTIAL",
                                                                   "QRESYNC",
                                                                   "QUOTA",
                                                                   "SASL-IR",
                                                                   "SAVEDATE",
                                                                   "SEARCHRES",
                                                                   "SPECIAL-USE",
                                                                   "STARTTLS",
                                                                   "STATUS=SIZE",
                                                                   "UIDONLY",
                                                                   "UIDPLUS",
                                                                   "UNSELECT",
                                                                   "UTF8=ACCEPT",
                                                                   "UTF8=ONLY",
                                                                   "WITHIN",
                                                                   "X-GM-EXT-1",
                                                                   "XAPPLEPUSHSERVICE",
                                                                   "XYMHIGHESTMODSEQ"};

// What a capability brings along, by its RFC.
struct Implication {
  Capability given;
  Capability implied;
};
constexpr std::array kImplications = {
    Implication{Capability::qresync, Capability::condstore},
    Implication{Capability::qresync, Capability::enable},
    Implication{Capability::utf8_only, Capability::utf8_accept},
    Implication{Capability::utf8_only, Capability::enable},
    Implication{Capability::utf8_accept, Capability::enable},
    // RFC 9051 appendix E: what became part of the protocol.
    Implication{Capability::imap4rev2, Capability::children},
    Implication{Capability::imap4rev2, Capability::enable},
    Implication{Capability::imap4rev2, Capability::esearch},
    Implication{Capability::imap4rev2, Capability::idle},
    Implication{Capability::imap4rev2, Capability::list_extended},
    Implication{Capability::imap4rev2, Capability::list_status},
    Implication{Capability::imap4rev2, Capability::literal_minus},
    Implication{Capability::imap4rev2, Capability::move},
    Implication{Capability::imap4rev2, Capability::namespaces},
    Implication{Capability::imap4rev2, Capability::sasl_ir},
    Implication{Capability::imap4rev2, Capability::search_res},
    Implication{Capability::imap4rev2, Capability::special_use},
    Implication{Capability::imap4rev2, Capability::status_size},
    Implication{Capability::imap4rev2, Capability::uidplus},
    Implication{Capability::imap4rev2, Capability::unselect},
};

}  // namespace

std::string_view to_string(Capability capability) {
  return kNames[static_cast<std::size_t>(capability)];
}

Capabilities Capabilities::parse(std::string_view words) {
  Capabilities capabilities;
  std::size_t count = 0;
  while (!(words = trim(words)).empty() && count < kWordsMax) {
    const std::size_t end = std::min(words.find_first_of(" \t"), words.size());
    capabilities.add_word(words.substr(0, end));
    words.remove_prefix(end);
    ++count;
  }
  return capabilities;
}

void Capabilities::add(Capability capability) {
  known_.set(static_cast<std::size_t>(capability));
  for (const Implication& implication : kImplications) {
    if (implication.given == capability) known_.set(static_cast<std::size_t>(implication.implied));
  }
}

void Capabilities::add_word(std::string_view word) {
  constexpr std::string_view kAuth = "AUTH=";
  const std::string upper = ascii_upper(word);
  if (upper.starts_with(kAuth) && upper.size() > kAuth.size()) {
    if (!has_auth(word.substr(kAuth.size()))) auth_.push_back(upper.substr(kAuth.size()));
    return;
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!ascii_iequals(kNames[i], word)) continue;
    add(static_cast<Capability>(i));
    return;
  }
  const std::size_t equals = upper.find('=');
  const std::string_view name = std::string_view(upper).substr(0, equals);
  const auto value =
      equals == std::string::npos ? std::nullopt : parse_number(upper.substr(equals + 1));
  if (name == "APPENDLIMIT" && value) {
    add(Capability::append_limit);
    append_limit_ = value;
  } else if (name == "MESSAGELIMIT" && value && *value <= UINT32_MAX) {
    add(Capability::message_limit);
    message_limit_ = static_cast<std::uint32_t>(*value);
  } else if (!has_other(word)) {
    other_.push_back(upper);
  }
}

bool Capabilities::has_auth(std::string_view mechanism) const {
  return std::ranges::any_of(auth_, [&](const auto& m) { return ascii_iequals(m, mechanism); });
}

bool Capabilities::has_other(std::string_view word) const {
  return std::ranges::any_of(other_, [&](const auto& o) { return ascii_iequals(o, word); });
}

std::string Capabilities::to_string() const {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const auto capability = static_cast<Capability>(i);
    if (!has(capability)) continue;
    if (capability == Capability::append_limit && append_limit_) {
      words.push_back(fmt::format("{}={}", kNames[i], *append_limit_));
    } else if (capability == Capability::message_limit && message_limit_) {
      words.push_back(fmt::format("{}={}", kNames[i], *message_limit_));
    } else {
      words.emplace_back(kNames[i]);
    }
  }
  for (const std::string& mechanism : auth_) words.push_back("AUTH=" + mechanism);
  words.insert(words.end(), other_.begin(), other_.end());
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace sterna::imap
