// SPDX-License-Identifier: Apache-2.0
#include "status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report_text.h"
#include "sterna/base/bytes.h"
#include "table.h"
#include "times.h"
#include "words.h"

namespace sterna::cli {
namespace {

using account::LifeState;

// More parked messages of one account are counted, not listed.
constexpr std::size_t kParkedShown = 5;
constexpr std::size_t kTextOctetsMax = 4096;  // a path may be as long

std::string number_or_dash(std::uint64_t number) {
  return number == 0 ? "-" : std::to_string(number);
}

Tone tone_of(std::string_view state) {
  if (state == "error" || state == "needs-auth" || state == "needs-secret") return Tone::bad;
  if (state == "held" || state == "offline" || state == "backoff") return Tone::attention;
  if (state == "watching" || state == "polling") return Tone::good;
  return state == "disabled" || state == "paused" ? Tone::dim : Tone::plain;
}

void add_attention(std::string& text, const Style& style, const std::string& account,
                   std::string_view what, std::string_view command) {
  text += fmt::format("{}: {}\n", style.paint(Tone::attention, account), what);
  if (!command.empty()) text += fmt::format("  {}\n", command);
}

std::string next_try(const account::ParkedMessage& parked, std::int64_t now_ms) {
  if (parked.next_try_ms <= now_ms) return "tried again by the next sync";
  return "tried again after " + local_time(parked.next_try_ms);
}

void add_parked(std::string& text, const account::AccountState& state, std::int64_t now_ms) {
  for (std::size_t i = 0; i < std::min(kParkedShown, state.parked.size()); ++i) {
    const account::ParkedMessage& parked = state.parked[i];
    std::string which = printable(parked.mailbox);  // alone where it is about the whole mailbox
    if (parked.uid != 0) {
      which += fmt::format(", UID {}", parked.uid);
    } else if (!parked.path.empty()) {
      which += fmt::format(", {}", printable(parked.path));
    }
    text += fmt::format("  {}: {}: {}; {}\n", which, spaced(parked.action),
                        printable(parked.reason), next_try(parked, now_ms));
  }
  if (state.parked.size() > kParkedShown)
    text += fmt::format("  and {} more\n", state.parked.size() - kParkedShown);
}

// What waits for another try: messages, and mailboxes that could not be made, renamed or removed.
std::string parked_summary(const account::AccountState& state) {
  std::set<std::string_view> mailboxes;
  for (const account::ParkedMessage& parked : state.parked) {
    if (parked.whole) mailboxes.insert(parked.mailbox);
  }
  const std::uint64_t messages =
      state.quarantined - std::min<std::uint64_t>(state.quarantined, mailboxes.size());
  std::string what;
  if (messages > 0) what = counted(messages, "message", "messages");
  if (!mailboxes.empty())
    what += (what.empty() ? "" : " and ") + counted(mailboxes.size(), "mailbox", "mailboxes");
  return fmt::format("{} could not be brought over and {} tried again", what,
                     state.quarantined == 1 ? "is" : "are");
}

std::string waiting_text(std::uint64_t pending) {
  return counted(pending, "change waits", "changes wait");
}

// What is carried out at once is no news; what has to wait for a server, or a person, is.
bool waits_on(const StatusRow& row) {
  return row.state.pending > 0 && !(tone_of(row.word) == Tone::good || row.word == "syncing");
}

// Of the mailboxes, those whose changes the server tells at once, and by what.
std::string pushed_text(const StatusRow& row) {
  if (!row.life || row.life->push_by.empty()) return "-";
  return fmt::format("{} by {}", row.life->pushed.size(), printable(row.life->push_by, 20));
}

// What the daemon is in trouble with, and what mends it.
void add_trouble(std::string& text, const Style& style, const StatusRow& row) {
  const account::Life& life = *row.life;
  const std::string& name = row.state.name;
  const std::string what =
      life.error ? printable(life.error->describe(), kTextOctetsMax) : row.word;
  const bool waits = life.error && account::is_told_to_wait(*life.error);
  std::string mend = (waits ? "to try now: sterna resume " : "sterna check ") + name;
  if (life.error && !life.error->hint().empty())
    mend = printable(life.error->hint(), kTextOctetsMax);
  if (life.next_try_ms > 0) mend += "; tried again at " + local_time(life.next_try_ms);
  // That may be hours away, and what was mended says nothing.
  if (life.next_try_ms > 0 && account::needs_person(life.state))
    mend += ", or now by: sterna sync " + name;
  if (life.state == LifeState::offline)
    mend = life.next_try_ms > 0 ? "tried again at " + local_time(life.next_try_ms) : "";
  add_attention(text, style, name, what, mend);
}

bool is_in_trouble(LifeState state) {
  switch (state) {
    case LifeState::offline:
    case LifeState::backoff:
    case LifeState::needs_auth:
    case LifeState::needs_secret:
    case LifeState::error:
      return true;
    case LifeState::starting:
    case LifeState::syncing:
    case LifeState::watching:
    case LifeState::polling:
    case LifeState::paused:
    case LifeState::held:
      return false;
  }
  return false;
}

std::string attention_text(const StatusRow& row, std::int64_t now_ms, const Style& style) {
  const account::AccountState& state = row.state;
  std::string text;
  const auto add = [&](std::string_view what, const std::string& command) {
    add_attention(text, style, state.name, what, command);
  };
  if (row.word == "disabled") return text;
  if (state.maildir_gone)
    add(printable(state.maildir_gone->message(), kTextOctetsMax),
        printable(state.maildir_gone->hint(), kTextOctetsMax));
  else if (state.marker_held)
    add("the Maildir's marker is missing or of another state",
        "if the disk is mounted and this is the right Maildir: sterna adopt " + state.name);
  const bool in_trouble = row.life && is_in_trouble(row.life->state);
  if (in_trouble) {
    add_trouble(text, style, row);
  } else if (row.word == "error") {
    add(printable(state.error), "sterna check " + state.name);
    return text;
  }
  if (row.pause) add(paused_text(row.pause->until_ms), "sterna resume " + state.name);
  if (row.wait) add(left_alone_text(row.wait->until_ms), "sterna resume " + state.name);
  if (row.life && row.life->disk_silent)
    add("its disk, or that of another account, has not answered for a minute or longer", "");
  if (row.life && !row.life->watch_obstacle.empty())
    add(printable(row.life->watch_obstacle, kTextOctetsMax), "");
  if (row.unknown)
    add("the daemon does not know it",
        "if it runs by this configuration, make it read it again: kill -HUP, or "
        "systemctl reload");
  if (state.error == account::kInterrupted)
    add("the last sync was interrupted", "sterna sync " + state.name);
  else if (!state.error.empty() && !state.marker_held && !in_trouble)
    add(fmt::format("the last sync had errors: {}", printable(state.error)),
        "sterna check " + state.name);
  if (state.pending > 0) add(waiting_text(state.pending), "");
  if (state.held > 0)
    add(counted(state.held, "change is held", "changes are held"),
        "sterna held list " + state.name);
  if (state.quarantined > 0) {
    add(parked_summary(state), "");
    add_parked(text, state, now_ms);
  }
  if (!state.ever_synced && state.error.empty() && !state.marker_held && !row.life)
    add("never synced", "sterna sync " + state.name);
  return text;
}

}  // namespace

std::string_view state_word(const account::AccountState& state, bool enabled) {
  if (!enabled) return "disabled";
  return state.marker_held ? "held" : "stopped";
}

std::string left_alone_text(std::int64_t until_ms) {
  return fmt::format("left alone until {}, as its server asked", local_time(until_ms));
}

void take_life(StatusRow& row, const account::Life& life) {
  row.life = life;
  row.word = account::to_string(life.state);
  row.wait.reset();  // it says so itself
  row.state.pending = life.pending;
  row.state.last_sync_ms = std::max(row.state.last_sync_ms, life.last_sync_ms);
  row.state.ever_synced = row.state.ever_synced || life.last_sync_ms > 0;
  if (life.error) {
    row.state.error = life.error->describe();
  } else if (row.state.error == account::kInterrupted) {
    row.state.error.clear();  // the next one has begun, or will by itself
  }
}

std::string status_text(const std::vector<StatusRow>& rows, std::int64_t now_ms,
                        const Style& style) {
  const bool daemon = std::ranges::any_of(rows, [](const StatusRow& row) { return !!row.life; });
  std::vector<Column> columns = {{.title = "ACCOUNT", .align = Align::left, .fit = Fit::head},
                                 {"STATE"},
                                 {"LAST SYNC"},
                                 {"MAILBOXES", Align::right},
                                 {"MESSAGES", Align::right},
                                 {"HELD", Align::right},
                                 {"PARKED", Align::right}};
  if (daemon) columns.push_back({"PUSHED"});
  Table table(columns);
  std::string attention;
  for (const StatusRow& row : rows) {
    const account::AccountState& state = row.state;
    std::uint64_t messages = 0;
    for (const account::MailboxState& mailbox : state.mailboxes) messages += mailbox.messages;
    std::vector<Cell> cells = {
        state.name,
        {row.word, tone_of(row.word)},
        state.last_sync_ms == 0 ? "never" : ago(state.last_sync_ms, now_ms),
        number_or_dash(state.mailboxes.size()),
        number_or_dash(messages),
        {number_or_dash(state.held), state.held > 0 ? Tone::attention : Tone::plain},
        number_or_dash(state.quarantined)};
    if (daemon) cells.emplace_back(pushed_text(row));
    table.add(std::move(cells));
    attention += attention_text(row, now_ms, style);
  }
  std::string text = table.render(style);
  if (!attention.empty()) text += "\n" + attention;
  return text;
}

std::string changes_text(const std::vector<StatusRow>& before, const std::vector<StatusRow>& now,
                         std::int64_t now_ms) {
  std::string text;
  for (const StatusRow& row : now) {
    const auto old = std::ranges::find(before, row.state.name,
                                       [](const StatusRow& one) { return one.state.name; });
    const bool same = old != before.end() && old->word == row.word &&
                      old->state.error == row.state.error && old->state.held == row.state.held &&
                      (!waits_on(row) || old->state.pending == row.state.pending);
    if (same) continue;
    text += fmt::format("{} {}: {}", local_time(now_ms), row.state.name, row.word);
    if (row.state.held > 0) text += fmt::format(", {} held", row.state.held);
    if (waits_on(row)) text += ", " + waiting_text(row.state.pending);
    if (!row.state.error.empty()) text += ": " + printable(row.state.error, kTextOctetsMax);
    text += "\n";
  }
  return text;
}

// --- for a bar

std::string_view worst_word(const std::vector<StatusRow>& rows) {
  constexpr std::string_view kWords[] = {"error",   "needs-auth", "needs-secret", "held",
                                         "offline", "backoff",    "stopped",      "starting",
                                         "syncing", "paused"};
  for (const std::string_view word : kWords) {
    if (std::ranges::find(rows, word, &StatusRow::word) != rows.end()) return word;
  }
  return "ok";
}

std::string bar_text(const std::vector<StatusRow>& rows) {
  std::uint64_t held = 0;
  for (const StatusRow& row : rows) held += row.word == "disabled" ? 0 : row.state.held;
  const std::string_view worst = worst_word(rows);
  if (held > 0 && (worst == "ok" || worst == "syncing")) return fmt::format("{} held", held);
  return std::string(worst);
}

std::string bar_tooltip(const std::vector<StatusRow>& rows, std::int64_t now_ms) {
  std::string text;
  for (const StatusRow& row : rows) {
    if (row.word == "disabled") continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", row.state.name, row.word);
    if (row.state.last_sync_ms > 0)
      text += fmt::format(", synced {}", ago(row.state.last_sync_ms, now_ms));
    if (row.state.held > 0) text += fmt::format(", {} held", row.state.held);
    if (!row.state.error.empty()) text += ": " + printable(row.state.error, 200);
  }
  return text;
}

}  // namespace sterna::cli
