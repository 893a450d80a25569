// SPDX-License-Identifier: Apache-2.0
// The question before a removal or a move (rule 11): in the selection in which it will be done,
// what are these UIDs now? INTERNALDATE and size, and EMAILID where there is one, must be those of
// the row; where they are not, as where the server's sizes are not exact, the header decides.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine.h"
#include "select_sink.h"

namespace sterna::account {

// Of what is listed and Verdict::gone.
inline constexpr const char* kUnknownToFetch = "lists it, and its FETCH tells nothing of it";

// Of one mailbox. It must outlive what it asked: land() is awaited once ask() was called.
class Proof {
 public:
  // `expected`: the UIDVALIDITY of the plan.
  Proof(Engine& engine, Connection& connection, MailboxWork& work, UidValidity expected);
  ~Proof();

  // SELECT and FETCH, on their way in one packet: a mailbox that is another one by now only answers
  // in vain.
  Status ask(const UidSet& uids);
  coro::Task<Status> land();  // replaced() if it is another mailbox

  enum class Verdict : std::uint8_t { same, doubted, gone };
  Verdict of(const MessageRow& row) const;
  // By their headers: those of the doubted that are the same all the same. Selects the mailbox, if
  // it is not selected any more.
  coro::Task<Result<UidSet>> same_by_header(const std::vector<MessageRow>& doubted);

 private:
  class FetchSink;

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  UidValidity expected_;
  SelectSink select_;
  std::unique_ptr<FetchSink> fetch_;
  std::vector<imap::CommandId> asked_;
};

// It is another message than the one that the user did something with.
Error not_the_same(Uid uid, std::string_view done_here);

}  // namespace sterna::account
