// SPDX-License-Identifier: Apache-2.0
#include "transcript.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "describe.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/client.h"
#include "sterna/imap/framer.h"

namespace sterna::imap::testing {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\\x" && i + 4 <= text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

CommandKind kind_of(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(CommandKind::unsubscribe); ++i) {
    const auto kind = static_cast<CommandKind>(i);
    const std::string_view name = to_string(kind);
    if (ascii_istarts_with(text, name) &&
        (text.size() == name.size() || text[name.size()] == ' ')) {
      return kind;
    }
  }
  if (ascii_istarts_with(text, "UID EXPUNGE")) return CommandKind::expunge;
  return CommandKind::noop;
}

// The command of a line such as 's3 APPEND "x" {5}', without its tag.
Command command_of(std::string_view line) {
  const std::string_view text = line.substr(line.find(' ') + 1);
  const CommandKind kind = kind_of(text);
  const std::size_t brace = text.ends_with('}') ? text.rfind('{') : std::string_view::npos;
  Command command(kind, std::string(text.substr(0, brace)));
  if (brace != std::string_view::npos) {
    const auto size = parse_number(text.substr(brace + 1, text.size() - brace - 2));
    command.stream(size.value_or(0), LiteralMode::synchronizing);
  }
  const std::size_t quote = text.find(' ');
  const bool selects = kind == CommandKind::select || kind == CommandKind::examine;
  if (selects && quote != std::string_view::npos) {
    std::string_view name = text.substr(quote + 1);
    name = name.substr(0, name.find(' '));
    command.set_mailbox(WireName{std::string(name)});
  }
  return command;
}

class Player {
 public:
  explicit Player(Cut cut) : cut_(cut), random_(cut.seed) {}

  void play(const TranscriptBlock& block) {
    if (block.server) {
      feed(block.octets);
    } else {
      for (const std::string& line : block.lines) send(line);
    }
  }

  std::vector<std::string> events() { return std::move(recorder_.events); }

 private:
  void send(const std::string& line) {
    if (const auto wanted = client_.wants_literal()) {
      EXPECT_TRUE(client_.provide_literal(wanted->id, line));
    } else if (line == "DONE") {
      client_.end_idle();
    } else if (line == "*") {
      EXPECT_TRUE(client_.cancel_auth(client_.outstanding().back()));
    } else if (line.find(' ') == std::string::npos) {
      EXPECT_TRUE(client_.respond_auth(client_.outstanding().back(),
                                       base64_decode(line).value_or("not base64")));
    } else {
      EXPECT_TRUE(client_.submit(command_of(line))) << line;
    }
    EXPECT_EQ(client_.take_output(), line + "\r\n");
  }

  void feed(std::string_view octets) {
    while (!octets.empty()) {
      const auto consumed = client_.feed(octets.substr(0, next_cut(octets.size())), recorder_);
      if (!consumed) {
        recorder_.events.push_back("error: " + consumed.error().message());
        return;
      }
      octets.remove_prefix(*consumed);
    }
  }

  std::size_t next_cut(std::size_t left) {
    switch (cut_.kind) {
      case Cut::Kind::whole:
        return left;
      case Cut::Kind::octets:
        return 1;
      case Cut::Kind::random:
        return 1 + random_() % std::min<std::size_t>(left, 40);
    }
    return left;
  }

  Cut cut_;
  std::minstd_rand random_;
  Client client_;
  Recorder recorder_;
};

}  // namespace

Transcript read_transcript(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  Transcript transcript;
  const auto block = [&transcript](bool server) -> TranscriptBlock& {
    if (transcript.blocks.empty() || transcript.blocks.back().server != server) {
      transcript.blocks.push_back({.server = server, .lines = {}, .octets = {}});
    }
    return transcript.blocks.back();
  };
  for (std::string line; std::getline(in, line);) {
    const std::string_view text = line;
    if (text.empty() || text.starts_with('#')) continue;
    if (text.starts_with("S: ")) {
      block(true).octets += unescape(text.substr(3)) + "\r\n";
    } else if (text.starts_with("SL: ")) {
      block(true).octets += unescape(text.substr(4)) + "\n";
    } else if (text.starts_with("C: ")) {
      block(false).lines.emplace_back(text.substr(3));
    } else if (text.starts_with("E: ")) {
      transcript.events.emplace_back(text.substr(3));
    } else {
      ADD_FAILURE() << path << ": " << line;
    }
  }
  return transcript;
}

std::vector<std::string> play(const Transcript& transcript, Cut cut) {
  Player player(cut);
  for (const TranscriptBlock& block : transcript.blocks) player.play(block);
  return player.events();
}

}  // namespace sterna::imap::testing
