// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kErrorOctetsMax = 4000;
constexpr std::size_t kWidthDefault = 80;
constexpr std::size_t kWidthMin = 2;
constexpr std::size_t kLinesDefault = 24;

bool is_dumb_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) == "dumb";
}

bool wants_color(ColorWhen when, bool is_terminal) {
  if (when != ColorWhen::automatic) return when == ColorWhen::always;
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  return is_terminal && !refused && !is_dumb_terminal();
}

std::size_t width_of(int terminal) {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kWidthDefault;
  return std::max<std::size_t>(size.ws_col, kWidthMin);
}

}  // namespace

Console::Console(const GlobalOptions& options)
    : json_(options.json),
      verbosity_(options.verbosity),
      out_is_terminal_(::isatty(STDOUT_FILENO) != 0),
      error_is_terminal_(::isatty(STDERR_FILENO) != 0),
      may_ask_(!options.no_input && error_is_terminal_ && ::isatty(STDIN_FILENO) != 0),
      may_redraw_(!is_dumb_terminal()),
      style_(wants_color(options.color, out_is_terminal_),
             out_is_terminal_ ? width_of(STDOUT_FILENO) : Style::kAnyWidth),
      error_style_(wants_color(options.color, error_is_terminal_)) {}

std::size_t Console::measure() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return kLinesDefault;
  style_ = Style(style_.colored(), width_of(STDOUT_FILENO));
  return size.ws_row;
}

bool Console::flush() {
  flush_out();
  return out_error_ == 0;
}

std::size_t Console::error_width() const {
  return width_of(STDERR_FILENO);
}

void Console::out(std::string_view text) {
  errno = 0;
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
  if (written != text.size() && out_error_ == 0) out_error_ = errno;
}

void Console::err(std::string_view text) {
  // What was printed before must be seen before, where both streams are one terminal.
  flush_out();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Console::error(const Error& error) {
  err(error_text(error, error_style_));
}

bool Console::confirm(std::string_view question) {
  err(fmt::format("{} [y/N] ", question));
  std::string answer;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar())
    answer += static_cast<char>(c);
  const std::string_view word = trim(answer);
  return !word.empty() && ascii_lower(word.front()) == 'y';
}

// A flush that failed forgets what it had, and the next one succeeds.
void Console::flush_out() {
  errno = 0;
  if (std::fflush(stdout) != 0 && out_error_ == 0) out_error_ = errno;
}

Status Console::finish() {
  flush_out();
  if (out_error_ == 0 || out_error_ == EPIPE) return {};
  return fail(Error::from_errno(out_error_, "standard output"));
}

std::string error_text(const Error& error, const Style& style) {
  std::string text = fmt::format("{} {}\n", style.paint(Tone::bad, "sterna:"),
                                 printable(error.describe(), kErrorOctetsMax));
  if (!error.hint().empty())
    text += fmt::format("  {}\n", printable(error.hint(), kErrorOctetsMax));
  return text;
}

}  // namespace sterna::cli
