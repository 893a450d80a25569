// SPDX-License-Identifier: Apache-2.0
// UidSink: the UIDs that UID SEARCH finds, in either form of its answer (RFC 3501, RFC 4731).
#pragma once

#include "connection.h"
#include "sterna/model/uid_set.h"

namespace sterna::account {

class UidSink : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    if (const auto* search = std::get_if<imap::Search>(&response)) {
      uids.add_all(search->numbers);
    } else if (const auto* found = std::get_if<imap::ESearch>(&response)) {
      uids.add_all(found->all);
    } else if (const auto* status = std::get_if<imap::UntaggedStatus>(&response)) {
      if (status->code.is(imap::Code::message_limit)) limited = true;
    }
  }

  void on_bad_response(const Error& /*error*/) override { limited = true; }

  UidSet uids;
  bool limited = false;  // there may be more
};

inline bool is_limited(const imap::Done& done) {
  return done.code.is(imap::Code::message_limit) || done.code.is(imap::Code::limit);
}

}  // namespace sterna::account
