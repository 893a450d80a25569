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

// A file that lies in the Maildir of one account is no other account's.
Result<Question> question_about_file(const config::Config& config, std::string path) {
  Question question;
  STERNA_TRY(question.accounts, select_targets(config, {}, Targets::accounts));
  std::error_code failed;
  const std::string whole = std::filesystem::absolute(path, failed).lexically_normal().string();
  for (const config::AccountConfig& account : config.accounts) {
    if (!failed && whole.starts_with(account.maildir + "/")) {
      question.accounts = {{.account = &account, .mailboxes = {}}};
    }
  }
  question.path = std::move(path);
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

// One word is an account, ACCOUNT/MAILBOX or a path.
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
  const bool is_file =
      names_file(first) || (has_slash(first) && context.config.account(account) == nullptr);
  if (is_file) return question_about_file(context.config, first);
  return question_of_account(context, runner, account,
                             slash == std::string::npos ? "" : first.substr(slash + 1));
}

// Nothing is known of what was asked for: it may be mistyped.
Status is_known(const Context& context, Runner& runner, const Question& question) {
  if (question.path.empty() || names_file(question.path)) {
    std::error_code failed;
    if (question.path.empty() || std::filesystem::exists(question.path, failed)) return {};
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
