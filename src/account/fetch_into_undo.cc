// SPDX-License-Identifier: Apache-2.0
#include "fetch_into_undo.h"

#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"
#include "sterna/imap/commands.h"
#include "sterna/maildir/identity.h"

namespace sterna::account {
namespace {

// One body, as it comes, into a file of the undo area; whatever else is sent.
class UndoSink : public Sink {
 public:
  UndoSink(io::FileWriter& file, Uid uid) : file_(file), uid_(uid) {}
  void on_body_begin(const imap::BodyBegin& body) override {
    if (!id_ && (!body.uid || *body.uid == uid_)) id_ = body.id;
  }
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (id != id_) return false;
    // Lines end in LF here as in the Maildir.
    std::string text;
    text.reserve(octets.size());
    for (const char c : octets) {
      if (pending_cr_ && c != '\n') text += '\r';
      pending_cr_ = c == '\r';
      if (!pending_cr_) text += c;
    }
    size += text.size();
    content.update(octets);
    if (status) status = file_.write(text);
    return true;
  }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || fetch->bodies.empty()) return;
    const imap::FetchBody& body = fetch->bodies.front();
    const bool ours = id_ && body.id == id_;
    // Where the UID comes behind the body, it is known only now whose it was.
    if (ours) whole = fetch->uid == uid_ && body.source != imap::FetchBody::Source::nil;
  }

  Status status;
  std::uint64_t size = 0;
  maildir::IdentityBuilder content;
  bool whole = false;

 private:
  io::FileWriter& file_;
  Uid uid_;
  imap::BodyId id_;
  bool pending_cr_ = false;
};

}  // namespace

coro::Task<Status> fetch_into_undo(Engine& engine, Connection& connection, MailboxWork& work,
                                   const MessageRow& row, std::string reason) {
  STERNA_CO_TRY(io::Directory * undo, engine.open_undo());
  const std::string name = engine.services.random.hex(16);
  STERNA_CO_TRY(std::unique_ptr<io::FileWriter> file, undo->create_file(name + ".part"));
  UndoSink sink(*file, row.key.uid);
  imap::FetchRequest request;
  request.uids = UidSet::single(row.key.uid);
  request.items = {imap::FetchItem::uid, imap::FetchItem::body};
  STERNA_CO_CHECK(co_await connection.run_ok(imap::uid_fetch(request), &sink));
  STERNA_CO_CHECK(sink.status);
  if (!sink.whole) {
    co_return fail(Error(ErrorCode::protocol, "the server does not hand the message out")
                       .with_scope(ErrorScope::message));
  }
  STERNA_CO_CHECK(file->set_mtime(to_ns(row.internal_date)));
  STERNA_CO_CHECK(file->sync());
  STERNA_CO_CHECK(undo->place(*file, name));
  STERNA_CO_CHECK(undo->sync());
  at_step("undo.fetched");
  // Of what is kept: a server may have made something else of what it was sent.
  const Identity identity = to_identity(sink.content.finish());
  auto record = [&]() -> Status {
    STERNA_TRY(const std::int64_t id,
               engine.store->add_undo({0, name, work.name(), row.base_name, row.flags, sink.size,
                                       identity, engine.now_ms(), reason}));
    static_cast<void>(id);
    return {};
  };
  STERNA_CO_CHECK(engine.write(record));
  at_step("undo.entered");
  co_return Status{};
}

}  // namespace sterna::account
