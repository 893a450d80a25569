// SPDX-License-Identifier: Apache-2.0
#include "init_try.h"

#include <fmt/format.h>

#include <algorithm>

#include "runner.h"
#include "settings_from_config.h"
#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kMailboxesShown = 20;
constexpr std::size_t kNameOctetsShown = 80;

coro::Task<Result<Secret>> give(Secret typed) {
  co_return typed;
}

account::Settings settings_of(const config::Config& config, const config::AccountConfig& account,
                              const std::optional<Secret>& typed, net::Loop& loop) {
  account::Settings settings = settings_from_config(config, account, loop);
  if (typed) settings.password = [secret = *typed] { return give(secret); };
  return settings;
}

}  // namespace

Result<std::vector<account::CheckLine>> try_account(const config::Config& config,
                                                    const config::AccountConfig& account,
                                                    const std::optional<Secret>& typed) {
  Runner runner;
  auto lines = runner.run(account::check_account(runner.services(),
                                                 settings_of(config, account, typed, runner.loop()),
                                                 false, Log().with("account", account.name)));
  if (runner.interrupted()) return fail(Error::cancelled());
  return lines;
}

const account::CheckLine* first_failure(const std::vector<account::CheckLine>& lines) {
  const auto it =
      std::ranges::find(lines, account::CheckStatus::failed, &account::CheckLine::status);
  return it == lines.end() ? nullptr : &*it;
}

const account::CheckLine* find_well(const std::vector<account::CheckLine>& lines,
                                    std::string_view what) {
  const auto it = std::ranges::find_if(lines, [what](const account::CheckLine& line) {
    return line.what == what && line.status == account::CheckStatus::ok;
  });
  return it == lines.end() ? nullptr : &*it;
}

Result<std::vector<account::MailboxLine>> list_account(const config::Config& config,
                                                       const config::AccountConfig& account,
                                                       const std::optional<Secret>& typed) {
  Runner runner;
  auto lines = runner.run(
      account::list_mailboxes(runner.services(), settings_of(config, account, typed, runner.loop()),
                              Log().with("account", account.name)));
  if (runner.interrupted()) return fail(Error::cancelled());
  return lines;
}

std::string mailboxes_found_text(const std::vector<account::MailboxLine>& lines) {
  std::string text;
  std::size_t shown = 0;
  std::size_t mailboxes = 0;
  for (const account::MailboxLine& line : lines) {
    if (!line.on_server || !line.selectable) continue;
    ++mailboxes;
    if (shown == kMailboxesShown) continue;
    ++shown;
    std::string about = line.role == "inbox" ? "" : line.role;
    if (!line.included) about += about.empty() ? "left out" : ", left out";
    const std::string count = line.messages_remote ? fmt::format("{}", *line.messages_remote) : "?";
    text += fmt::format("  {:>8}  {}{}\n", count, printable(line.name, kNameOctetsShown),
                        about.empty() ? "" : fmt::format("  ({})", about));
  }
  if (mailboxes > shown) text += fmt::format("  and {} more\n", mailboxes - shown);
  return text;
}

}  // namespace sterna::cli
