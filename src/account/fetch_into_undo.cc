// SPDX-License-Identifier: Apache-2.0
#include "fetch_into_undo.h"

#include "header_fields.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"
#include "whole_body.h"

namespace sterna::account {
namespace {

// The same into a file of the undo area.
class UndoSink final : public WholeSink {
 public:
  UndoSink(io::FileWriter& file, Uid uid) : WholeSink(uid), file_(file) {}
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (!WholeSink::on_body_chunk(id, octets)) return false;
    // Lines end in LF here as in the Maildir.
    std::string text;
    text.reserve(octets.size());
    for (const char c : octets) {
      if (pending_cr_ && c != '\n') text += '\r';
      pending_cr_ = c == '\r';
      if (!pending_cr_) text += c;
    }
    size += text.size();
    if (head.size() < kHeadOctetsMax) head += text.substr(0, kHeadOctetsMax - head.size());
    if (status) status = file_.write(text);
    return true;
  }

  Status status;
  std::uint64_t size = 0;
  std::string head;

 private:
  io::FileWriter& file_;
  bool pending_cr_ = false;
};

}  // namespace

coro::Task<Status> fetch_into_undo(Engine& engine, Connection& connection, MailboxWork& work,
                                   const MessageRow& row, std::string reason) {
  STERNA_CO_TRY(io::Directory * undo, engine.open_undo());
  const std::string name = engine.services.random.hex(16);
  STERNA_CO_TRY(std::unique_ptr<io::FileWriter> file, undo->create_file(name + ".part"));
  UndoSink sink(*file, row.key.uid);
  STERNA_CO_CHECK(co_await fetch_whole(connection, sink));
  STERNA_CO_CHECK(sink.status);
  const std::optional<maildir::ContentIdentity> content = sink.finish();
  if (!content) {
    co_return fail(Error(ErrorCode::protocol, "the server does not hand the message out")
                       .with_scope(ErrorScope::message));
  }
  if (connection.quirks.substitutes_messages) STERNA_CO_CHECK(check_rendered(sink.head));
  STERNA_CO_CHECK(file->set_mtime(to_ns(row.internal_date)));
  STERNA_CO_CHECK(file->sync());
  STERNA_CO_CHECK(undo->place(*file, name));
  STERNA_CO_CHECK(undo->sync());
  at_step("undo.fetched");
  // Of what is kept: a server may have made something else of what it was sent.
  const Identity identity = to_identity(*content);
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
