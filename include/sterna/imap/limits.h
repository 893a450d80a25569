// SPDX-License-Identifier: Apache-2.0
// What a server may make us hold or read. Every bound is on foreign bytes, so going beyond one is
// an error of the protocol, never an assertion.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sterna::imap {

struct Limits {
  // One line part of a response, without its end. A plain "* SEARCH" of a million UIDs needs 8 MiB.
  std::size_t line_octets_max = std::size_t{8} << 20;
  // All that is gathered for one response: its lines and the literals that are not streamed.
  std::size_t response_octets_max = std::size_t{16} << 20;
  // A literal that is neither a body nor at most this long is read and thrown away, and its value
  // counts as missing.
  std::size_t gathered_literal_octets_max = std::size_t{256} << 10;
  // An announced literal beyond this ends the connection.
  std::uint64_t literal_octets_max = std::uint64_t{2} << 30;
  std::size_t literals_max = 10'000;  // in one response
};

// What one response may hold many of; a response with more cannot be understood. Each of them takes
// more memory than its octets did, and some are compared with one another.
inline constexpr std::size_t kKeywordsMax = 1000;           // of one message
inline constexpr std::size_t kMailboxKeywordsMax = 20'000;  // of all that are in a mailbox
inline constexpr std::size_t kKeywordOctets = 16;           // of each, on the average
inline constexpr std::size_t kBodiesMax = 100;              // in a FETCH
// What stands before a literal of a FETCH is read at each of them, to know whether that is a body:
// so much before one, and so much before all of a response. No server comes near either.
inline constexpr std::size_t kFetchPrefixOctetsMax = std::size_t{64} << 10;
inline constexpr std::size_t kFetchPrefixesOctetsMax = 4 * kFetchPrefixOctetsMax;
inline constexpr std::size_t kListedMax = 1000;  // namespaces, fields of ID, OLDNAME and the like

// RFC 8474 section 4: a longer object identifier is none.
inline constexpr std::size_t kObjectIdOctetsMax = 255;

// RFC 2683 section 3.2.1.5, RFC 7162 section 4: a command line, literals not counted, that is safe
// with servers of which nothing is known; Quirks::command_line_octets_max knows better.
inline constexpr std::size_t kCommandLineOctets = 8000;

// RFC 7888 section 5: the largest non-synchronizing literal under LITERAL-.
inline constexpr std::uint64_t kLiteralMinusOctets = 4096;

}  // namespace sterna::imap
