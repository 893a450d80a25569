// SPDX-License-Identifier: Apache-2.0
// CommandReader: the octets of an IMAP client as commands (RFC 3501 section 9, RFC 7888), written
// for the simulated server alone, so that it shares no mistake with the client under test.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sterna::simulation {

struct Argument {
  enum class Kind : std::uint8_t { word, string, list };
  Kind kind = Kind::word;
  std::string text;             // of a word or string
  std::vector<Argument> items;  // of a list
  bool literal = false;         // of a string
};

struct ClientCommand {
  std::string tag;
  std::string name;  // upper case, such as "UID FETCH"
  std::vector<Argument> arguments;
  std::string line;  // as it came, literals left out
};

class CommandReader {
 public:
  // `may_go_on` is called with the command so far where the client waits for "+" before it sends a
  // literal. If it is refused, the literal never comes, and the command is over.
  explicit CommandReader(std::function<bool(const ClientCommand&)> may_go_on)
      : may_go_on_(std::move(may_go_on)) {}

  void feed(const std::string& octets) { input_ += octets; }
  // nullopt: more octets are needed.
  std::optional<ClientCommand> next();

 private:
  bool gather();

  std::function<bool(const ClientCommand&)> may_go_on_;
  std::string input_;
  std::string line_;  // so far; a literal is the octet 0x01 in it
  std::vector<std::string> literals_;
  std::optional<std::size_t> awaited_;  // octets of the literal that comes now
};

}  // namespace sterna::simulation
