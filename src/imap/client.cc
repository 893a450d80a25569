// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "outbox.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/base/secret.h"
#include "sterna/imap/framer.h"
#include "sterna/imap/limits.h"
#include "sterna/imap/parser.h"
#include "tracker.h"

namespace sterna::imap {
namespace {

constexpr std::size_t kExcerpt = 120;

bool is_tagged(std::string_view text) {
  const std::size_t first = text.find_first_not_of(std::string_view("\0 ", 2));
  return first != std::string_view::npos && text[first] != '*' && text[first] != '+';
}

}  // namespace

// The octets come in through the framer, whose sink this is; what they mean for later goes to the
// tracker, what they let go out to the outbox.
class Client::Impl final : public Framer::Sink {
 public:
  explicit Impl(Limits limits) : framer_(limits) {}

  Result<CommandId> submit(Result<Command> command);
  Status respond_auth(CommandId id, std::string_view line);
  void end_idle();
  Result<std::size_t> feed(std::string_view octets, Handler& handler);
  void after_layer(CommandKind layer);
  std::vector<CommandId> outstanding() const;
  const Pending* find(CommandId id) const;
  bool usable() const { return !closing_ && !failed_; }

  Outbox& outbox() { return outbox_; }
  const Outbox& outbox() const { return outbox_; }
  const Tracker& tracker() const { return tracker_; }

 private:
  FrameLiteral::Place on_literal(const Frame& so_far) override;
  void on_chunk(std::string_view octets) override { handler_->on_body_chunk(body_, octets); }
  void on_literal_end() override { handler_->on_body_end(body_); }
  Next on_frame(const Frame& frame) override;

  void take_greeting(Result<Response> response, const Frame& frame);
  void take_tagged(const Tagged& tagged);
  void take_continuation(const Continuation& continuation);
  void take_untagged(Response& response, const Frame& frame);
  void take_bye(const UntaggedStatus& bye);
  bool settle_bodies(Fetch& fetch, const Frame& frame);
  void deliver(const Fetch& fetch, FetchBody& body, std::string_view octets);

  const Pending* oldest() const { return pending_.empty() ? nullptr : &pending_.front(); }
  Context context() const {
    return {pending_.empty() ? CommandId{} : pending_.front().id, tracker_.selection_id()};
  }
  BodyBegin begin_of(const Fetch& fetch, const FetchBody& body, BodyId id) const {
    return {id, fetch.number, fetch.uid, body.section, body.origin, body.size};
  }
  bool may_change_selection() const;
  void break_with(std::string message);

  Framer framer_;
  Tracker tracker_;
  Outbox outbox_{tracker_.capabilities()};
  std::deque<Pending> pending_;
  std::uint64_t ids_ = 0;
  std::uint64_t bodies_ = 0;
  BodyId body_;  // the one that is being streamed
  // The streamed bodies of the response that is coming in, by their index among its literals.
  std::vector<std::pair<std::size_t, BodyId>> streamed_;
  std::size_t prefixes_octets_ = 0;  // before each literal of that response, together
  Handler* handler_ = nullptr;
  std::optional<Error> failed_;
  bool greeted_ = false;
  bool closing_ = false;
  bool bye_ = false;
  // A layer that was agreed on and is not in place yet.
  std::optional<CommandKind> layer_;
};

Result<CommandId> Client::Impl::submit(Result<Command> command) {
  if (!command) return std::unexpected(std::move(command).error());
  if (!usable()) return fail(ErrorCode::disconnected, "the connection is at its end");
  if (command->changes_selection() && !may_change_selection()) {
    return fail(ErrorCode::internal,
                fmt::format("{} without a mailbox surely selected", to_string(command->kind())));
  }
  const CommandId id{++ids_};
  Pending pending;
  pending.id = id;
  pending.kind = command->kind();
  pending.mailbox = command->mailbox();
  pending.tag = fmt::format("s{}", id.value);
  pending.line = command->redacted();
  if (command->kind() == CommandKind::logout) closing_ = true;
  pending_.push_back(std::move(pending));
  outbox_.push(id, pending_.back().tag, *std::move(command));
  return id;
}

bool Client::Impl::may_change_selection() const {
  if (tracker_.selection() == nullptr || !tracker_.selection()->complete) return false;
  return std::ranges::none_of(pending_, [](const Pending& pending) {
    return pending.selects() || pending.kind == CommandKind::unselect;
  });
}

Status Client::Impl::respond_auth(CommandId id, std::string_view line) {
  const auto found = std::ranges::find(pending_, id, &Pending::id);
  if (found == pending_.end() || !found->challenged) {
    return fail(ErrorCode::internal, "an answer to no challenge");
  }
  found->challenged = false;
  outbox_.push_line(line);
  return {};
}

void Client::Impl::end_idle() {
  for (Pending& pending : pending_) {
    if (pending.kind != CommandKind::idle || pending.end_requested) continue;
    pending.end_requested = true;
    if (!pending.accepted) continue;
    outbox_.push_line("DONE");
    outbox_.lift_barrier(pending.id);
  }
}

Result<std::size_t> Client::Impl::feed(std::string_view octets, Handler& handler) {
  STERNA_ASSERT(handler_ == nullptr);
  if (failed_) return std::unexpected(*failed_);
  if (layer_ == CommandKind::compress || octets.empty()) return 0;
  handler_ = &handler;
  Result<std::size_t> consumed = layer_ ? Result<std::size_t>(0) : framer_.feed(octets, *this);
  handler_ = nullptr;
  if (!consumed && !failed_) failed_ = consumed.error();
  if (!failed_ && layer_ == CommandKind::starttls && *consumed < octets.size()) {
    break_with("the server sent something between its OK to STARTTLS and TLS");
  }
  if (!failed_) return consumed;
  outbox_.close();
  return std::unexpected(*failed_);
}

void Client::Impl::break_with(std::string message) {
  if (!failed_) failed_ = Error(ErrorCode::protocol, std::move(message));
}

void Client::Impl::after_layer(CommandKind layer) {
  STERNA_ASSERT(layer_ == layer);
  layer_.reset();
  if (layer == CommandKind::starttls) tracker_.forget_server();
  outbox_.open();
}

std::vector<CommandId> Client::Impl::outstanding() const {
  std::vector<CommandId> ids;
  for (const Pending& pending : pending_) ids.push_back(pending.id);
  return ids;
}

const Pending* Client::Impl::find(CommandId id) const {
  const auto found = std::ranges::find(pending_, id, &Pending::id);
  return found == pending_.end() ? nullptr : &*found;
}

FrameLiteral::Place Client::Impl::on_literal(const Frame& so_far) {
  prefixes_octets_ += so_far.text.size();
  const bool is_looked_at = greeted_ && prefixes_octets_ <= kFetchPrefixesOctetsMax;
  const auto fetch = is_looked_at ? parse_fetch_up_to_body(so_far) : std::nullopt;
  if (!fetch) return FrameLiteral::Place::gathered;
  body_ = BodyId{++bodies_};
  streamed_.emplace_back(so_far.literals.size() - 1, body_);
  handler_->on_body_begin(begin_of(*fetch, fetch->bodies.back(), body_), context());
  return FrameLiteral::Place::streamed;
}

Framer::Sink::Next Client::Impl::on_frame(const Frame& frame) {
  prefixes_octets_ = 0;
  if (failed_) return Next::stop;
  if (frame.text.find_first_not_of(std::string_view("\0 ", 2)) == std::string_view::npos) {
    return Next::go_on;  // an empty line
  }
  Result<Response> response = parse_response(frame);
  if (!greeted_) {
    take_greeting(std::move(response), frame);
  } else if (!response && is_tagged(frame.text)) {
    break_with(response.error().message());
  } else if (!response) {
    handler_->on_bad_response(response.error(), context());
  } else if (const auto* tagged = std::get_if<Tagged>(&*response)) {
    take_tagged(*tagged);
  } else if (const auto* continuation = std::get_if<Continuation>(&*response)) {
    take_continuation(*continuation);
  } else {
    take_untagged(*response, frame);
  }
  streamed_.clear();
  return failed_ || layer_ ? Next::stop : Next::go_on;
}

void Client::Impl::take_greeting(Result<Response> response, const Frame& frame) {
  const auto* greeting = response ? std::get_if<UntaggedStatus>(&*response) : nullptr;
  if (greeting == nullptr || greeting->status == StatusKind::no ||
      greeting->status == StatusKind::bad) {
    break_with(response ? fmt::format("the server does not greet as IMAP servers do: {}",
                                      printable(frame.text, kExcerpt))
                        : response.error().message());
    return;
  }
  greeted_ = true;
  tracker_.greeted(*greeting);
  if (greeting->status == StatusKind::bye) {
    closing_ = true;
    outbox_.close();
  } else {
    outbox_.open();
  }
  handler_->on_greeting(*greeting);
}

void Client::Impl::take_tagged(const Tagged& tagged) {
  const auto found = std::ranges::find(pending_, tagged.tag, &Pending::tag);
  if (found == pending_.end() || !outbox_.was_taken(found->id)) {
    break_with(fmt::format("the server answers a command that it was not sent: {} {}",
                           printable(tagged.tag, kExcerpt), printable(tagged.text, kExcerpt)));
    return;
  }
  const Pending pending = *found;
  if (tagged.status == StatusKind::ok && !outbox_.is_complete(pending.id)) {
    break_with(fmt::format("the server says OK to half of {}", to_string(pending.kind)));
    return;
  }
  const Done done{pending.id, pending.kind, tagged.status, tagged.code, tagged.text};
  tracker_.done(done, pending);
  pending_.erase(found);
  if (done.ok() && (done.kind == CommandKind::starttls || done.kind == CommandKind::compress)) {
    // What waits behind must not go out before the new layer is there.
    layer_ = done.kind;
    outbox_.pause();
  }
  outbox_.answered(done.id);
  handler_->on_done(done);
}

void Client::Impl::take_continuation(const Continuation& continuation) {
  if (outbox_.continue_literal()) return;
  for (Pending& pending : pending_) {
    if (!outbox_.was_taken(pending.id)) break;
    if (pending.kind == CommandKind::authenticate && !pending.challenged) {
      pending.challenged = true;
      const auto challenge = base64_decode(continuation.text);
      handler_->on_challenge(pending.id, challenge ? *challenge : std::string());
      return;
    }
    if (pending.kind == CommandKind::idle && !pending.accepted) {
      const CommandId id = pending.id;
      pending.accepted = true;
      if (pending.end_requested) {
        outbox_.push_line("DONE");
        outbox_.lift_barrier(id);
      }
      handler_->on_idling(id);
      return;
    }
  }
  handler_->on_bad_response(
      Error(ErrorCode::protocol, "the server asks to go on where nothing is to be sent"),
      context());
}

void Client::Impl::take_untagged(Response& response, const Frame& frame) {
  if (const auto* status = std::get_if<UntaggedStatus>(&response)) {
    if (status->status == StatusKind::bye) {
      take_bye(*status);
      return;
    }
  }
  auto* fetch = std::get_if<Fetch>(&response);
  if (fetch != nullptr && !settle_bodies(*fetch, frame)) {
    handler_->on_bad_response(
        Error(ErrorCode::protocol, "the server sent a body that is too long to be held"),
        context());
    return;
  }
  tracker_.untagged(response, oldest());
  handler_->on_response(response, context());
}

void Client::Impl::take_bye(const UntaggedStatus& bye) {
  const bool expected = std::ranges::any_of(
      pending_, [](const Pending& pending) { return pending.kind == CommandKind::logout; });
  closing_ = true;
  if (!expected) outbox_.close();
  if (std::exchange(bye_, true)) return;  // some servers say it over and over
  handler_->on_bye(bye, expected);
}

// Gives each body its number, and delivers those that did not stream. False if one was thrown away.
bool Client::Impl::settle_bodies(Fetch& fetch, const Frame& frame) {
  for (FetchBody& body : fetch.bodies) {
    if (body.source == FetchBody::Source::quoted) {
      deliver(fetch, body, body.quoted);
    } else if (body.source == FetchBody::Source::literal) {
      const FrameLiteral& literal = frame.literals[body.literal];
      const auto streamed =
          std::ranges::find(streamed_, body.literal, &std::pair<std::size_t, BodyId>::first);
      if (streamed != streamed_.end()) {
        body.id = streamed->second;
      } else if (literal.place == FrameLiteral::Place::gathered) {
        deliver(fetch, body, frame.text.substr(literal.data, literal.size));
      } else {
        return false;
      }
    }
  }
  return true;
}

void Client::Impl::deliver(const Fetch& fetch, FetchBody& body, std::string_view octets) {
  body.id = BodyId{++bodies_};
  handler_->on_body_begin(begin_of(fetch, body, body.id), context());
  if (!octets.empty()) handler_->on_body_chunk(body.id, octets);
  handler_->on_body_end(body.id);
}

Client::Client(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<CommandId> Client::submit(Result<Command> command) {
  return impl_->submit(std::move(command));
}
std::string Client::take_output() {
  return impl_->outbox().take();
}
bool Client::has_output() const {
  return impl_->outbox().has_output();
}
std::optional<LiteralWanted> Client::wants_literal() const {
  return impl_->outbox().wanted();
}
Status Client::provide_literal(CommandId id, std::string_view octets) {
  return impl_->outbox().provide(id, octets);
}
Status Client::respond_auth(CommandId id, std::string_view response) {
  const WipedString line = base64_encode(response);
  return impl_->respond_auth(id, line);
}
Status Client::cancel_auth(CommandId id) {
  return impl_->respond_auth(id, "*");
}
void Client::end_idle() {
  impl_->end_idle();
}
Result<std::size_t> Client::feed(std::string_view octets, Handler& handler) {
  return impl_->feed(octets, handler);
}
void Client::after_starttls() {
  impl_->after_layer(CommandKind::starttls);
}
void Client::after_compress() {
  impl_->after_layer(CommandKind::compress);
}
void Client::set_pipeline_depth(unsigned commands) {
  impl_->outbox().set_depth(commands);
}
bool Client::authenticated() const {
  return impl_->tracker().authenticated();
}
bool Client::usable() const {
  return impl_->usable();
}
const Capabilities& Client::capabilities() const {
  return impl_->tracker().capabilities();
}
const Capabilities& Client::enabled() const {
  return impl_->tracker().enabled();
}
const Selection* Client::selection() const {
  return impl_->tracker().selection();
}
std::vector<CommandId> Client::outstanding() const {
  return impl_->outstanding();
}
bool Client::was_sent(CommandId id) const {
  return impl_->outbox().was_taken(id);
}
std::string Client::describe(CommandId id) const {
  const Pending* pending = impl_->find(id);
  return pending == nullptr ? "" : pending->tag + ' ' + pending->line;
}

}  // namespace sterna::imap
