// SPDX-License-Identifier: Apache-2.0
#include "whole_body.h"

#include <variant>

#include "sterna/imap/commands.h"

namespace sterna::account {

void WholeSink::on_body_begin(const imap::BodyBegin& body) {
  if (!id_ && (!body.uid || *body.uid == uid_)) id_ = body.id;
}

bool WholeSink::on_body_chunk(imap::BodyId id, std::string_view octets) {
  if (id != id_) return false;
  content_.update(octets);
  return true;
}

void WholeSink::on_response(const imap::Response& response) {
  const auto* fetch = std::get_if<imap::Fetch>(&response);
  if (!fetch || fetch->bodies.empty()) return;
  const imap::FetchBody& body = fetch->bodies.front();
  const bool ours = id_ && body.id == id_;
  // Where the UID comes behind the body, it is known only now whose it was.
  if (ours) whole_ = fetch->uid == uid_ && body.source != imap::FetchBody::Source::nil;
}

std::optional<maildir::ContentIdentity> WholeSink::finish() {
  return whole_ ? std::optional(content_.finish()) : std::nullopt;
}

coro::Task<Status> fetch_whole(Connection& connection, WholeSink& sink) {
  imap::FetchRequest request;
  request.uids = UidSet::single(sink.uid());
  request.items = {imap::FetchItem::uid, imap::FetchItem::body};
  co_return co_await connection.run_ok(imap::uid_fetch(request), &sink);
}

}  // namespace sterna::account
