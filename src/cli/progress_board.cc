// SPDX-License-Identifier: Apache-2.0
#include "progress_board.h"

#include <fmt/format.h>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::chrono::milliseconds kRedrawEvery{150};
constexpr std::chrono::seconds kWordsEvery{10};
constexpr std::size_t kPhaseOctetsMax = 120;
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

class ProgressBoard::Account : public account::Progress {
 public:
  explicit Account(ProgressBoard& board) : board_(board) {}

  void expect(std::uint64_t messages, std::uint64_t octets) override {
    expected += {messages, octets};
    sizes_known = sizes_known && (messages == 0 || octets > 0);
  }
  void transferred(std::uint64_t messages, std::uint64_t octets) override {
    done += {messages, octets};
  }
  void phase(std::string_view account, std::string_view what) override {
    board_.phase_ = printable(fmt::format("{}: {}", account, what), kPhaseOctetsMax);
  }

  Figures expected;
  Figures done;
  bool sizes_known = true;  // of everything that is expected

 private:
  ProgressBoard& board_;
};

ProgressBoard::Mode ProgressBoard::mode_of(const Console& console) {
  if (console.verbose()) return Mode::words;
  if (!console.shows_progress()) return Mode::none;
  return console.may_redraw() ? Mode::line : Mode::words;
}

ProgressBoard::ProgressBoard(Console& console, io::Clock& clock, std::size_t accounts)
    : console_(console), clock_(clock), mode_(mode_of(console)), expected_(accounts) {}

ProgressBoard::~ProgressBoard() = default;

account::Progress& ProgressBoard::add(const std::string& account) {
  if (accounts_.empty()) phase_ = account;
  accounts_.push_back(std::make_unique<Account>(*this));
  return *accounts_.back();
}

void ProgressBoard::done(std::string_view summary, const std::vector<Error>& complaints) {
  ++ended_;
  if (summary.empty() && complaints.empty()) return;
  erase();
  console_.out(summary);
  for (const Error& error : complaints) console_.error(error);
}

coro::Task<void> ProgressBoard::run() {
  if (mode_ == Mode::none) co_return;
  const std::chrono::milliseconds every = mode_ == Mode::line ? kRedrawEvery : kWordsEvery;
  for (;;) {
    const Status slept = co_await clock_.sleep(every);
    if (!slept) break;
    draw();
  }
  erase();
}

ProgressView ProgressBoard::look() {
  ProgressView view;
  bool sizes_known = true;
  for (const auto& account : accounts_) {
    view.expected += account->expected;
    view.done += account->done;
    sizes_known = sizes_known && account->sizes_known;
  }
  if (!sizes_known) view.expected.octets = 0;  // a part says nothing about the whole
  view.label =
      expected_ > 1 && ended_ > 0 ? fmt::format("{}/{} {}", ended_, expected_, phase_) : phase_;
  messages_.add(clock_.monotonic(), view.done.messages);
  octets_.add(clock_.monotonic(), view.done.octets);
  view.messages_per_second = messages_.rate();
  view.octets_per_second = octets_.rate();
  return view;
}

void ProgressBoard::draw() {
  const ProgressView now = look();
  if (mode_ == Mode::words) {
    console_.err("sterna: " + progress_words(now) + "\n");
    return;
  }
  // One column stays free: a full line would wrap on some terminals.
  std::string line = progress_line(now, console_.error_width() - 1);
  if (line == drawn_) return;
  // The cursor waits at the start, so that a line of the log, or the shell after a kill, writes
  // over it.
  console_.err(std::string(kEraseLine) + line + "\r");
  drawn_ = std::move(line);
}

void ProgressBoard::erase() {
  if (!drawn_.empty()) console_.err(kEraseLine);
  drawn_.clear();
}

}  // namespace sterna::cli
