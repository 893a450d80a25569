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
      pile_.add(search->numbers);
    } else if (const auto* found = std::get_if<imap::ESearch>(&response)) {
      pile_.add(found->all);
    } else if (const auto* status = std::get_if<imap::UntaggedStatus>(&response)) {
      if (status->code.is(imap::Code::message_limit)) limited = true;
    }
  }

  void on_bad_response(const Error& /*error*/) override { unreadable = true; }

  void on_done(const imap::Done& /*done*/) override {
    pile_.sort_out();
    uids = pile_.set();
  }

  // A line is bounded, their number is not.
  bool full() const override { return pile_.ranges() > kRangesMax; }
  coro::Task<Status> relieve() override {
    return hang_up(Error(ErrorCode::protocol, "the server finds more messages than can be"));
  }

  UidSet uids;              // of the commands that were answered
  bool limited = false;     // there may be more
  bool unreadable = false;  // there was more, which makes no sense

 private:
  static constexpr std::size_t kRangesMax = 4'000'000;

  UidPile pile_;
};

}  // namespace sterna::account
