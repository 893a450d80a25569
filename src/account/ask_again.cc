// SPDX-License-Identifier: Apache-2.0
#include "ask_again.h"

#include "message_limit.h"
#include "observe.h"
#include "select_sink.h"

namespace sterna::account {
namespace {

class ThereSink final : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (fetch && fetch->uid && wanted.contains(*fetch->uid)) there.add(*fetch->uid);
  }
  void on_bad_response(const Error& /*error*/) override { unreadable = true; }

  UidSet wanted;
  UidSet there;
  bool unreadable = false;
};

}  // namespace

struct SecondQuestion::Asked {
  Asked(MailboxWork& one, const imap::Client& client) : work(one), select(client) {}

  MailboxWork& work;
  SelectSink select;
  ThereSink sink;
  std::optional<imap::CommandId> selecting;  // none: it was selected
  std::vector<imap::CommandId> asking;
};

SecondQuestion::SecondQuestion(Engine& engine, Connection& connection)
    : engine_(engine), connection_(connection) {}

SecondQuestion::~SecondQuestion() = default;

Status SecondQuestion::ask() {
  for (const auto& work : engine_.mailboxes) {
    const RemoteDelta& remote = work->input.remote;
    if (!remote.gone.empty() && !remote.asked_again) STERNA_CHECK(ask(*work));
  }
  return {};
}

Status SecondQuestion::ask(MailboxWork& work) {
  auto asked = std::make_unique<Asked>(work, connection_.client());
  const imap::Selection* open = connection_.client().selection();
  const bool is_open = asked_.empty() && !connection_.selecting() && open && open->complete &&
                       open->mailbox == work.row.wire && open->uid_validity;
  if (is_open) {
    asked->select.uidvalidity = *open->uid_validity;
  } else {
    STERNA_TRY(asked->selecting, submit_select(engine_, connection_, work, &asked->select));
  }
  asked->sink.wanted = work.input.remote.gone;
  imap::FetchRequest request;
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags};
  for (const UidSet& part : parts_for(connection_, work.input.remote.gone, 100)) {
    request.uids = part;
    STERNA_TRY(const imap::CommandId id,
               connection_.submit(imap::uid_fetch(request), &asked->sink));
    asked->asking.push_back(id);
  }
  asked_.push_back(std::move(asked));
  return {};
}

coro::Task<Result<std::vector<MailboxWork*>>> SecondQuestion::land() {
  std::vector<MailboxWork*> there;
  for (const auto& asked : asked_) {
    MailboxWork& work = asked->work;
    RemoteDelta& remote = work.input.remote;
    bool whole = true;
    if (asked->selecting) {
      STERNA_CO_TRY(const imap::Done done, co_await connection_.wait(*asked->selecting));
      whole = done.ok();
    }
    for (const imap::CommandId id : asked->asking) {
      STERNA_CO_TRY(const imap::Done done, co_await connection_.wait(id));
      whole = whole && done.ok() && !is_limited(done);
    }
    whole = whole && !asked->sink.unreadable && asked->select.uidvalidity == remote.uidvalidity;
    if (whole && asked->sink.there.empty()) {
      remote.asked_again = true;
      remote.gone_proof =
          "the server said that it vanished, the count agrees, and it was asked for again";
      continue;
    }
    remote.gone = {};
    remote.coverage = Coverage::changes;
    work.cursor_known = false;
    if (!whole) continue;
    engine_.log.warn(
        "mailbox {}: the server said of {} messages that they vanished, and has them: all UIDs are "
        "asked for",
        work.name(), asked->sink.there.count());
    work.told_wrong = true;
    there.push_back(&work);
  }
  co_return there;
}

}  // namespace sterna::account
