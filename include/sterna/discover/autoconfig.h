// SPDX-License-Identifier: Apache-2.0
// The XML in which providers describe their servers (draft-ietf-mailmaint-autoconfig, also known as
// Mozilla's format), as far as IMAP goes. The text is foreign: it is bounded in size and depth, and
// a document type, and with it every entity, is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/discover/candidate.h"

namespace sterna::discover {

inline constexpr std::size_t kAutoconfigOctetsMax = 128 * 1024;
inline constexpr std::size_t kAutoconfigDepthMax = 32;
// Further servers are left out.
inline constexpr std::size_t kAutoconfigServersMax = 16;

// The mail address whose parts stand for the placeholders.
struct Address {
  std::string local;
  std::string domain;  // lower case

  std::string text() const { return local + "@" + domain; }
};
// ErrorCode::usage where it is none that this could be asked of the web and the DNS: with letters,
// digits and "-" in the labels of its domain, of which there are at least two.
Result<Address> parse_address(std::string_view text);

// A name that could be a server's: as above, or one label alone.
bool is_host_name(std::string_view text);

// Its IMAP servers that can be used, in the order of the document: encrypted, with a login that
// exists here; source and where are not set. ErrorCode::protocol where it is no such document;
// ErrorCode::not_found where none can be used, with what was offered; ErrorCode::unsupported where
// nothing here reads XML.
Result<std::vector<Candidate>> parse_autoconfig(std::string_view xml, const Address& address);

}  // namespace sterna::discover
