// SPDX-License-Identifier: Apache-2.0
#include "sterna/daemon/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/base/unique_fd.h"
#include "sterna/io/deadline.h"

namespace sterna::daemon {
namespace {

using account::LifeState;

struct Label {
  std::string_view name;
  std::string_view value;
};

// The format's own escapes; what is not UTF-8 would make the whole file unreadable.
std::string escaped(std::string_view value) {
  std::string text;
  while (!value.empty()) {
    const std::size_t length = utf8_sequence(value);
    if (length == 0) {
      text += "\xef\xbf\xbd";  // U+FFFD
    } else if (value.front() == '\n') {
      text += "\\n";
    } else {
      if (value.front() == '"' || value.front() == '\\') text += '\\';
      text += value.substr(0, length);
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string seconds(std::chrono::nanoseconds value) {
  return fmt::format("{}", std::chrono::duration<double>(value).count());
}
std::string timestamp(std::int64_t at_ms) {
  return fmt::format("{}.{:03}", at_ms / 1000, at_ms % 1000);
}

// Lines of one family stand together, below its HELP and TYPE.
class Text {
 public:
  explicit Text(const std::vector<AccountFigures>& accounts) : accounts_(accounts) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  // Of an account, with further labels; `suffix` for the parts of a summary.
  void line(const AccountFigures& of, std::string_view value, std::vector<Label> labels = {},
            std::string_view suffix = {}) {
    text_ += fmt::format("{}{}{{account=\"{}\"", name_, suffix, escaped(of.account));
    for (const Label& label : labels)
      text_ += fmt::format(",{}=\"{}\"", label.name, escaped(label.value));
    text_ += fmt::format("}} {}\n", value);
  }
  // A family with one line for each account that has the value.
  template <class Value>
  void each(std::string_view name, std::string_view type, std::string_view help, Value value_of) {
    family(name, type, help);
    for (const AccountFigures& one : accounts_) {
      const std::optional<std::string> value = value_of(one);
      if (value) line(one, *value);
    }
  }
  // The same of what a daemon alone knows.
  template <class Value>
  void each_life(std::string_view name, std::string_view type, std::string_view help,
                 Value value_of) {
    each(name, type, help, [&](const AccountFigures& one) {
      return one.life ? std::optional<std::string>(value_of(*one.life)) : std::nullopt;
    });
  }
  template <class Visit>
  void for_lives(Visit visit) {
    for (const AccountFigures& one : accounts_) {
      if (one.life) visit(one, *one.life);
    }
  }
  void add(std::string_view raw) { text_ += raw; }
  std::string take() { return std::move(text_); }

 private:
  const std::vector<AccountFigures>& accounts_;
  std::string name_;
  std::string text_;
};

bool is_up(const account::Life& life) {
  return life.state == LifeState::watching || life.state == LifeState::polling ||
         life.state == LifeState::syncing;
}

void add_state(Text& text, const std::vector<AccountFigures>& accounts) {
  text.each("sterna_account_up", "gauge",
            "Whether a daemon keeps the account in step: watching, polling or syncing.",
            [](const AccountFigures& one) -> std::optional<std::string> {
              return one.life && is_up(*one.life) ? "1" : "0";
            });
  text.family("sterna_account_state", "gauge", "The state of the account, as status names it.");
  for (const AccountFigures& one : accounts) {
    text.line(one, "1", {{"state", one.life ? account::to_string(one.life->state) : "stopped"}});
  }
  text.each("sterna_last_success_timestamp_seconds", "gauge", "When a sync last went well.",
            [](const AccountFigures& one) -> std::optional<std::string> {
              if (one.last_success_ms == 0) return std::nullopt;
              return timestamp(one.last_success_ms);
            });
  text.each("sterna_pending", "gauge", "Changes that are known of and not carried out yet.",
            [](const AccountFigures& one) { return std::optional(number(one.pending)); });
  text.each("sterna_held", "gauge", "Changes that wait for a decision (sterna held).",
            [](const AccountFigures& one) { return std::optional(number(one.held)); });
  text.each("sterna_quarantined", "gauge", "Messages that failed and are tried again later.",
            [](const AccountFigures& one) { return std::optional(number(one.quarantined)); });
}

void add_syncs(Text& text) {
  text.each_life("sterna_syncs_total", "counter", "Syncs that came to their end.",
                 [](const account::Life& life) { return number(life.counters.syncs); });
  text.each_life("sterna_syncs_failed_total", "counter", "Those of them that did not go well.",
                 [](const account::Life& life) { return number(life.counters.syncs_failed); });
  text.each_life("sterna_last_sync_duration_seconds", "gauge", "How long the last sync took.",
                 [](const account::Life& life) { return seconds(life.last_duration); });
}

void add_traffic(Text& text) {
  text.family("sterna_messages_total", "counter",
              "What was done to messages: in the Maildir (in) or on the server (out).");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    const account::Counts& moved = life.counters.moved;
    const auto add = [&](std::string_view operation, std::uint64_t in, std::uint64_t out) {
      text.line(one, number(in), {{"direction", "in"}, {"operation", operation}});
      text.line(one, number(out), {{"direction", "out"}, {"operation", operation}});
    };
    add("new", moved.downloaded, moved.uploaded);
    add("flags", moved.flags_in, moved.flags_out);
    add("moved", moved.moved_in, moved.moved_out);
    add("deleted", moved.deleted_in, moved.deleted_out);
  });
  text.family("sterna_mailboxes_total", "counter",
              "Mailboxes that were made, renamed or removed: here (in) or on the server (out).");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    text.line(one, number(life.counters.moved.mailboxes_in), {{"direction", "in"}});
    text.line(one, number(life.counters.moved.mailboxes_out), {{"direction", "out"}});
  });
  text.family("sterna_bytes_total", "counter", "Octets of the syncs on the wire.");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    text.line(one, number(life.counters.moved.bytes_in), {{"direction", "in"}});
    text.line(one, number(life.counters.moved.bytes_out), {{"direction", "out"}});
  });
}

void add_connections(Text& text) {
  text.each_life("sterna_connections", "gauge", "Connections to the server that are open.",
                 [](const account::Life& life) { return number(life.connections); });
  text.family("sterna_reconnects_total", "counter", "Connections that were replaced, by reason.");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    for (const auto& [reason, count] : life.counters.reconnects)
      text.line(one, number(count), {{"reason", reason}});
  });
  text.each_life("sterna_logins_total", "counter", "Logins that went well.",
                 [](const account::Life& life) { return number(life.counters.logins); });
  text.each_life("sterna_auth_failures_total", "counter", "Logins that the server refused.",
                 [](const account::Life& life) { return number(life.counters.logins_refused); });
}

void add_watching(Text& text) {
  text.family("sterna_pushed_mailboxes", "gauge",
              "Mailboxes whose changes the server tells at once, and by what.");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    if (life.push_by.empty()) return;
    text.line(one, number(life.pushed.size()), {{"by", life.push_by}});
  });
  text.family("sterna_push_latency_seconds", "summary",
              "From the server's notice of a new message to the end of the sync that fetched it, "
              "where none failed in between.");
  text.for_lives([&](const AccountFigures& one, const account::Life& life) {
    text.line(one, seconds(life.counters.push_latency_sum), {}, "_sum");
    text.line(one, number(life.counters.pushes), {}, "_count");
  });
  text.each_life("sterna_push_latency_max_seconds", "gauge", "The longest of them.",
                 [](const account::Life& life) { return seconds(life.counters.push_latency_max); });
  text.each_life("sterna_watches", "gauge", "Directories of the Maildir that are watched.",
                 [](const account::Life& life) { return number(life.watches); });
  text.each_life(
      "sterna_watch_incomplete", "gauge",
      "Whether some could not be watched, and are looked at now and then instead, or more changed "
      "at once than could be told, until all was looked at.",
      [](const account::Life& life) { return number(life.watch_obstacle.empty() ? 0 : 1); });
}

void add_ground(Text& text) {
  text.each("sterna_database_bytes", "gauge", "The size of the account's database.",
            [](const AccountFigures& one) -> std::optional<std::string> {
              if (!one.database_octets) return std::nullopt;
              return number(*one.database_octets);
            });
  text.each("sterna_certificate_expiry_timestamp_seconds", "gauge",
            "When the server's certificate expires.",
            [](const AccountFigures& one) -> std::optional<std::string> {
              if (!one.certificate_expires_ms) return std::nullopt;
              return timestamp(*one.certificate_expires_ms);
            });
  text.each("sterna_token_expiry_timestamp_seconds", "gauge", "When the access token expires.",
            [](const AccountFigures& one) -> std::optional<std::string> {
              if (!one.token_expires_ms) return std::nullopt;
              return timestamp(*one.token_expires_ms);
            });
}

Status write_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(Error::from_errno(errno, "write"));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

AccountFigures figures_of(std::string account, const account::Life& life) {
  AccountFigures figures{.account = std::move(account),
                         .life = &life,
                         .last_success_ms = life.last_sync_ms,
                         .pending = life.pending,
                         .held = life.held,
                         .quarantined = life.quarantined};
  if (life.certificate_expires_ms != 0)
    figures.certificate_expires_ms = life.certificate_expires_ms;
  if (life.token_expires_ms != 0) figures.token_expires_ms = life.token_expires_ms;
  return figures;
}

AccountFigures figures_of(const account::AccountState& state) {
  return {.account = state.name,
          .last_success_ms = state.last_sync_ms,
          .pending = state.pending,
          .held = state.held,
          .quarantined = state.quarantined};
}

std::string metrics_text(const std::vector<AccountFigures>& accounts, std::string_view version) {
  Text text(accounts);
  text.add(
      fmt::format("# HELP sterna_build_info The version that wrote this.\n"
                  "# TYPE sterna_build_info gauge\nsterna_build_info{{version=\"{}\"}} 1\n",
                  escaped(version)));
  add_state(text, accounts);
  add_syncs(text);
  add_traffic(text);
  add_connections(text);
  add_watching(text);
  add_ground(text);
  return text.take();
}

Status write_metrics_file(const std::string& path, const std::string& text) {
  // The collector reads *.prom alone.
  const std::string beside = path + ".new";
  const auto failed = [&](std::string_view doing, const std::string& of) {
    Error error = Error::of_file(errno, doing, of);
    ::unlink(beside.c_str());
    return fail(std::move(error));
  };
  ::unlink(beside.c_str());  // left by one who was killed, or put there by somebody else
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd file(::open(beside.c_str(), flags, 0644));
  if (!file) return fail(Error::of_file(errno, "write", beside));
  if (Status written = write_all(file.get(), text); !written) return failed("write", beside);
  // Whatever the umask: others read it.
  if (::fchmod(file.get(), 0644) != 0) return failed("open to others", beside);
  file.reset();
  if (std::rename(beside.c_str(), path.c_str()) != 0) return failed("replace", path);
  return {};
}

Status remove_metrics_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(Error::of_file(errno, "remove", path));
}

MetricsFile::MetricsFile(io::Clock& clock, io::Worker& worker, std::string path,
                         std::function<std::string()> text, Log log)
    : clock_(clock),
      worker_(worker),
      path_(std::move(path)),
      text_(std::move(text)),
      log_(std::move(log)) {}

coro::Task<void> MetricsFile::run() {
  for (;;) {
    touched_.reset();
    co_await write();
    Status paused = co_await clock_.sleep(kMetricsEvery);
    if (!paused) co_return;
    Status touched = co_await io::wait_for(clock_, kMetricsAtLeastEvery - kMetricsEvery, touched_);
    if (!touched && touched.error().is_cancelled()) co_return;
  }
}

coro::Task<void> MetricsFile::write() {
  const std::string text = text_();
  Status written;
  const auto job = [&] { written = write_metrics_file(path_, text); };
  co_await worker_.run(job);
  if (!written && !failed_) {
    log_.warn("metrics.textfile is not written: {}; {}", written.error().describe(),
              written.error().hint());
  }
  if (written && failed_) log_.info("metrics.textfile is written again");
  failed_ = !written;
}

}  // namespace sterna::daemon
