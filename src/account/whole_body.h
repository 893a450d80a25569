// SPDX-License-Identifier: Apache-2.0
// The body of one message, fetched for what is in it.
#pragma once

#include <optional>
#include <string_view>

#include "connection.h"
#include "sterna/maildir/identity.h"
#include "sterna/model/ids.h"

namespace sterna::account {

// One body, as it comes; whatever else is sent.
class WholeSink : public Sink {
 public:
  explicit WholeSink(Uid uid) : uid_(uid) {}
  void on_body_begin(const imap::BodyBegin& body) override;
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override;
  void on_response(const imap::Response& response) override;

  Uid uid() const { return uid_; }
  // Once; nullopt if the message was not handed out.
  std::optional<maildir::ContentIdentity> finish();

 private:
  Uid uid_;
  imap::BodyId id_;
  maildir::IdentityBuilder content_;
  bool whole_ = false;
};

// Of the message that the sink is for.
coro::Task<Status> fetch_whole(Connection& connection, WholeSink& sink);

}  // namespace sterna::account
