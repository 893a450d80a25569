// SPDX-License-Identifier: Apache-2.0
// One account: from the table that its own keys and [defaults] make together to checked values.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "fields.h"
#include "node.h"
#include "problems.h"
#include "sterna/config/config.h"

namespace sterna::config {

// What an account does not say itself.
struct Surroundings {
  std::string home;
  std::string mail_root;  // "" where it is not known
};

struct ReadAccount {
  AccountConfig config;  // without a maildir where that is not known
  Place place;           // of [account.NAME]
  Place maildir_place;   // of `maildir`, else the account's
};

// Where a password may come from: one of these.
inline constexpr std::array<std::string_view, 5> kSecretKeys = {
    "password", "password_file", "password_command", "credential", "keyring"};

// An account's own keys laid over [defaults]: rules replace, and an own source of the password, or
// an own table `oauth`, displaces those of the defaults, whichever they are.
Node over_defaults(const Node& defaults, const Node& own);

// Reads and checks all of it. The result is worth something only if no problem was added.
ReadAccount read_account(const std::string& name, Place place, const Node& table,
                         const Surroundings& surroundings, Problems& problems);

// Checks the keys and values of [defaults] as far as they can be judged without an account.
void check_defaults(const Node& table, const Surroundings& surroundings, Problems& problems);

// The groups of keys, shared by the two above. Each leaves `account` as it is where a key is
// absent.
void read_login(const Fields& fields, AccountConfig& account);  // user to tls
void read_way(const Fields& fields, AccountConfig& account);    // tunnel, proxy
void read_mail(const Fields& fields, AccountConfig& account);   // maildir to rules
void read_quirks(const Fields& fields, AccountConfig& account);
void read_oauth(const Fields& fields, AccountConfig& account);  // the table; behind read_login()

// What only the whole account can lack.
void complete_oauth(const Fields& fields, Place place, const AccountConfig& account);

// Reads a list of mailbox patterns; an empty list, and one that only excludes, are problems.
bool read_patterns(const Fields& fields, std::string_view key, std::vector<std::string>& out);

}  // namespace sterna::config
