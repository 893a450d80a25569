// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

std::atomic<LogLevel> g_level{LogLevel::warn};

constexpr std::size_t kLineMax = 4000;

spdlog::level::level_enum native(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

// The priorities of syslog (sd-daemon(3)).
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "<3>";
    case LogLevel::warn:
      return "<4>";
    case LogLevel::info:
      return "<6>";
    default:
      return "<7>";
  }
}

// systemd.exec(5): the variable is inherited by whoever is started, and tells device and inode of
// the stream that the journal reads, for stderr may have been redirected since.
bool is_read_by_journal(int fd) {
  const char* told = std::getenv("JOURNAL_STREAM");
  struct stat stream{};
  if (told == nullptr || ::fstat(fd, &stream) != 0) return false;
  return told == fmt::format("{}:{}", stream.st_dev, stream.st_ino);
}

bool under_journal() {
  static const bool value = is_read_by_journal(STDERR_FILENO);
  return value;
}

spdlog::logger& logger() {
  static auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("sterna",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern(under_journal() ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  g_level = level;
}
LogLevel log_level() {
  return g_level;
}

Log Log::with(std::string_view key, std::string_view value) const {
  Log more = *this;
  more.context_ += fmt::format("{}={} ", key, printable(value));
  return more;
}

void Log::write(LogLevel level, std::string text) const {
  const std::string_view prefix = under_journal() ? journal_prefix(level) : std::string_view{};
  logger().log(native(level), "{}{}{}", prefix, context_, printable(text, kLineMax));
}

}  // namespace sterna
