// SPDX-License-Identifier: Apache-2.0
// Identity by content: what a local file and a message on the server must have in common to be the
// same.
//
// Line ends differ between the two sides, so everything is computed over a canonical form in which
// a line feed and whatever carriage returns stand right before it are one CRLF. It comes out the
// same for the octets of the server, for the file that they become (CRLF to LF), and for what is
// uploaded of a file (LF to CRLF). Carriage returns elsewhere are octets like others. Texts without
// a header, without a final line end, with NULs or with lines of any length are all right.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/digest.h"
#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::maildir {

inline constexpr std::size_t kHeaderOctetsMax = 64 * 1024;  // what of a header counts
inline constexpr std::string_view kStubField = "X-Sterna-Stub";

// The same message without the fields that mail programs keep for themselves in the files that they
// write: Content-Length, Lines, Status, X-Status.
struct PlainContent {
  Digest header_digest;
  std::uint64_t fields_octets = 0;  // of those fields, on the wire
  bool operator==(const PlainContent&) const = default;
};

struct ContentIdentity {
  // Octets on the wire: of the file as it would be uploaded (each LF without a CR gets one), or
  // RFC822.SIZE. It differs between the sides only for messages with line feeds that had no CR.
  std::uint64_t size = 0;
  // SHA-256 over the canonical lines of the header, without the empty line that ends it (servers
  // differ on whether it is there), the last one completed; of at most kHeaderOctetsMax octets of
  // it.
  Digest header_digest;
  std::string message_id;   // with its angle brackets, "" if there is none
  std::string date;         // unfolded and trimmed, "" if there is none
  bool has_fields = false;  // at least one line of it parses as a header field
  // Of a file that stands for a message with its headers only (rule 18): the name that the message
  // would have here, as the field kStubField has it; "" if there is none.
  std::string stub_of;
  // What mbsync stores in the place of a message that is over its MaxSize: its header, with a
  // subject and a text of mbsync's own.
  bool is_placeholder = false;
  // Of the octets that the header's digest does not cover, carriage returns left out: the first 63
  // bits of their SHA-256, which tell versions of a message apart. 0: not seen.
  std::uint64_t body_digest = 0;
  // nullopt where the header has none of those fields, nothing but them, or more octets than count.
  std::optional<PlainContent> plain;
  bool operator==(const ContentIdentity&) const = default;
};

// Puts octets, in pieces, into the canonical form. Of a run of carriage returns, however long, it
// keeps the number only, and gives them in blocks.
class Canonicalizer {
 public:
  // The next piece of the canonical form; takes what it was made of off `bytes`. Empty where the
  // rest must wait for what follows: `bytes` is empty then. Valid as long as the octets are.
  std::string_view next(std::string_view& bytes);
  // At the end, until it is empty: carriage returns that no line feed followed.
  std::string_view rest();

 private:
  std::uint64_t pending_cr_ = 0;
};

// Computes an identity from octets in pieces, in whichever form they are.
class IdentityBuilder {
 public:
  void update(std::string_view bytes);
  // Once. `size` is that of the octets seen, as they would be uploaded.
  ContentIdentity finish();

 private:
  void count(std::string_view bytes);
  void take(std::string_view canonical);
  void take_body(std::string_view bytes);

  Canonicalizer canonicalizer_;
  std::string header_;  // canonical, until its end or its limit is found
  bool header_done_ = false;
  Sha256 body_;
  std::string body_start_;  // without carriage returns; more of it than a placeholder has
  std::uint64_t size_ = 0;
  bool last_was_cr_ = false;
};

// Of BODY[HEADER] (or more of the message than that) and RFC822.SIZE.
ContentIdentity identity_of_wire_header(std::string_view header, std::uint64_t rfc822_size);

// SHA-256 over the canonical form of the whole, in pieces.
class CanonicalDigest {
 public:
  void update(std::string_view bytes);
  Digest finish();

 private:
  void hash_buffer();

  Canonicalizer canonicalizer_;
  std::string buffer_;  // small pieces together
  Sha256 hash_;
};

// As CanonicalDigest, of the message without the fields that mail programs keep for themselves:
// the same for a message and for the file that such a program made of it.
class PlainDigest {
 public:
  void update(std::string_view bytes);
  Digest finish();

 private:
  void take(std::string_view canonical);
  void take_header(std::size_t octets);
  void take_buffer();

  Canonicalizer canonicalizer_;
  std::string buffer_;  // small pieces together
  std::string header_;  // canonical, and what follows it, until its end or its limit is found
  bool header_done_ = false;
  Sha256 hash_;
};

// Reads the file to its end.
Result<ContentIdentity> read_identity(io::FileReader& file);
Result<Digest> full_digest(io::FileReader& file);
Digest full_digest(std::string_view bytes);  // of octets of either side

struct FileDigests {
  Digest whole;
  Digest plain;  // equal to `whole` where there is nothing to leave out
  bool has_nul = false;
};
Result<FileDigests> file_digests(io::FileReader& file);
// What servers make of a message with NUL in it, which they cannot keep: 0x80 stands in its place,
// or nothing.
Result<std::vector<Digest>> digests_without_nul(io::FileReader& file);

// Whether two files hold the same message, line ends apart.
Result<bool> same_content(io::FileReader& a, io::FileReader& b);

}  // namespace sterna::maildir
