// SPDX-License-Identifier: Apache-2.0
// sterna history: what was changed, newest first.
#include <algorithm>

#include "commands.h"
#include "inspect_text.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "target.h"

namespace sterna::cli {
namespace {

struct Question {
  std::vector<std::string> accounts;  // empty: all
  std::string path;                   // "" for all
};

// One word alone is an account, or else, with a slash in it, a path.
Question question_of(const config::Config& config, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const bool is_path = words.size() == 1 && config.account(words[0]) == nullptr &&
                       words[0].find('/') != std::string::npos;
  if (is_path) return {.accounts = {}, .path = words[0]};
  return {.accounts = {words[0]}, .path = words.size() > 1 ? words[1] : std::string()};
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
  const Question question = question_of(context.config, arguments.words);
  auto selected = select_targets(context.config, question.accounts, Targets::accounts);
  if (!selected) return fail_with(context, selected.error());
  Runner runner;
  std::vector<HistoryRow> rows;
  for (const Selection& selection : *selected) {
    const std::string& name = selection.account->name;
    auto lines = account::read_history(
        settings_from_config(context.config, *selection.account, runner.loop()), question.path,
        arguments.limit);
    if (!lines) return fail_with(context, of_account(name, lines.error()));
    rows = merged(rows, name, *lines);
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
