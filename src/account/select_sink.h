// SPDX-License-Identifier: Apache-2.0
// SelectSink: a SELECT in the middle of a pipeline, and whether it still is the same mailbox.
#pragma once

#include "connection.h"

namespace sterna::account {

// The UIDVALIDITY that a SELECT among others was answered with; none if it was refused.
class SelectSink final : public Sink {
 public:
  explicit SelectSink(const imap::Client& client) : client_(client) {}
  void on_done(const imap::Done& done) override {
    const imap::Selection* selection = done.ok() ? client_.selection() : nullptr;
    if (selection && selection->uid_validity) uidvalidity = *selection->uid_validity;
  }
  UidValidity uidvalidity;

 private:
  const imap::Client& client_;
};

}  // namespace sterna::account
