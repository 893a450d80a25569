// SPDX-License-Identifier: Apache-2.0
#include "prompt.h"

#include <fmt/format.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kAnswerOctetsMax = 4096;

Error no_answer() {
  return Error(ErrorCode::cancelled, "no answer");
}

// A line, an octet at a time, so that nothing behind it is taken from whoever reads next.
Result<WipedString> read_line() {
  WipedString line;
  line.reserve(kAnswerOctetsMax);
  for (;;) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, "standard input"));
    if (got == 0 && line.empty()) return fail(no_answer());
    if (got == 0 || c == '\n') return line;
    if (line.size() == kAnswerOctetsMax) return fail(ErrorCode::usage, "the answer is too long");
    line += c;
  }
}

// The terminal shows nothing of what is typed, until this is gone; a signal brings it back, too.
class Hidden {
 public:
  Hidden() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction action{};
      action.sa_handler = &Hidden::end;
      ::sigaction(kSignals[i], &action, &actions_[i]);
    }
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    active_ = true;
  }
  ~Hidden() {
    if (!active_) return;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      ::sigaction(kSignals[i], &actions_[i], nullptr);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  static void end(int number) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    ::signal(number, SIG_DFL);
    ::raise(number);
  }

  static inline termios before_{};
  std::array<struct sigaction, kSignals.size()> actions_{};
  bool active_ = false;
};

}  // namespace

Result<std::string> Prompt::optional_line(std::string_view question) {
  console_.err(fmt::format("{}: ", question));
  auto line = read_line();
  if (!line) console_.err("\n");
  if (!line) return fail(std::move(line).error());
  return std::string(trim(*line));
}

Result<std::string> Prompt::line(std::string_view question, std::string_view usual) {
  const std::string asked =
      usual.empty() ? std::string(question) : fmt::format("{} [{}]", question, usual);
  for (;;) {
    STERNA_TRY(std::string answer, optional_line(asked));
    if (answer.empty()) answer = usual;
    if (!answer.empty()) return answer;
  }
}

Result<Secret> Prompt::secret(std::string_view question) {
  Result<WipedString> line = [this, question] {
    const Hidden hidden;
    console_.err(fmt::format("{} (not shown): ", question));
    return read_line();
  }();
  console_.err("\n");
  if (!line) return fail(std::move(line).error());
  if (line->ends_with('\r')) line->pop_back();
  return Secret(*line);
}

Result<bool> Prompt::yes(std::string_view question, bool usual) {
  const std::string asked = fmt::format("{} [{}]", question, usual ? "Y/n" : "y/N");
  for (;;) {
    STERNA_TRY(const std::string answer, optional_line(asked));
    if (answer.empty()) return usual;
    const char first = ascii_lower(answer.front());
    if (first == 'y' || first == 'n') return first == 'y';
  }
}

Result<std::size_t> Prompt::choice(std::string_view question,
                                   const std::vector<std::string>& answers) {
  console_.err(fmt::format("{}\n", question));
  for (std::size_t i = 0; i < answers.size(); ++i)
    console_.err(fmt::format("  {}  {}\n", i + 1, answers[i]));
  for (;;) {
    STERNA_TRY(const std::string answer, line("Choose", "1"));
    const auto number = parse_number(answer, answers.size());
    if (number && *number != 0) return static_cast<std::size_t>(*number - 1);
  }
}

Result<Secret> secret_from_input() {
  auto line = read_line();
  if (line && line->ends_with('\r')) line->pop_back();
  if (!line || line->empty())
    return fail(ErrorCode::secret, "there is no password on the standard input");
  return Secret(*line);
}

}  // namespace sterna::cli
