// SPDX-License-Identifier: Apache-2.0
#include "inspect_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "sterna/base/bytes.h"
#include "table.h"
#include "times.h"
#include "words.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kTextOctetsMax = 4096;  // a path may be as long

// A name may be as long as a line; where nothing is a terminal it stays whole.
Column cut_where_narrow(const char* title) {
  return {.title = title, .align = Align::left, .fit = Fit::head};
}

std::string uid_text(std::uint32_t uid) {
  return uid == 0 ? "-" : std::to_string(uid);
}

std::string_view kind_text(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"delete_remote", "delete on the server"},
      {"moved_away", "delete on the server; may have moved"},
      {"delete_local", "delete here"},
      {"flags_lost", "flags lost here"},
      {"orphan", "on no server any more"},
      {"resurrected", "back after a crash"},
      {"mailbox_remote", "remove the mailbox on the server"},
      {"mailbox_local", "remove the mailbox here"},
      {"mailbox_kept", "missing on one side, kept on the other"},
      {"mailbox_name", "its name is not clear"}};
  const auto* known =
      std::ranges::find(kKinds, kind, &std::pair<std::string_view, std::string_view>::first);
  return known == std::end(kKinds) ? std::string_view() : known->second;
}

std::string kind_or_word(const std::string& kind) {
  const std::string_view text = kind_text(kind);
  return text.empty() ? spaced(kind) : std::string(text);
}

std::string held_summary(const std::vector<HeldRow>& rows, const Style& style) {
  struct Group {
    std::uint64_t count = 0;
    std::int64_t since_ms = INT64_MAX;
    std::string reason;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Group> groups;
  for (const HeldRow& row : rows) {
    Group& group = groups[{row.account, row.line.mailbox, row.line.kind}];
    if (group.count++ == 0) group.reason = row.line.reason;
    group.since_ms = std::min(group.since_ms, row.line.since_ms);
  }
  Table table(
      {cut_where_narrow("MAILBOX"), {"HELD", Align::right}, {"WHAT"}, {"SINCE"}, {"REASON"}});
  for (const auto& [key, group] : groups) {
    const auto& [account, mailbox, kind] = key;
    table.add({place_text(account, mailbox),
               {std::to_string(group.count), Tone::attention},
               kind_or_word(kind),
               local_time(group.since_ms),
               printable(group.reason)});
  }
  return table.render(style);
}

std::string held_messages(const std::vector<HeldRow>& rows, const Style& style) {
  Table table({{"NUMBER", Align::right},
               cut_where_narrow("MAILBOX"),
               {"UID", Align::right},
               {"WHAT"},
               {"SINCE"},
               {.title = "FILE", .align = Align::left, .fit = Fit::tail}});
  for (const HeldRow& row : rows)
    table.add({std::to_string(row.line.id), place_text(row.account, row.line.mailbox),
               uid_text(row.line.uid), kind_or_word(row.line.kind), local_time(row.line.since_ms),
               printable(row.line.path)});
  return table.render(style);
}

// --- verify

struct FoldedLine {
  const account::Difference* line = nullptr;  // the first of them
  std::uint64_t count = 1;
};

// Notes of one mailbox that say the same become one, where the first of them stood.
std::vector<FoldedLine> folded_lines(const std::vector<account::Difference>& lines,
                                     NoteDetail detail) {
  std::vector<FoldedLine> folded;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> places;
  for (const account::Difference& line : lines) {
    if (line.is_note() && detail == NoteDetail::counts) {
      const auto [place, is_first] = places.try_emplace({line.mailbox, line.what}, folded.size());
      if (!is_first) {
        ++folded[place->second].count;
        continue;
      }
    }
    folded.push_back({&line, 1});
  }
  return folded;
}

struct Tally {
  std::uint64_t differences = 0;
  std::uint64_t held = 0;
  std::uint64_t parked = 0;
  std::uint64_t notes = 0;
};

Tally tally_of(const std::vector<account::Difference>& lines) {
  Tally tally;
  for (const account::Difference& line : lines) {
    switch (line.kind) {
      case account::DifferenceKind::difference:
        ++tally.differences;
        break;
      case account::DifferenceKind::held:
        ++tally.held;
        break;
      case account::DifferenceKind::parked:
        ++tally.parked;
        break;
      case account::DifferenceKind::note:
        ++tally.notes;
        break;
    }
  }
  return tally;
}

std::string judgement(const Tally& tally, const Style& style) {
  std::string apart;
  if (tally.held > 0) apart = fmt::format("{} held", tally.held);
  if (tally.parked > 0)
    apart += fmt::format("{}{} parked", apart.empty() ? "" : ", ", tally.parked);
  if (tally.differences == 0) {
    return apart.empty() ? style.paint(Tone::good, "the same on both sides")
                         : style.paint(Tone::attention, "the same but for " + apart);
  }
  std::string text =
      style.paint(Tone::bad, counted(tally.differences, "difference", "differences"));
  if (!apart.empty()) text += ", " + apart;
  return text;
}

std::string verdict(const VerifiedAccount& account, const Style& style) {
  const Tally tally = tally_of(account.result.lines);
  std::string text =
      fmt::format("{}: {}", style.paint(Tone::title, account.account), judgement(tally, style));
  if (tally.notes > 0) text += ", " + counted(tally.notes, "note", "notes");
  text += "; " + counted(account.result.messages_compared, "message", "messages") + " compared";
  if (account.result.octets_compared > 0)
    text += " to the octet, " + human_bytes(account.result.octets_compared);
  return text + "\n";
}

}  // namespace

std::string check_text(const CheckedAccount& account, const Style& style) {
  constexpr std::pair<std::string_view, Tone> kStatus[] = {{"ok", Tone::good},
                                                           {"warning", Tone::attention},
                                                           {"FAILED", Tone::bad},
                                                           {"skipped", Tone::dim}};
  Table table({{""}, {""}, {""}});
  for (const account::CheckLine& line : account.lines) {
    const auto& [word, tone] = kStatus[static_cast<std::size_t>(line.status)];
    const std::string detail =
        line.detail.empty() && line.error ? line.error->describe() : line.detail;
    table.add({{std::string(word), tone}, printable(line.what), printable(detail, 2000)});
    if (!line.hint.empty()) table.add({"", "", "-> " + printable(line.hint, 2000)});
  }
  return style.paint(Tone::title, account.account) + "\n" + table.render(style, 2);
}

CheckedAccount failures_of(const CheckedAccount& account) {
  CheckedAccount failures = account;
  std::erase_if(failures.lines, [](const account::CheckLine& line) {
    return line.status != account::CheckStatus::failed;
  });
  return failures;
}

std::string mailboxes_text(const std::vector<MailboxRow>& rows, const Style& style) {
  const auto on = [](bool there, const std::optional<std::uint64_t>& messages) {
    return !there ? "-" : messages ? std::to_string(*messages) : "yes";
  };
  Table table({cut_where_narrow("MAILBOX"),
               {"ROLE"},
               {"SERVER", Align::right},
               {"HERE", Align::right},
               {"SIZE", Align::right},
               {"SYNCED"},
               cut_where_narrow("BY")});
  for (const MailboxRow& row : rows) {
    const account::MailboxLine& line = row.line;
    const bool synced = line.included && line.selectable;
    const bool blocked = !line.obstacle.empty();
    const Tone tone = blocked ? Tone::attention : synced ? Tone::plain : Tone::dim;
    table.add({{printable(line.name), tone},
               {printable(line.role), tone},
               {on(line.on_server && line.selectable, line.messages_remote), tone},
               {on(line.local, line.messages_local), tone},
               {line.octets_remote ? human_bytes(*line.octets_remote) : "-", tone},
               {!line.selectable    ? "no mailbox"
                : synced && blocked ? "parked"
                : row.pushed        ? "pushed"
                : synced            ? "yes"
                                    : "no",
                tone},
               {printable(blocked ? line.obstacle : row.rule, 500), tone}});
  }
  return table.render(style);
}

std::string verify_text(const VerifiedAccount& account, NoteDetail detail, const Style& style) {
  Table table({cut_where_narrow("MAILBOX"),
               {"UID", Align::right},
               {"WHAT"},
               {.title = "FILE", .align = Align::left, .fit = Fit::tail}});
  for (const FoldedLine& folded : folded_lines(account.result.lines, detail)) {
    const account::Difference& line = *folded.line;
    const Tone tone = line.is_note() ? Tone::dim : Tone::plain;
    const bool one = folded.count == 1;
    std::string what = (line.is_note() ? "note: " : "") + printable(line.what);
    if (!one) what += fmt::format(", {} times", folded.count);
    table.add({{place_text(account.account, line.mailbox), tone},
               {one ? uid_text(line.uid) : "-", tone},
               {std::move(what), tone},
               {one ? printable(line.path) : "", tone}});
  }
  std::string text = table.render(style);
  if (account.result.errors.empty()) text += verdict(account, style);
  return text;
}

std::string differences_text(const VerifiedAccount& account, const Style& style) {
  VerifiedAccount wrong = account;
  std::erase_if(wrong.result.lines, std::mem_fn(&account::Difference::is_note));
  return wrong.result.lines.empty() ? std::string()
                                    : verify_text(wrong, NoteDetail::every_message, style);
}

std::string history_text(const std::vector<HistoryRow>& rows, const Style& style) {
  Table table({{"TIME"},
               cut_where_narrow("MAILBOX"),
               {"UID", Align::right},
               {"WHAT"},
               {"SIDE"},
               cut_where_narrow("WHY")});
  std::string_view path_above;
  for (const HistoryRow& row : rows) {
    const account::HistoryLine& line = row.line;
    std::string what = spaced(line.event);
    if (!line.detail.empty() && line.detail != line.reason) what += " " + printable(line.detail);
    table.add({{local_time(line.at_ms), Tone::dim},
               place_text(row.account, line.mailbox),
               uid_text(line.uid),
               what,
               printable(line.side),
               printable(line.reason)});
    // A UID tells nobody which message it was. Whole, so that it can be copied.
    if (!line.path.empty() && line.path != path_above)
      table.add_below({printable(line.path, kTextOctetsMax), Tone::dim});
    path_above = line.path;
  }
  return table.render(style);
}

std::string held_text(const std::vector<HeldRow>& rows, HeldDetail detail, const Style& style) {
  return detail == HeldDetail::summary ? held_summary(rows, style) : held_messages(rows, style);
}

}  // namespace sterna::cli
