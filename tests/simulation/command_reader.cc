// SPDX-License-Identifier: Apache-2.0
#include "command_reader.h"

#include <utility>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

constexpr char kLiteral = '\x01';

// One pass over a line whose literals were taken out.
class Splitter {
 public:
  Splitter(const std::string& line, std::vector<std::string> literals)
      : line_(line), literals_(std::move(literals)) {}

  std::vector<Argument> run() { return list_until('\0'); }

 private:
  bool at_end() const { return place_ >= line_.size(); }

  std::vector<Argument> list_until(char end) {
    std::vector<Argument> items;
    while (!at_end()) {
      const char c = line_[place_];
      if (c == end) {
        ++place_;
        break;
      }
      if (c == ' ') {
        ++place_;
      } else {
        items.push_back(one());
      }
    }
    return items;
  }

  Argument one() {
    const char c = line_[place_];
    if (c == '(') {
      ++place_;
      return {Argument::Kind::list, {}, list_until(')'), false};
    }
    if (c == '"') return quoted();
    if (c == kLiteral) {
      ++place_;
      STERNA_ASSERT(next_literal_ < literals_.size());
      return {Argument::Kind::string, std::move(literals_[next_literal_++]), {}, true};
    }
    return word();
  }

  Argument quoted() {
    Argument argument{Argument::Kind::string, {}, {}, false};
    for (++place_; !at_end() && line_[place_] != '"'; ++place_) {
      if (line_[place_] == '\\') ++place_;
      argument.text += line_[place_];
    }
    ++place_;
    return argument;
  }

  // "BODY.PEEK[HEADER.FIELDS (DATE)]" is one word.
  Argument word() {
    Argument argument;
    bool bracket = false;
    for (; !at_end(); ++place_) {
      const char c = line_[place_];
      if (!bracket && (c == ' ' || c == '(' || c == ')')) break;
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      argument.text += c;
    }
    return argument;
  }

  const std::string& line_;
  std::vector<std::string> literals_;
  std::size_t next_literal_ = 0;
  std::size_t place_ = 0;
};

struct Announced {
  std::size_t octets = 0;
  std::size_t digits_at = 0;  // of the brace
  bool waits = false;
};

std::optional<Announced> announced_at_end(const std::string& line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t brace = line.rfind('{');
  if (brace == std::string::npos) return std::nullopt;
  std::string digits = line.substr(brace + 1, line.size() - brace - 2);
  const bool waits = !digits.ends_with('+') && !digits.ends_with('-');
  if (!waits) digits.pop_back();
  const auto octets = parse_number(digits);
  if (!octets) return std::nullopt;
  return Announced{static_cast<std::size_t>(*octets), brace, waits};
}

ClientCommand command_of(std::string line, std::vector<std::string> literals) {
  ClientCommand command;
  command.line = std::move(line);
  std::vector<Argument> words = Splitter(command.line, std::move(literals)).run();
  if (words.size() < 2) return command;
  command.tag = words[0].text;
  command.name = ascii_upper(words[1].text);
  std::size_t first = 2;
  if (command.name == "UID" && words.size() > 2) {
    command.name += " " + ascii_upper(words[2].text);
    first = 3;
  }
  command.arguments.assign(
      std::make_move_iterator(words.begin() + static_cast<std::ptrdiff_t>(first)),
      std::make_move_iterator(words.end()));
  return command;
}

}  // namespace

// True once a whole command is in line_.
bool CommandReader::gather() {
  for (;;) {
    if (awaited_) {
      if (input_.size() < *awaited_) return false;
      literals_.push_back(input_.substr(0, *awaited_));
      input_.erase(0, *awaited_);
      awaited_.reset();
    }
    const std::size_t end = input_.find("\r\n");
    if (end == std::string::npos) return false;
    line_ += input_.substr(0, end);
    input_.erase(0, end + 2);
    const auto literal = announced_at_end(line_);
    if (!literal) return true;
    line_.resize(literal->digits_at);
    if (literal->waits && !may_go_on_(command_of(line_, literals_))) {
      line_.clear();
      literals_.clear();
      continue;
    }
    line_ += kLiteral;
    awaited_ = literal->octets;
  }
}

std::optional<ClientCommand> CommandReader::next() {
  if (!gather()) return std::nullopt;
  return command_of(std::exchange(line_, {}), std::exchange(literals_, {}));
}

}  // namespace sterna::simulation
