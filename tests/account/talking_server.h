// SPDX-License-Identifier: Apache-2.0
// TalkingServer: a server of empty mailboxes that many lines lead to. It answers at once, unless
// something is wrong with it, which is what a test says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/coro/sync.h"
#include "sterna/io/clock.h"
#include "tests/account/quiet_transport.h"

namespace sterna::account::test {

class TalkingServer final : public io::Dialer {
 public:
  struct Line {
    std::string out;  // what the client has not read yet
    std::string login;
    std::string idle;     // its tag
    bool silent = false;  // takes octets, and answers nothing
    bool ended = false;
    std::chrono::nanoseconds spoke_at{};
    std::optional<Error> lost;
    coro::Event news;
  };
  struct Said {
    std::chrono::nanoseconds at{};
    std::size_t line = 0;
    std::string command;  // without its tag
  };

  explicit TalkingServer(io::Clock& clock) : clock_(clock) {}

  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint) override {
    dialled.push_back(clock_.monotonic());
    if (hangs) {
      coro::Event never;
      STERNA_CO_CHECK(co_await never.wait());
    }
    if (unreachable) co_return fail(*unreachable);
    auto line = std::make_shared<Line>();
    line->out = "* OK [CAPABILITY " + capabilities + "] ready\r\n";
    line->spoke_at = clock_.monotonic();
    lines.push_back(line);
    co_return std::unique_ptr<io::Transport>(std::make_unique<End>(*this, line, lines.size() - 1));
  }

  // The other end hears of it at once.
  void cut(std::size_t index) {
    lines[index]->lost = Error(ErrorCode::disconnected, "connection reset");
    lines[index]->news.set();
  }
  void say(std::size_t index, std::string_view text) {
    lines[index]->out += text;
    lines[index]->spoke_at = clock_.monotonic();
    lines[index]->news.set();
  }
  std::size_t open_lines() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [](const auto& line) { return !line->ended && !line->lost; }));
  }
  std::size_t logged_in() const {
    return static_cast<std::size_t>(std::ranges::count_if(lines, [](const auto& line) {
      return !line->ended && !line->lost && line->login == "in";
    }));
  }
  std::size_t count(std::string_view verb) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        said, [&](const Said& one) { return one.command.starts_with(verb); }));
  }

  std::string capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE";
  std::vector<std::string> mailboxes{"INBOX"};
  std::optional<Error> unreachable;
  // What is silent for longer is reset when somebody speaks.
  std::chrono::nanoseconds bears = std::chrono::hours(10);
  bool hangs = false;       // whoever dials
  std::string mute_at;      // whoever says what begins so gets no answer any more; "": none
  std::string hangs_up_at;  // whoever says what begins so is cut off; "": none
  std::string refuses;      // what begins so; "": nothing
  std::string refuses_with = "NO [UNAVAILABLE] not now";
  std::string says_in_idle;  // as each begins
  std::chrono::milliseconds answers_after{};
  std::chrono::milliseconds takes_after{};  // what is said goes out for so long, bit by bit
  std::size_t lines_max = SIZE_MAX;         // a login beyond so many lines is refused
  std::string refusal = "NO [LIMIT] Maximum number of connections from user+IP exceeded";
  std::size_t refusals = 0;
  std::vector<std::shared_ptr<Line>> lines;
  std::vector<std::chrono::nanoseconds> dialled;
  std::vector<Said> said;

 private:
  class End final : public QuietTransport {
   public:
    End(TalkingServer& server, std::shared_ptr<Line> line, std::size_t index)
        : server_(server), line_(std::move(line)), index_(index) {}
    ~End() override { line_->ended = true; }

    coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t) override {
      while (line_->out.empty() && !line_->lost && !line_->ended) {
        line_->news.reset();
        STERNA_CO_CHECK(co_await line_->news.wait());
      }
      if (!line_->lost && server_.answers_after.count() > 0)
        STERNA_CO_CHECK(co_await server_.clock_.sleep(server_.answers_after));
      if (line_->lost) co_return fail(*line_->lost);
      const std::string text = std::exchange(line_->out, {});
      into += text;
      octets_in_ += text.size();
      co_return text.size();
    }
    coro::Task<Status> write(std::string bytes) override {
      for (auto left = server_.takes_after; left.count() > 0; left -= kPiece) {
        STERNA_CO_CHECK(co_await server_.clock_.sleep(std::min(left, kPiece)));
        ++octets_out_;
      }
      const auto now = server_.clock_.monotonic();
      if (now - std::exchange(line_->spoke_at, now) > server_.bears) server_.cut(index_);
      if (line_->lost) co_return fail(*line_->lost);
      for (const std::string_view one : split(bytes, '\n')) {
        if (!trim(one).empty()) server_.hear(*line_, index_, std::string(trim(one)));
      }
      line_->news.set();
      co_return Status{};
    }
    std::uint64_t octets_in() const override { return octets_in_; }
    std::uint64_t octets_out() const override { return octets_out_; }
    void close() override {
      line_->ended = true;
      line_->news.set();
    }

   private:
    static constexpr std::chrono::milliseconds kPiece{1000};

    TalkingServer& server_;
    std::shared_ptr<Line> line_;
    std::size_t index_;
    std::uint64_t octets_in_ = 0;
    std::uint64_t octets_out_ = 0;
  };

  void hear(Line& line, std::size_t index, const std::string& text) {
    const std::size_t space = text.find(' ');
    const std::string tag = text.substr(0, space);
    const std::string command = text == "DONE" ? text : text.substr(space + 1);
    said.push_back({clock_.monotonic(), index, command});
    if (!mute_at.empty() && command.starts_with(mute_at)) line.silent = true;
    if (line.silent) return;
    if (!hangs_up_at.empty() && command.starts_with(hangs_up_at)) return cut(index);
    if (!refuses.empty() && command.starts_with(refuses)) {
      line.out += tag + " " + refuses_with + "\r\n";
    } else if (command == "DONE") {
      line.out += std::exchange(line.idle, {}) + " OK done\r\n";
    } else if (command == "IDLE") {
      line.idle = tag;
      line.out += "+ idling\r\n" + says_in_idle;
    } else {
      line.out += answer(line, command);
      line.out += line.login == "refused" && command.starts_with("AUTHENTICATE")
                      ? tag + " " + refusal + "\r\n"
                      : tag + " OK done\r\n";
    }
  }

  std::string answer(Line& line, const std::string& command) {
    if (command.starts_with("AUTHENTICATE")) {
      const bool refused = logged_in() >= lines_max;
      line.login = refused ? "refused" : "in";
      refusals += refused ? 1 : 0;
      return refused ? "" : "* CAPABILITY " + capabilities + "\r\n";
    }
    std::string text;
    if (command.starts_with("LIST")) {
      for (const std::string& name : mailboxes) text += "* LIST () \"/\" " + name + "\r\n";
    } else if (command.starts_with("CREATE ")) {
      mailboxes.push_back(command.substr(7));
    } else if (command.starts_with("STATUS")) {
      const std::string name = command.substr(7, command.find(' ', 7) - 7);
      text = "* STATUS " + name + " (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\n";
    } else if (command.starts_with("SELECT") || command.starts_with("EXAMINE")) {
      text =
          "* FLAGS (\\Seen \\Deleted)\r\n* 0 EXISTS\r\n* OK [UIDVALIDITY 7] it is\r\n"
          "* OK [UIDNEXT 1] it is\r\n";
    } else if (command.starts_with("UID SEARCH")) {
      text = "* SEARCH\r\n";
    } else if (command.starts_with("LOGOUT")) {
      text = "* BYE see you\r\n";
    }
    return text;
  }

  io::Clock& clock_;
};

}  // namespace sterna::account::test
