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

namespace sterna::cli {
namespace {

struct Question {
  std::vector<Selection> accounts;
  std::string path;     // "" for all
  std::string mailbox;  // "" for all
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
  if (const config::AccountConfig* owner = owner_of(context.config, path)) {
    question.accounts = {{.account = owner, .mailboxes = {}}};
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) {
      STERNA_TRY(question.mailbox,
                 account::mailbox_of_folder(
                     settings_from_config(context.config, *owner, runner.loop()), absolute(path)));
    }
  } else {
    STERNA_TRY(question.accounts, select_targets(context.config, {}, Targets::accounts));
  }
  const bool is_maildir =
      !question.accounts.empty() && absolute(path) == question.accounts.front().account->maildir;
  if (question.mailbox.empty() && !is_maildir) question.path = std::move(path);
  return question;
}

// Of `account`: a mailbox, if the state knows it; else a file.
Result<Question> question_of_account(const Context& context, Runner& runner,
                                     const std::string& account, const std::string& word) {
  Question question;
  STERNA_TRY(question.accounts, select_targets(context.config, {account}, Targets::accounts));
  if (word.empty()) return question;
  STERNA_TRY(const std::vector<std::string> names,
             account::mailbox_names(settings_from_config(
                 context.config, *question.accounts.front().account, runner.loop())));
  const std::string mailbox = MailboxName(word).text();
  const bool is_mailbox = std::ranges::find(names, mailbox) != names.end();
  if (is_mailbox) {
    question.mailbox = mailbox;
  } else {
    question.path = word;
  }
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
  const std::size_t slash = first.find('/');
  const std::string account = first.substr(0, slash);
  if (words.size() > 1) return question_of_account(context, runner, first, words[1]);
  const bool is_file = names_file(first) || (context.config.account(account) == nullptr &&
                                             (has_slash(first) || exists(first)));
  if (is_file) return question_about_file(context, runner, first);
  return question_of_account(context, runner, account,
                             slash == std::string::npos ? "" : first.substr(slash + 1));
}

// Nothing is known of what was asked for: it may be mistyped.
Status is_known(const Context& context, Runner& runner, const Question& question) {
  if (question.path.empty()) return {};
  if (exists(question.path)) {
    if (owner_of(context.config, question.path)) return {};
    return fail(Error(ErrorCode::usage,
                      fmt::format("{} belongs to no account", printable(question.path, 500)))
                    .with_hint("it lies in no Maildir of the configuration"));
  }
  if (names_file(question.path)) {
    return fail(Error(ErrorCode::usage, fmt::format("there is no file {}, and nothing is known of "
                                                    "one",
                                                    printable(question.path)))
                    .with_hint("a file is known by the part of its name before the colon"));
  }
  const config::AccountConfig& account = *question.accounts.front().account;
  STERNA_TRY(const std::vector<std::string> names,
             account::mailbox_names(settings_from_config(context.config, account, runner.loop())));
  return fail(Error(ErrorCode::usage, fmt::format("{} is neither a mailbox nor a file of which "
                                                  "something is known",
                                                  printable(question.path)))
                  .with_hint(account::unknown_mailbox(account.name, question.path, names).hint()));
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
  const auto question = question_of(context, runner, arguments.words);
  if (!question) return fail_with(context, question.error());
  std::vector<HistoryRow> rows;
  for (const Selection& selection : question->accounts) {
    const std::string& name = selection.account->name;
    auto lines = account::read_history(
        settings_from_config(context.config, *selection.account, runner.loop()), question->path,
        arguments.limit, question->mailbox);
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
    context.console.err("sterna: nothing was changed in the last 90 days\n");
  }
  return Exit::done;
}

}  // namespace sterna::cli
