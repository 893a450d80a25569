// SPDX-License-Identifier: Apache-2.0
// What the server says that it has: LIST, and STATUS where it is told with it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine.h"

namespace sterna::account {

// One line of the server's LIST, with its STATUS where it was told.
struct RemoteListing {
  sync::RemoteMailbox mailbox;
  std::optional<imap::MailboxStatus> status;
};
struct RemoteList {
  std::vector<RemoteListing> mailboxes;
  bool complete = false;
};

// How a mailbox is to be called on the server. ErrorCode::unsupported if it can have no such name,
// or if that is where it has the mailboxes of others, which are not listed as ours.
Result<WireName> wire_of_new(const Connection& connection, const MailboxName& name);

// More than that is no account of a person, and would be held as a whole.
inline constexpr std::size_t kMailboxesMax = 100'000;

// What is told of mailboxes, however often; a name may be as long as a line.
class ListBudget {
 public:
  void take(const imap::Response& response);
  bool spent() const { return lists_ > kMailboxesMax || octets_ > kOctetsMax; }
  static Error error();

 private:
  static constexpr std::size_t kOctetsMax = std::size_t{32} << 20;

  std::size_t lists_ = 0;
  std::size_t octets_ = 0;
};

class ListSink : public Sink {
 public:
  void on_response(const imap::Response& response) override;
  void on_bad_response(const Error& /*error*/) override { unreadable = true; }
  bool full() const override { return budget_.spent(); }
  coro::Task<Status> relieve() override { return hang_up(ListBudget::error()); }

  std::vector<imap::List> lists;
  std::map<std::string, imap::MailboxStatus> statuses;
  bool unreadable = false;  // there was a line more

 private:
  ListBudget budget_;
};

// As the server has it. A mailbox whose name is longer, lies deeper than maildir::kMailboxDepthMax
// or cannot be said in a command is left alone, and the sync says so.
inline constexpr std::size_t kMailboxNameOctetsMax = 2048;

// What the configuration says of a mailbox, as the planner of mailboxes takes it.
sync::MailboxPolicy policy_of(const Engine& engine, const MailboxName& name, Role role);

// What LIST is asked for, as far as the server understands it.
imap::ListOptions list_options(const Connection& connection);
// What STATUS is asked for, likewise.
std::vector<imap::StatusItem> status_items(const Connection& connection);
// LIST with more than RFC 3501 has was refused although it is offered: it is not asked for any
// more, and true.
bool takes_plain_list_alone(Connection& connection, const imap::Done& done);

// Which of the base's mailboxes the list lacks although the server answers for them by name: a list
// that leaves one out does not prove that it is gone.
coro::Task<Result<std::set<MailboxId>>> ask_for_unlisted(Engine& engine, Connection& connection,
                                                         std::vector<MailboxRow> rows,
                                                         const RemoteList& list);

// LIST, in one command with STATUS where the server has LIST-STATUS, else STATUS of each included
// mailbox.
coro::Task<Result<RemoteList>> list_remote(Engine& engine, Connection& connection);

}  // namespace sterna::account
