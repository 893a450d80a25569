// SPDX-License-Identifier: Apache-2.0
// A conversation with a server, from a file of tests/golden/imap:
//
//   # a comment
//   S: a line of the server, CRLF is added; "\xNN" is an octet
//   SL: the same, but LF alone is added
//   C: a line that the client sends: a command with its tag, DONE, a SASL answer, or octets of a
//   literal E: an event that the client reports, as describe.h prints it
//
// A command ending in "{n}" streams its literal, which the next C: line holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sterna::imap::testing {

struct TranscriptBlock {
  bool server = false;
  std::vector<std::string> lines;  // of the client, without CRLF
  std::string octets;              // of the server
};

struct Transcript {
  std::vector<TranscriptBlock> blocks;
  std::vector<std::string> events;
};

Transcript read_transcript(const std::string& path);

// How the server's octets are cut into calls of feed().
struct Cut {
  enum class Kind { whole, octets, random } kind = Kind::whole;
  unsigned seed = 0;
};

// Plays it against a client and returns the events. Fails the current test where the client does
// not send what the transcript says.
std::vector<std::string> play(const Transcript& transcript, Cut cut);

}  // namespace sterna::imap::testing
