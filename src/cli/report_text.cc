// SPDX-License-Identifier: Apache-2.0
#include "report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "sterna/base/bytes.h"
#include "table.h"
#include "times.h"
#include "words.h"

namespace sterna::cli {
namespace {

// More errors of messages of one account are counted, not printed.
constexpr std::size_t kMessageErrorsShown = 20;

// Of messages ("held_delete_remote") and of mailboxes.
bool holds(const account::PlannedLine& line) {
  return line.action.starts_with("held") || line.action == "hold";
}

void count(std::string& text, std::uint64_t number, std::string_view one, std::string_view many) {
  if (number == 0) return;
  if (!text.empty()) text += ", ";
  text += counted(number, one, many);
}

std::string what_was_done(const account::Counts& counts) {
  std::string text;
  count(text, counts.downloaded, "new", "new");
  count(text, counts.uploaded, "sent", "sent");
  count(text, counts.flags_in + counts.flags_out, "flag", "flags");
  count(text, counts.moved_in + counts.moved_out, "moved", "moved");
  count(text, counts.deleted_in + counts.deleted_out, "deleted", "deleted");
  count(text, counts.mailboxes_in + counts.mailboxes_out, "mailbox", "mailboxes");
  return text;
}

// As its context names it; "" where it is about none.
std::string_view mailbox_of(const Error& error) {
  const auto named = std::ranges::find_if(
      error.context(), [](std::string_view one) { return one.starts_with("mailbox "); });
  return named == error.context().end() ? std::string_view() : *named;
}

Error held_changes(const account::AccountReport& report, bool planned) {
  const std::string what = fmt::format("{} {}held", counted(report.held, "change", "changes"),
                                       planned            ? "would be "
                                       : report.held == 1 ? "is "
                                                          : "are ");
  return Error(ErrorCode::marker, what)
      .with_hint(planned ? "a sync leaves them until you decide"
                         : fmt::format("see them: sterna held list {}", report.account));
}

}  // namespace

std::string paused_text(std::int64_t until_ms) {
  return "paused until " + (until_ms == 0 ? "it is resumed" : local_time(until_ms));
}

Error of_account(const std::string& account, Error error) {
  const std::string name = "account " + account;
  if (error.context().empty() || error.context().back() != name) error.add_context(name);
  return error;
}

Outcome outcome_of(const account::AccountReport& report) {
  Outcome outcome;
  for (const Error& error : report.errors) outcome.failures.push_back(exit_of(error));
  outcome.held = report.held > 0 || report.marker_held || std::ranges::any_of(report.plan, holds);
  const bool failed = !report.errors.empty() || report.marker_held;
  outcome.succeeded = report.anything_done || !failed;
  return outcome;
}

std::string summary_text(const account::AccountReport& report, const Style& style) {
  const std::string done = what_was_done(report.counts);
  if (done.empty() && (!report.errors.empty() || report.marker_held)) return {};
  std::string text = style.paint(Tone::title, report.account) + ": ";
  const std::string_view idle = report.waiting.empty() ? "nothing to do" : "nothing done";
  text += done.empty() ? idle : fmt::format("{} in {}", done, duration_text(report.seconds));
  if (report.held > 0)
    text += "; " + style.paint(Tone::attention, fmt::format("{} held", report.held));
  text += "\n";
  for (const account::WaitingLine& line : report.waiting) {
    text += style.paint(Tone::dim,
                        fmt::format("  {}: {} {}: {}", printable(line.mailbox), line.count,
                                    line.count == 1 ? "waits" : "wait", printable(line.reason)));
    text += "\n";
  }
  return text;
}

std::string plan_text(const account::AccountReport& report, const Style& style) {
  std::string text = style.paint(Tone::title, report.account);
  if (report.plan.empty()) {
    const bool failed = !report.errors.empty() || report.marker_held;
    return failed ? std::string() : text + ": nothing to do\n";
  }
  Table table({{.title = "MAILBOX", .align = Align::left, .fit = Fit::head},
               {"ACTION"},
               {"COUNT", Align::right},
               {"REASON"}});
  for (const account::PlannedLine& line : report.plan) {
    const Tone tone = holds(line) ? Tone::attention : Tone::plain;
    table.add({printable(line.mailbox),
               {spaced(line.action), tone},
               std::to_string(line.count),
               printable(line.reason)});
  }
  return text + "\n" + table.render(style, 2);
}

std::vector<Error> complaints(const account::AccountReport& report) {
  std::vector<Error> list;
  std::size_t of_messages = 0;
  std::size_t left_out = 0;
  bool marker_named = false;
  std::set<std::string_view> named;
  std::string hint;  // said once of failures in a row that are mended alike
  for (const Error& error : report.errors) {
    if (error.is_cancelled()) continue;
    marker_named = marker_named || error.is(ErrorCode::marker);
    const bool first_of_mailbox = named.insert(mailbox_of(error)).second;
    const bool of_message = error.scope() == ErrorScope::message;
    if (of_message && ++of_messages > kMessageErrorsShown && !first_of_mailbox) {
      ++left_out;
      continue;
    }
    const bool said = error.hint() == hint;
    hint = error.hint();
    list.push_back(of_account(report.account, said ? Error(error).with_hint({}) : error));
  }
  if (left_out > 0) {
    list.push_back(of_account(
        report.account,
        Error(ErrorCode::io,
              fmt::format("{} of messages", counted(left_out, "more error", "more errors")))
            .with_hint("see them: sterna --json status")));
  }
  if (report.marker_held && !marker_named) {
    list.push_back(of_account(
        report.account,
        Error(ErrorCode::marker,
              "the Maildir's marker is missing or of another state; nothing was "
              "done")
            .with_hint(fmt::format("if the disk is mounted and this is the right Maildir: "
                                   "sterna adopt {}",
                                   report.account))));
  }
  if (report.held > 0)
    list.push_back(of_account(report.account, held_changes(report, !report.plan.empty())));
  return list;
}

}  // namespace sterna::cli
