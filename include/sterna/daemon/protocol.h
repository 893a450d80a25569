// SPDX-License-Identifier: Apache-2.0
// What goes over the control socket, as values: docs/control.md says how they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sterna/account/account.h"
#include "sterna/account/sync.h"
#include "sterna/base/error.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::daemon {

inline constexpr int kProtocol = 1;
// What was added to it. 1: the fields `state_dir` and `keep_waits`, and `settings` in answers.
inline constexpr int kRevision = 1;

enum class Op : std::uint8_t {
  status,
  sync,
  pause,
  resume,
  lend,
  give_back,  // "return"
  subscribe,
  reload,
};

struct Request {
  std::int64_t id = 0;
  Op op = Op::status;
  std::vector<std::string> accounts;     // empty: all
  std::vector<MailboxName> mailboxes;    // sync, of its one account; empty: all
  std::optional<std::int64_t> until_ms;  // pause
  // Accounts whose state lies elsewhere count as unknown; empty: the names say it alone.
  std::string state_dir = {};
  bool keep_waits = false;  // resume: a wait that a server asked for stays in what is named, too
  bool operator==(const Request&) const = default;
};

struct AccountLife {
  std::string name;
  account::Life life;
  std::string settings = {};  // config::settings_digest(); empty in events
};

// Sums since the sync began.
struct ProgressNote {
  std::string account;
  std::uint64_t expected_messages = 0;
  std::uint64_t expected_octets = 0;
  std::uint64_t done_messages = 0;
  std::uint64_t done_octets = 0;
  std::string phase;
  bool operator==(const ProgressNote&) const = default;
};

// A line from the daemon.
struct Message {
  enum class Kind : std::uint8_t {
    hello,
    progress,
    done,    // the request with this id
    failed,  // it; without an id where what came was no request
    life,    // an event: of one account
    synced,  // an event: its report
    ended,   // an event: the daemon has the account no more; `lives` has its name
  };
  Kind kind = Kind::done;
  std::optional<std::int64_t> id;
  int protocol = 0;     // hello
  int revision = 0;     // hello
  std::string version;  // hello
  ProgressNote progress;
  std::optional<Error> error;
  std::vector<AccountLife> lives;
  std::vector<account::AccountReport> reports;
};

}  // namespace sterna::daemon
