// SPDX-License-Identifier: Apache-2.0
// sterna history: what was changed, newest first.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "inspect_text.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "target.h"
#include "times.h"

namespace sterna::cli {
namespace {

struct Question {
  std::vector<Selection> accounts;
  account::HistoryFilter filter;
};

bool has_slash(const std::string& word) {
  return word.find('/') != std::string::npos;
}

// As files are named in listings; a mailbox may have a slash, too.
bool names_file(const std::string& word) {
  return word.starts_with('/') || word.find("/cur/") != std::string::npos ||
         word.find("/new/") != std::string::npos || word.starts_with("cur/") ||
         word.starts_with("new/");
}

bool exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

// Names of files may have an @, too: those that are there are meant.
bool is_message_id(const std::string& word) {
  if (word.starts_with('<')) return true;
  return word.find('@') != std::string::npos && !has_slash(word) && !exists(word);
}
std::string with_brackets(const std::string& word) {
  return word.starts_with('<') ? word : fmt::format("<{}>", word);
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  std::string whole = std::filesystem::absolute(path, failed).lexically_normal().string();
  while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
  return failed ? path : whole;
}

// Whose Maildir it lies in, or is; null if nobody's.
const config::AccountConfig* owner_of(const config::Config& config, const std::string& path) {
  const std::string whole = absolute(path) + "/";
  const auto owner =
      std::ranges::find_if(config.accounts, [&whole](const config::AccountConfig& account) {
        return whole.starts_with(account.maildir + "/");
      });
  return owner == config.accounts.end() ? nullptr : &*owner;
}

// A file that lies in the Maildir of one account is no other account's; a folder there is asked for
// as the mailbox it is.
Result<Question> question_about_file(const Context& context, Runner& runner, std::string path) {
  Question question;
  account::HistoryFilter& filter = question.filter;
  if (const config::AccountConfig* owner = owner_of(context.config, path)) {
    question.accounts = {{.account = owner, .mailboxes = {}}};
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) {
      STERNA_TRY(filter.mailbox,
                 account::mailbox_of_folder(
                     settings_from_config(context.config, *owner, runner.loop()), absolute(path)));
    }
  } else {
    STERNA_TRY(question.accounts, select_targets(context.config, {}, Targets::accounts));
  }
  const bool is_maildir =
      !question.accounts.empty() && absolute(path) == question.accounts.front().account->maildir;
  if (filter.mailbox.empty() && !is_maildir) filter.path = std::move(path);
  return question;
}

// Of `account`: a message, a mailbox, if the state knows it; else a file.
Result<Question> question_of_account(const Context& context, Runner& runner,
                                     const std::string& account, const std::string& word) {
  Question question;
  STERNA_TRY(question.accounts, select_targets(context.config, {account}, Targets::accounts));
  if (word.empty()) return question;
  if (is_message_id(word)) {
    question.filter.message_id = with_brackets(word);
    return question;
  }
  STERNA_TRY(const std::vector<std::string> names,
             account::mailbox_names(settings_from_config(
                 context.config, *question.accounts.front().account, runner.loop())));
  const std::string mailbox = MailboxName(word).text();
  const bool is_mailbox = std::ranges::find(names, mailbox) != names.end();
  (is_mailbox ? question.filter.mailbox : question.filter.path) = is_mailbox ? mailbox : word;
  return question;
}

// One word is an account, ACCOUNT/MAILBOX or a path, in this order.
Result<Question> question_of(const Context& context, Runner& runner,
                             const std::vector<std::string>& words) {
  if (words.empty()) {
    Question all;
    STERNA_TRY(all.accounts, select_targets(context.config, {}, Targets::accounts));
    return all;
  }
  const std::string& first = words[0];
  if (words.size() == 1 && is_message_id(first)) {
    Question all;
    STERNA_TRY(all.accounts, select_targets(context.config, {}, Targets::accounts));
    all.filter.message_id = with_brackets(first);
    return all;
  }
  const std::size_t slash = first.find('/');
  const std::string account = first.substr(0, slash);
  if (words.size() > 1) {
    STERNA_TRY(Question question, question_of_account(context, runner, account, words[1]));
    // Of a mailbox, and a message or a file in it.
    if (slash != std::string::npos && question.filter.mailbox.empty()) {
      question.filter.mailbox = MailboxName(first.substr(slash + 1)).text();
    }
    return question;
  }
  const bool is_file = names_file(first) || (context.config.account(account) == nullptr &&
                                             (has_slash(first) || exists(first)));
  if (is_file) return question_about_file(context, runner, first);
  return question_of_account(context, runner, account,
                             slash == std::string::npos ? "" : first.substr(slash + 1));
}

// Nothing is known of what was asked for: it may be mistyped.
Status is_known(const Context& context, Runner& runner, const Question& question) {
  const std::string& path = question.filter.path;
  if (!question.filter.message_id.empty()) {
    return fail(Error(ErrorCode::usage, fmt::format("nothing is known of a message {}",
                                                    printable(question.filter.message_id)))
                    .with_hint("what was changed is kept for 90 days"));
  }
  if (path.empty()) return {};
  if (exists(path)) {
    if (owner_of(context.config, path)) return {};
    return fail(
        Error(ErrorCode::usage, fmt::format("{} belongs to no account", printable(path, 500)))
            .with_hint("it lies in no Maildir of the configuration"));
  }
  if (names_file(path)) {
    return fail(Error(ErrorCode::usage, fmt::format("there is no file {}, and nothing is known of "
                                                    "one",
                                                    printable(path)))
                    .with_hint("a file is known by the part of its name before the colon"));
  }
  const config::AccountConfig& account = *question.accounts.front().account;
  STERNA_TRY(const std::vector<std::string> names,
             account::mailbox_names(settings_from_config(context.config, account, runner.loop())));
  return fail(Error(ErrorCode::usage, fmt::format("{} is neither a mailbox nor a file of which "
                                                  "something is known",
                                                  printable(path)))
                  .with_hint(account::unknown_mailbox(account.name, path, names).hint()));
}

Status add_times(const HistoryArguments& arguments, std::int64_t now_ms,
                 account::HistoryFilter& filter) {
  const auto moment = [now_ms](const std::string& text) -> Result<Moment> {
    if (const auto parsed = parse_moment(text, now_ms)) return *parsed;
    return fail(Error(ErrorCode::usage, fmt::format("{} is no time", printable(text, 80)))
                    .with_hint("such as 2h, 3d, 2026-01-31, \"2026-01-31 09:00\""));
  };
  if (arguments.since) {
    STERNA_TRY(const Moment since, moment(*arguments.since));
    filter.since_ms = since.first_ms;
  }
  if (arguments.until) {
    STERNA_TRY(const Moment until, moment(*arguments.until));
    filter.until_ms = until.last_ms;
  }
  return {};
}

bool is_limited(const account::HistoryFilter& filter) {
  return filter.uid != 0 || filter.since_ms != INT64_MIN || filter.until_ms != INT64_MAX;
}

// UIDs are numbers of one mailbox.
Error uid_of_what() {
  return Error(ErrorCode::usage, "--uid needs a mailbox")
      .with_hint("sterna history ACCOUNT/MAILBOX --uid UID");
}

// Newest first, as both are.
std::vector<HistoryRow> merged(const std::vector<HistoryRow>& rows, const std::string& account,
                               const std::vector<account::HistoryLine>& lines) {
  std::vector<HistoryRow> more;
  for (const account::HistoryLine& line : lines) more.push_back({account, line});
  std::vector<HistoryRow> all;
  const auto at = [](const HistoryRow& row) { return row.line.at_ms; };
  std::ranges::merge(rows, more, std::back_inserter(all), std::ranges::greater(), at, at);
  return all;
}

}  // namespace

Exit run_command(const Context& context, const HistoryArguments& arguments) {
  Runner runner;
  auto question = question_of(context, runner, arguments.words);
  if (!question) return fail_with(context, question.error());
  account::HistoryFilter& filter = question->filter;
  filter.limit = arguments.limit;
  filter.uid = arguments.uid;
  const std::int64_t now_ms = runner.loop().clock().wall_ns() / 1'000'000;
  const Status in_time = add_times(arguments, now_ms, filter);
  if (!in_time) return fail_with(context, in_time.error());
  if (filter.uid != 0 && filter.mailbox.empty()) return fail_with(context, uid_of_what());
  std::vector<HistoryRow> rows;
  for (const Selection& selection : question->accounts) {
    const std::string& name = selection.account->name;
    auto lines = account::read_history(
        settings_from_config(context.config, *selection.account, runner.loop()), filter);
    if (!lines) return fail_with(context, of_account(name, lines.error()));
    rows = merged(rows, name, *lines);
  }
  if (rows.empty()) {
    const Status known = is_known(context, runner, *question);
    if (!known) return fail_with(context, known.error());
  }
  if (rows.size() > arguments.limit) rows.resize(arguments.limit);
  if (context.console.json()) {
    context.console.out(history_json(rows));
  } else if (!rows.empty()) {
    context.console.out(history_text(rows, context.console.style()));
  } else if (context.console.talkative()) {
    context.console.err(is_limited(filter) ? "sterna: nothing of that was changed\n"
                                           : "sterna: nothing was changed in the last 90 days\n");
  }
  return Exit::done;
}

}  // namespace sterna::cli
