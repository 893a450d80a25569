// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

Error unknown_account(const config::Config& config, std::string_view name) {
  std::string known;
  for (const config::AccountConfig& account : config.accounts) {
    if (!known.empty()) known += ", ";
    known += account.name;
  }
  return Error(ErrorCode::usage, fmt::format("there is no account {}", printable(name, 80)))
      .with_hint("accounts: " + known);
}

struct Wanted {
  bool whole = false;
  std::vector<MailboxName> mailboxes;
};

Status add_target(std::string_view target, Targets allowed, const config::Config& config,
                  std::map<std::string, Wanted, std::less<>>& wanted) {
  // An account's name has no slash.
  const std::size_t slash = target.find('/');
  const std::string_view name = target.substr(0, slash);
  if (config.account(name) == nullptr) return fail(unknown_account(config, name));
  Wanted& account = wanted[std::string(name)];
  if (slash == std::string_view::npos) {
    account.whole = true;
    return {};
  }
  if (allowed == Targets::accounts) {
    return fail(ErrorCode::usage,
                fmt::format("{}: this command takes whole accounts", printable(target, 200)));
  }
  MailboxName mailbox{std::string(target.substr(slash + 1))};
  if (mailbox.empty()) {
    return fail(ErrorCode::usage,
                fmt::format("{}: no mailbox after the slash", printable(target, 200)));
  }
  if (std::ranges::find(account.mailboxes, mailbox) == account.mailboxes.end())
    account.mailboxes.push_back(std::move(mailbox));
  return {};
}

}  // namespace

Result<std::vector<Selection>> select_targets(const config::Config& config,
                                              const std::vector<std::string>& targets,
                                              Targets allowed) {
  std::map<std::string, Wanted, std::less<>> wanted;
  for (const std::string& target : targets)
    STERNA_CHECK(add_target(target, allowed, config, wanted));
  std::vector<Selection> selected;
  for (const config::AccountConfig& account : config.accounts) {
    const auto it = wanted.find(account.name);
    if (targets.empty() ? !account.enabled : it == wanted.end()) continue;
    Selection selection{.account = &account, .mailboxes = {}};
    if (it != wanted.end() && !it->second.whole) selection.mailboxes = it->second.mailboxes;
    selected.push_back(std::move(selection));
  }
  return selected;
}

bool includes(const Selection& selection, const std::string& mailbox) {
  return selection.mailboxes.empty() ||
         std::ranges::find(selection.mailboxes, MailboxName(mailbox)) != selection.mailboxes.end();
}

Error account_is_disabled(const std::string& name) {
  return Error(ErrorCode::usage, fmt::format("account {} is disabled", name))
      .with_hint("it says enabled = false in the configuration");
}

Status check_kept(const config::Config& config, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    STERNA_TRY(const config::AccountConfig* account, select_account(config, name));
    if (!account->enabled) return fail(account_is_disabled(name));
  }
  return {};
}

Result<const config::AccountConfig*> select_account(const config::Config& config,
                                                    const std::string& name) {
  const config::AccountConfig* account = config.account(name);
  if (account == nullptr) return fail(unknown_account(config, name));
  return account;
}

}  // namespace sterna::cli
