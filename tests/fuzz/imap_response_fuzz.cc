// SPDX-License-Identifier: Apache-2.0
// A client meets any octets from a server, in the middle of its work, before the greeting, and with
// STARTTLS or AUTHENTICATE unanswered: it does not crash, reports nothing out of range, and reports
// the same however the octets were cut. The first octet of the input chooses the cuts, its two
// highest bits the state.
#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <variant>

#include "../imap/describe.h"
#include "sterna/base/assert.h"
#include "sterna/imap/client.h"
#include "sterna/imap/commands.h"

namespace {

using namespace sterna;
using namespace sterna::imap;

// Answers every challenge, so that an exchange goes on.
class Checker : public imap::testing::Recorder {
 public:
  explicit Checker(Client& client) : client_(client) {}

  void on_challenge(CommandId id, std::string_view challenge) override {
    Recorder::on_challenge(id, challenge);
    STERNA_ASSERT(client_.respond_auth(id, "answer").has_value());
  }
  void on_response(const Response& response, const Context& context) override {
    if (const auto* fetch = std::get_if<Fetch>(&response)) check(*fetch);
    if (const auto* status = std::get_if<UntaggedStatus>(&response)) check(status->code);
    Recorder::on_response(response, context);
  }
  void on_done(const Done& done) override {
    check(done.code);
    Recorder::on_done(done);
    if (done.kind == CommandKind::starttls && done.ok()) tls_ = true;
  }
  // STARTTLS was accepted: what comes behind it in one piece with the answer is an error.
  bool tls() const { return tls_; }

 private:
  static void check(const Fetch& fetch) {
    STERNA_ASSERT(fetch.number.value != 0 || fetch.uid);
    STERNA_ASSERT(!fetch.uid || fetch.uid->value != 0);
    STERNA_ASSERT(!fetch.modseq || (fetch.modseq->value != 0 && fetch.modseq->value <= INT64_MAX));
    STERNA_ASSERT(!fetch.internal_date || *fetch.internal_date >= 0);
    for (const FetchBody& body : fetch.bodies) {
      STERNA_ASSERT((body.source == FetchBody::Source::nil) == !body.id);
    }
  }
  static void check(const ResponseCode& code) {
    if (const auto* copied = code.as<CopyUid>()) {
      std::uint64_t count = 0;
      for (const CopyUid::Run& run : copied->runs) {
        STERNA_ASSERT(run.count > 0 && run.source && run.target);
        count += run.count;
      }
      STERNA_ASSERT(copied->sources().count() <= count && copied->targets().count() <= count);
    }
    if (const auto* validity = code.as<UidValidity>()) STERNA_ASSERT(validity->value != 0);
    if (const auto* uid = code.as<Uid>()) STERNA_ASSERT(uid->value != 0);
  }

  Client& client_;
  bool tls_ = false;
};

// s1 is a SELECT, s2 to s6 what may stand behind it, s7 an APPEND whose literal waits for "+".
void start_session(Client& client) {
  const UidSet uids = UidSet::range(Uid{1}, Uid{9});
  FetchRequest fetch;
  fetch.uids = uids;
  fetch.items = {FetchItem::uid, FetchItem::body};
  AppendMessage message;
  message.size = 3;
  for (Result<Command> command : {select(WireName{"INBOX"}), uid_fetch(fetch), uid_search({}),
                                  list({}), Result<Command>(noop()), Result<Command>(unselect()),
                                  append(WireName{"x"}, {message}), Result<Command>(idle())}) {
    STERNA_ASSERT(client.submit(std::move(command)).has_value());
  }
}

enum class State : std::uint8_t { session, greeting, starttls, authenticate };

void start(Client& client, Handler& handler, State state) {
  constexpr std::string_view kGreeting = "* OK [CAPABILITY IMAP4rev1 QRESYNC] hi\r\n";
  if (state != State::greeting) {
    STERNA_ASSERT(client.feed(kGreeting, handler).has_value());
  }
  switch (state) {
    case State::session:
      start_session(client);
      break;
    case State::greeting:
      STERNA_ASSERT(client.submit(capability()).has_value());
      break;
    case State::starttls:
      STERNA_ASSERT(client.submit(starttls()).has_value());
      break;
    case State::authenticate:
      STERNA_ASSERT(client.submit(authenticate("PLAIN")).has_value());
      break;
  }
  client.take_output();
}

std::string describe_end(const Client& client) {
  std::string text = client.usable() ? "usable " : "unusable ";
  text += client.capabilities().to_string() + client.enabled().to_string();
  text += fmt::format(" {} outstanding", client.outstanding().size());
  if (const Selection* selection = client.selection()) {
    text += fmt::format(" {} {} exists {}", selection->id.value, selection->complete,
                        selection->exists);
  }
  return text;
}

// `cut` 0 feeds everything at once.
std::string events_of(std::string_view octets, unsigned cut, State state) {
  Client client(Limits{.line_octets_max = 5000,
                       .response_octets_max = 9000,
                       .gathered_literal_octets_max = 100,
                       .literal_octets_max = 20'000,
                       .literals_max = 30});
  Checker handler(client);
  start(client, handler, state);
  std::minstd_rand random(cut);
  while (!octets.empty()) {
    const std::size_t size = cut == 0 ? octets.size() : 1 + random() % 9;
    const auto consumed = client.feed(octets.substr(0, size), handler);
    if (!consumed || handler.tls()) break;
    octets.remove_prefix(*consumed);
  }
  std::string text;
  for (const std::string& event : handler.events) text += event + '\n';
  return handler.tls() ? text : text + describe_end(client);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string octets(data + 1, data + size);
  const auto state = static_cast<State>(data[0] >> 6U);
  const std::string whole = events_of(octets, 0, state);
  STERNA_ASSERT(events_of(octets, data[0] + 1U, state) == whole);
  return 0;
}
