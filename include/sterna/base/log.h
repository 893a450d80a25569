// SPDX-License-Identifier: Apache-2.0
// Log: a facade over fmt, so that spdlog's headers stay in one file.
//
// A Log is a small value that carries its context ("account=work mailbox=INBOX"); pass it by value.
// error = needs a person; warn = degraded, will retry; info = a sync that changed something, a
// change of state; debug = decisions, with the reason; trace = the wire, redacted. Lines go to
// stderr; where the journal reads that (JOURNAL_STREAM), with "<N>" in front and no time. Format
// strings are checked at compile time, so foreign text is always an argument; it is made printable
// here.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

namespace sterna {

enum class LogLevel { trace, debug, info, warn, error, off };

// Process-wide threshold, set once at start (default: warn).
void set_log_level(LogLevel level);
LogLevel log_level();

class Log {
 public:
  Log() = default;
  // This log with more context in front of each line, such as with("account", "work").
  Log with(std::string_view key, std::string_view value) const;

  bool enabled(LogLevel level) const { return level >= log_level(); }

  template <class... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::trace))
      write(LogLevel::trace, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::debug))
      write(LogLevel::debug, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::info))
      write(LogLevel::info, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::warn))
      write(LogLevel::warn, fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(LogLevel::error))
      write(LogLevel::error, fmt::vformat(format, fmt::make_format_args(args...)));
  }

 private:
  void write(LogLevel level, std::string text) const;

  std::string context_;
};

}  // namespace sterna
