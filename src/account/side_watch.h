// SPDX-License-Identifier: Apache-2.0
// SideWatch: an IDLE on each mailbox that the user wants to be pushed beside INBOX, where the
// server has no NOTIFY; each on a connection of its own (RFC 2177 tells of the selected mailbox
// alone).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connection_limit.h"
#include "kept.h"
#include "silence.h"
#include "sterna/coro/scope.h"

namespace sterna::account {

class SideWatch {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Something changed in the mailbox of that name on the wire; `arrived`: messages did.
    virtual void on_news(const std::string& wire, bool arrived) = 0;
    // Something may have, while nobody listened.
    virtual void on_opened(const std::string& wire) = 0;
    // The server asks for time, which is not for one line alone: the owner takes them all away.
    virtual void on_told_to_wait(const Error& error) = 0;
    // One that listened is gone, and replaced: counted by this reason.
    virtual void on_line_lost(const std::string& reason) = 0;
    virtual void on_login_refused() = 0;
    // Waited for before each of them is dialled.
    virtual coro::Task<void> before_dial() = 0;
  };

  SideWatch(Services services, const Settings& settings, Silence& silence, Owner& owner, Log log);
  ~SideWatch();

  // Listens to what cover() names, until it is cancelled; then no connection is left.
  coro::Task<void> run();
  // From now on these, the first of them if not all can be had: so many connections of the account
  // the server bears (imap::Quirks), those beside included.
  void cover(std::vector<KnownMailbox> mailboxes, std::size_t connections_max);
  void cover_none() { cover({}, 0); }
  // The server refused the account's first connection for the number of them: one line fewer.
  void give_way();
  // Every line that does not answer at once is replaced, and what waits for its next try need not.
  void probe(std::string_view reason);

  // By name, where the server can tell now.
  std::vector<std::string> listening() const;
  // That are open.
  std::size_t connections() const;
  // How many logins succeeded.
  std::uint64_t logins() const { return logins_; }

 private:
  struct Line;

  coro::Task<void> follow(Line& line);
  coro::Task<Status> listen_once(Line& line);
  coro::Task<Status> idle_once(Line& line);
  coro::Task<Status> open(Line& line);
  coro::Task<Status> open_and_select(Line& line, LoginSecret& secret);
  coro::Task<Status> wait_for_next_try(Line& line);
  std::size_t lines_max() const;
  std::size_t lines_alive() const;

  Services services_;
  const Settings& settings_;
  Silence& silence_;
  Owner& owner_;
  Log log_;
  std::vector<KnownMailbox> wanted_;
  std::map<std::string, std::unique_ptr<Line>> lines_;  // by name on the wire
  std::uint64_t logins_ = 0;
  std::size_t connections_max_ = 0;
  ConnectionLimit refused_;
  coro::Event changed_;
};

}  // namespace sterna::account
