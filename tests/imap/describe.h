// SPDX-License-Identifier: Apache-2.0
// Responses and events as lines of text, so that a test says what it expects in a form that can be
// read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sterna/imap/client.h"
#include "sterna/imap/response.h"

namespace sterna::imap::testing {

// "FETCH 5 uid=7 flags=(\Seen) modseq=12 body[]=#1:5"
std::string describe(const Response& response);
// "[UIDNEXT 5]", "" for none; data that did not parse shows as "!".
std::string describe(const ResponseCode& code);

// Writes down what a client reports. The chunks of a body are joined: how the octets were cut must
// not show.
class Recorder : public Handler {
 public:
  std::vector<std::string> events;

  void on_greeting(const UntaggedStatus& greeting) override;
  void on_response(const Response& response, const Context& context) override;
  void on_body_begin(const BodyBegin& body, const Context& context) override;
  void on_body_chunk(BodyId id, std::string_view octets) override;
  void on_body_end(BodyId id) override;
  void on_done(const Done& done) override;
  void on_challenge(CommandId id, std::string_view challenge) override;
  void on_idling(CommandId id) override;
  void on_bye(const UntaggedStatus& bye, bool expected) override;
  void on_bad_response(const Error& error, const Context& context) override;

 private:
  std::string body_;
  BodyId open_;
};

}  // namespace sterna::imap::testing
