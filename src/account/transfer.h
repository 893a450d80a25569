// SPDX-License-Identifier: Apache-2.0
// Messages of the selected mailbox to another one: UID MOVE, or UID COPY where the server cannot
// move, part by part (RFC 6851, RFC 9738). The caller has the intents.
#pragma once

#include <optional>
#include <vector>

#include "engine.h"
#include "sterna/imap/response_code.h"
#include "sterna/model/uid_set.h"

namespace sterna::account {

// COPYUID comes in the tagged OK of COPY, and untagged for MOVE.
class CopySink : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    if (const auto* status = std::get_if<imap::UntaggedStatus>(&response)) take(status->code);
  }
  void on_done(const imap::Done& done) override { take(done.code); }
  // Each command is answered once or twice.
  bool full() const override { return answers.size() > kAnswersMax; }
  coro::Task<Status> relieve() override {
    return hang_up(Error(ErrorCode::protocol, "the server tells of more copies than were made"));
  }
  std::optional<Uid> target_of(Uid source, UidValidity expected) const;
  UidValidity uidvalidity() const;  // of the target, as told last; none if it was not

  std::vector<imap::CopyUid> answers;

 private:
  static constexpr std::size_t kAnswersMax = 100'000;

  // One that cannot be read, or whose sets do not pair, is an answer that names nothing.
  void take(const imap::ResponseCode& code) {
    if (!code.is(imap::Code::copy_uid)) return;
    const auto* copied = code.as<imap::CopyUid>();
    answers.push_back(copied ? *copied : imap::CopyUid{});
  }
};

struct Transfer {
  UidSet moved;
  UidSet copied;                 // and still where it was
  std::optional<Error> refusal;  // of what is in neither
  UidSet doubted;                // of these: the server copied a part and does not say which
  UidSet unnamed;                // answered OK, by a COPYUID that names others alone: in doubt
  bool has(Uid uid) const { return moved.contains(uid) || copied.contains(uid); }
};

// A target that is missing, as the server says, is made once. An error is one of the connection.
coro::Task<Result<Transfer>> transfer(Engine& engine, Connection& connection, UidSet uids,
                                      const MailboxWork& to, CopySink& sink);

// Whether a message that was just put into the mailbox can have this UID, as the server says: not
// below what it announced before, nor that of a row, which would be lost to it. If not, the server
// said nothing: the message is found by its content.
Result<bool> can_be_new(Engine& engine, const MailboxWork& work, Uid uid);

// What answers TRYCREATE may be made: not INBOX, and not against the configuration.
bool may_be_made(const Engine& engine, const MailboxWork& work);

}  // namespace sterna::account
