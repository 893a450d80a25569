// SPDX-License-Identifier: Apache-2.0
#include "settle.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sterna/base/bytes.h"
#include "sterna/config/load.h"

namespace sterna::cli {
namespace {

constexpr int kRoundsMax = 32;

// Without these an account would go another way than the one it is meant to go.
constexpr std::array<std::string_view, 5> kDecisive = {"tunnel", "proxy", "maildir", "host",
                                                       "user"};

// The text as a file that has no name, for the loader; closed to others, as it may hold a secret.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : fd_(::memfd_create("sterna-import", MFD_CLOEXEC)) {
    if (fd_ < 0) return;
    sound_ = ::fchmod(fd_, 0600) == 0;
    while (!text.empty() && sound_) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      sound_ = written > 0;
      if (sound_) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool sound() const { return sound_; }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
  bool sound_ = false;
};

using Lines = std::vector<WipedString>;

Lines lines_of(std::string_view text) {
  Lines lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(std::string(line));
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

WipedString joined(const Lines& lines) {
  WipedString text;
  std::size_t size = 0;
  for (const WipedString& line : lines) size += line.size() + 1;
  text.reserve(size);  // no copy of a secret is left behind by growing
  for (const WipedString& line : lines) {
    text += line;
    text += '\n';
  }
  return text;
}

bool is_header(std::string_view line) {
  return line.starts_with('[');
}

std::string_view key_of(std::string_view line) {
  return trim(line.substr(0, line.find('=')));
}

void make_comment(WipedString& line, std::string_view reason) {
  WipedString comment;
  comment.reserve(line.size() + reason.size() + 8);
  comment += "# ";
  comment += line;
  if (!reason.empty()) comment.append("  # ").append(reason);
  line = std::move(comment);
}

class Settling {
 public:
  explicit Settling(std::string_view toml) : lines_(lines_of(toml)) {}

  Settled run() {
    for (int round = 0; round < kRoundsMax && !is_sound(); ++round) {
      if (!mend()) break;
    }
    return {joined(lines_), std::move(remarks_)};
  }

 private:
  bool is_sound() {
    const MemoryFile file(joined(lines_));
    if (!file.sound()) return true;
    config::LoadOptions options;
    options.file = file.path();
    auto loaded = config::load_or_problems(options);
    problems_ = loaded ? std::vector<config::Problem>() : std::move(loaded).error();
    return loaded.has_value();
  }

  // Whether anything was changed.
  bool mend() {
    std::vector<std::size_t> switched_off;
    bool changed = false;
    for (const config::Problem& problem : problems_) {
      if (problem.line == 0 || problem.line > lines_.size()) continue;
      const std::size_t at = problem.line - 1;
      if (lines_[at].starts_with('#')) continue;
      changed = true;
      const std::string reason =
          printable(problem.hint.empty() ? problem.message : problem.message + "; " + problem.hint);
      const std::string_view key = key_of(lines_[at]);
      const std::string name = printable(account_of(at), 80);
      const bool decisive = std::ranges::find(kDecisive, key) != kDecisive.end();
      remarks_.push_back(fmt::format("{}: {}{}", name, reason,
                                     decisive ? ". The account is switched off (enabled = false)"
                                              : ". It stands as a comment"));
      if (decisive) switched_off.push_back(header_of(at));
      // A Maildir that meets another one is where it is: only the account can be switched off.
      if (key != "maildir") make_comment_from(at, reason);
    }
    std::ranges::sort(switched_off, std::ranges::greater());
    const auto doubles = std::ranges::unique(switched_off);
    switched_off.erase(doubles.begin(), doubles.end());
    for (const std::size_t header : switched_off) switch_off(header);
    return changed;
  }

  // A table goes as a whole.
  void make_comment_from(std::size_t at, std::string_view reason) {
    const bool table = is_header(lines_[at]);
    make_comment(lines_[at], reason);
    if (!table) return;
    for (++at; at < lines_.size() && !lines_[at].empty() && !is_header(lines_[at]); ++at) {
      if (!lines_[at].starts_with('#')) make_comment(lines_[at], "");
    }
  }

  // The line of [account.NAME] above.
  std::size_t header_of(std::size_t at) const {
    while (at > 0 && !(is_header(lines_[at]) && is_account(lines_[at]))) --at;
    return at;
  }
  static bool is_account(std::string_view line) {
    return line.starts_with("[account.") &&
           (line.contains('"') || std::ranges::count(line, '.') == 1);
  }
  std::string account_of(std::size_t at) const {
    const std::string_view line = lines_[header_of(at)];
    if (!is_account(line)) return "the file";
    std::string name(line.substr(9, line.find(']') - 9));
    std::erase(name, '"');
    return "account " + name;
  }

  void switch_off(std::size_t header) {
    const auto is_own_key = [](std::string_view line) { return key_of(line) == "enabled"; };
    for (std::size_t at = header + 1; at < lines_.size() && !is_header(lines_[at]); ++at) {
      if (is_own_key(lines_[at])) return;
    }
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(header) + 1,
                  WipedString(std::string("enabled = false")));
  }

  Lines lines_;
  std::vector<config::Problem> problems_;
  std::vector<std::string> remarks_;
};

}  // namespace

Settled settle(const WipedString& toml) {
  return Settling(toml).run();
}

WipedString without_passwords(const WipedString& toml) {
  Lines lines = lines_of(toml);
  for (WipedString& line : lines) {
    for (const std::string_view key : {"password", "client_secret"}) {
      if (key_of(line) == key)
        line = fmt::format("# {} = \"...\"  # left out where it would be seen", key);
    }
  }
  return joined(lines);
}

}  // namespace sterna::cli
