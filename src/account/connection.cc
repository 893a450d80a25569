// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/imap/told_to_wait.h"
#include "sterna/io/deadline.h"

namespace sterna::account {
namespace {

constexpr std::size_t kLineOctets = 256 * 1024;
constexpr std::size_t kRemarkShown = 300;
constexpr std::size_t kLiteralOctets = 256 * 1024;
constexpr std::chrono::seconds kWriteLimit{180};
constexpr std::chrono::milliseconds kLastWordsLimit{200};
constexpr int kLastWordsReadsMax = 64;
// More of the same would fill the log's disk.
constexpr std::size_t kBadResponsesLogged = 20;

bool is_simple(imap::CommandKind kind) {
  switch (kind) {
    using enum imap::CommandKind;
    case authenticate:
    case capability:
    case compress:
    case enable:
    case id:
    case login:
    case namespaces:
    case noop:
    case starttls:
      return true;
    default:
      return false;
  }
}

// Without it the sync goes on, whatever the server's reason.
bool is_optional(imap::CommandKind kind) {
  switch (kind) {
    using enum imap::CommandKind;
    case compress:
    case enable:
    case id:
    case namespaces:
    case notify:
      return true;
    default:
      return false;
  }
}

void apply(const imap::Quirks& quirks, Connection& connection) {
  connection.quirks = quirks;
  connection.client().set_pipeline_depth(quirks.pipeline_depth_max);
}

}  // namespace

Sink::~Sink() {
  if (connection_) connection_->forget(*this);
}

coro::Task<Status> Sink::relieve() {
  co_return Status{};
}

coro::Task<Status> Sink::hang_up(Error error) {
  if (connection_) connection_->close();
  co_return fail(std::move(error));
}

Connection::Connection(Services services, std::unique_ptr<io::Transport> transport, Log log)
    : services_(services),
      transport_(std::move(transport)),
      log_(std::move(log)),
      heard_at_(services.clock.monotonic()) {}

Connection::~Connection() {
  close();
  drop_pending();
}

void Connection::forget(Sink& sink) {
  for (auto& [id, pending] : pending_) {
    if (pending.sink == &sink) pending.sink = nullptr;
  }
  part_from(sink);
}

// It no longer knows of us, so we must not know of it.
void Connection::part_from(Sink& sink) {
  sink.connection_ = nullptr;
  std::erase_if(bodies_, [&](const auto& body) { return body.second == &sink; });
}

void Connection::drop_pending() {
  for (auto& [id, pending] : std::exchange(pending_, {})) {
    if (pending.sink) part_from(*pending.sink);
  }
}

bool Connection::selecting() const {
  return std::ranges::any_of(pending_, [](const auto& one) { return one.second.selects; });
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  transport_->close();
}

Error Connection::lost() const {
  if (failure_) return *failure_;
  return Error(ErrorCode::disconnected, "the connection to the server is closed");
}

void Connection::distrust(imap::Capability capability) {
  log_.info("the server offers {} and does not understand it", imap::to_string(capability));
  distrusted_.set(static_cast<std::size_t>(capability));
  condstore = condstore && has(imap::Capability::condstore);
  qresync = qresync && condstore && has(imap::Capability::qresync);
}

coro::Task<Status> Connection::flush() {
  for (;;) {
    if (auto wanted = client_.wants_literal()) {
      const auto it = pending_.find(wanted->id.value);
      STERNA_ASSERT(it != pending_.end() && it->second.literal);
      Result<std::string> piece = it->second.literal(kLiteralOctets);
      if (!piece) {
        // The announced octets cannot be had: the server still waits for them, so the line must go.
        failure_ = piece.error();
        close();
        co_return fail(*failure_);
      }
      STERNA_CO_CHECK(client_.provide_literal(wanted->id, *piece));
    }
    if (!client_.has_output()) co_return Status{};
    std::string output = client_.take_output();
    traffic_.out += output.size();
    Status written = co_await io::with_deadline(services_.clock, kWriteLimit,
                                                transport_->write(std::move(output)),
                                                "the server did not take what was sent");
    if (!written) {
      failure_ = written.error();
      if (!written.error().is_cancelled()) co_await hear_out();
      close();
      co_return fail(*failure_);
    }
  }
}

// A server that hangs up has often answered, and said why, before the write that fails.
coro::Task<void> Connection::hear_out() {
  for (int reads = 0; reads < kLastWordsReadsMax; ++reads) {
    buffer_.clear();
    Result<std::size_t> got =
        co_await io::with_deadline(services_.clock, kLastWordsLimit,
                                   transport_->read_some(buffer_, kLineOctets), "no last words");
    if (!got || *got == 0) co_return;
    Result<std::size_t> fed = client_.feed(buffer_, *this);
    if (!fed || *fed < buffer_.size() || said_bye_) co_return;
  }
}

std::uint64_t Connection::oldest_pending() const {
  std::uint64_t oldest = 0;
  for (const auto& [id, pending] : pending_) {
    if (oldest == 0 || id < oldest) oldest = id;
  }
  return oldest;
}

Connection::Patience Connection::patience() const {
  if (!greeting_) return {"no greeting", kGreetingLimit - opening_waited_, kGreetingLimit};
  const auto it = pending_.find(waited_for_);
  const bool simple = it != pending_.end() && is_simple(it->second.kind);
  Patience patience{"no answer", kSilenceLimit, kSilenceLimit};
  if (simple) {
    patience = {fmt::format("no answer to {}", to_string(it->second.kind)),
                kSimpleCommandLimit - command_waited_, kSimpleCommandLimit};
  }
  const auto opening_left = kOpeningLimit - opening_waited_;
  if (!client_.authenticated() && opening_left < patience.left) {
    patience = {"no end of the login", opening_left, kOpeningLimit};
  }
  return patience;
}

// Only what is waited here counts: while nobody reads, the server may have answered long ago.
coro::Task<Result<std::size_t>> Connection::read() {
  const std::uint64_t oldest = oldest_pending();
  if (oldest != waited_for_) {
    command_waited_ = {};
    command_octets_ = wanted_octets_ = 0;
  }
  waited_for_ = oldest;
  const Patience patience = this->patience();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(patience.left, std::chrono::nanoseconds{}));
  const auto began = services_.clock.monotonic();
  Result<std::size_t> got = co_await io::with_deadline(
      services_.clock, left, transport_->read_some(buffer_, kLineOctets), patience.what);
  count_waiting(services_.clock.monotonic() - began);
  log_remarks();
  if (!got && got.error().is(ErrorCode::timeout)) {
    co_return fail(ErrorCode::timeout,
                   fmt::format("{} within {} s", patience.what, patience.limit.count()));
  }
  co_return got;
}

void Connection::log_remarks() {
  const std::string said = transport_->take_remarks();
  for (const std::string_view line : split(said, '\n')) {
    if (trim(line).empty()) continue;
    last_remark_ = printable(trim(line), kRemarkShown);
    log_.info("tunnel: {}", last_remark_);
  }
}

void Connection::count_waiting(std::chrono::nanoseconds waited) {
  command_waited_ += waited;
  if (!client_.authenticated()) opening_waited_ += waited;
}

Status Connection::check_worth(std::size_t octets) {
  command_octets_ += octets;
  // A body that was gathered may have begun to come before the counting.
  if (command_octets_ > wanted_octets_ + kUselessOctetsMax) {
    return fail(ErrorCode::protocol, "the server sends without end what it was not asked for");
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(command_waited_);
  const auto expected = static_cast<std::uint64_t>(seconds.count()) * kSlowestOctetsPerSecond;
  if (seconds > kSlowAfter && command_octets_ < expected) {
    return fail(ErrorCode::timeout, fmt::format("the server sent {} octets of an answer in {} s",
                                                command_octets_, seconds.count()));
  }
  return {};
}

coro::Task<Status> Connection::pump() {
  if (closed_) co_return fail(lost());
  if (challenge_) co_await answer_challenge();
  STERNA_CO_CHECK(co_await flush());
  for (auto& [id, pending] : pending_) {
    if (pending.sink && pending.sink->full()) {
      Sink* sink = pending.sink;
      STERNA_CO_CHECK(co_await sink->relieve());
      break;
    }
  }
  buffer_.clear();
  co_return take(co_await read());
}

// What a read brought.
Status Connection::take(Result<std::size_t> got) {
  if (got && *got == 0) {
    got = fail(ErrorCode::disconnected,
               last_remark_.empty()
                   ? std::string("the server closed the connection")
                   : fmt::format("the tunnel has ended; it said last: {}", last_remark_));
  }
  if (!got) {
    if (!failure_) failure_ = got.error();
    close();
    return fail(*failure_);
  }
  traffic_.in += *got;
  heard_at_ = services_.clock.monotonic();
  // A flood keeps us busy and never waiting; that is the server's time, too.
  const auto began = services_.clock.monotonic();
  Result<std::size_t> fed = client_.feed(buffer_, *this);
  count_waiting(services_.clock.monotonic() - began);
  if (fed) {
    if (Status worth = check_worth(*fed); !worth) fed = fail(std::move(worth).error());
  }
  if (!fed) {
    failure_ = fed.error();
    close();
    return fail(*failure_);
  }
  if (said_bye_) {
    // Nothing more is answered (RFC 3501 section 7.1.5), and it need not end the line either.
    close();
    return fail(*failure_);
  }
  buffer_.erase(0, *fed);
  return {};
}

Status Connection::begin_idle(Sink* sink) {
  STERNA_TRY(idle_, submit(imap::idle(), sink));
  pending_[idle_.value].awaited = false;
  return {};
}

bool Connection::awaits_answer() const {
  return std::ranges::any_of(pending_, [](const auto& one) { return one.second.awaited; });
}

void Connection::end_idle() {
  client_.end_idle();
  if (is_idling() && !pending_.contains(ended_idle_.value)) {
    ended_idle_ = idle_;
    ended_at_ = services_.clock.monotonic();
  }
  idle_ = {};
}

std::optional<std::chrono::nanoseconds> Connection::left_for_end() const {
  if (!pending_.contains(ended_idle_.value)) return std::nullopt;
  return ended_at_ + kSimpleCommandLimit - services_.clock.monotonic();
}

// Silence is what an idle line is for: no deadline but its owner's, once the IDLE before was
// answered. A read that is broken off takes nothing (io::Transport).
coro::Task<Status> Connection::listen(coro::Event& wake) {
  if (closed_) co_return fail(lost());
  STERNA_CO_CHECK(co_await flush());
  if (wake.is_set()) co_return Status{};
  buffer_.clear();
  std::optional<Result<std::size_t>> got;
  const auto read = [](io::Transport& from, std::string& into,
                       std::optional<Result<std::size_t>>& result,
                       coro::Event& done) -> coro::Task<void> {
    result = co_await from.read_some(into, kLineOctets);
    done.set();
  };
  coro::Scope reading = co_await coro::make_scope();
  reading.spawn(read(*transport_, buffer_, got, wake));
  if (const auto left = left_for_end()) {
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*left);
    reading.spawn(io::set_after(services_.clock, rounded, wake));
  }
  const Status waited = co_await wake.wait();
  co_await reading.close();
  const bool interrupted = !*got && got->error().is_cancelled();
  if (!interrupted) STERNA_CO_CHECK(take(std::move(*got)));
  if (const auto left = left_for_end(); waited && left && left->count() <= 0) {
    failure_ = Error(ErrorCode::timeout,
                     fmt::format("no end of IDLE within {} s", kSimpleCommandLimit.count()));
    close();
    co_return fail(*failure_);
  }
  co_return waited;
}

coro::Task<Result<imap::UntaggedStatus>> Connection::greeting() {
  while (!greeting_) STERNA_CO_CHECK(co_await pump());
  if (greeting_->status == imap::StatusKind::bye) co_return fail(imap::error_from_bye(*greeting_));
  co_return *greeting_;
}

Result<imap::CommandId> Connection::submit(Result<imap::Command> command, Sink* sink,
                                           LiteralSource literal) {
  if (closed_) return fail(lost());
  const bool selects = command && (command->kind() == imap::CommandKind::select ||
                                   command->kind() == imap::CommandKind::examine);
  const imap::CommandKind kind = command ? command->kind() : imap::CommandKind::noop;
  if (told_to_wait_ && kind != imap::CommandKind::logout) return fail(*told_to_wait_);
  STERNA_TRY(const imap::CommandId id, client_.submit(std::move(command)));
  log_.trace("C: {}", client_.describe(id));
  pending_[id.value] = {sink, std::move(literal), selects, kind, true};
  if (sink) sink->connection_ = this;
  return id;
}

void Connection::heed(const imap::Done& done) {
  if (done.ok() || told_to_wait_) return;
  const bool surely = done.code.is(imap::Code::throttled) || imap::tells_of_limit(done.text);
  if (is_optional(done.kind) && !surely) return;
  Error error = imap::error_from(done);
  if (imap::told_to_wait(error)) told_to_wait_ = std::move(error);
}

coro::Task<Result<imap::Done>> Connection::wait(imap::CommandId id) {
  for (;;) {
    const auto it = done_.find(id.value);
    if (it != done_.end()) {
      imap::Done done = std::move(it->second);
      done_.erase(it);
      heed(done);
      co_return done;
    }
    Status pumped = co_await pump();
    if (!pumped && !done_.contains(id.value)) {
      drop_pending();
      co_return fail(std::move(pumped).error());
    }
  }
}

coro::Task<Result<imap::Done>> Connection::wait_ok(imap::CommandId id) {
  STERNA_CO_TRY(imap::Done done, co_await wait(id));
  if (!done.ok()) co_return fail(imap::error_from(done));
  co_return done;
}

coro::Task<Result<imap::Done>> Connection::run(Result<imap::Command> command, Sink* sink) {
  STERNA_CO_TRY(const imap::CommandId id, submit(std::move(command), sink));
  co_return co_await wait(id);
}

coro::Task<Status> Connection::run_ok(Result<imap::Command> command, Sink* sink) {
  STERNA_CO_TRY(imap::Done done, co_await run(std::move(command), sink));
  if (!done.ok()) co_return fail(imap::error_from(done));
  co_return Status{};
}

coro::Task<Status> Connection::start_tls(io::TlsSettings settings) {
  STERNA_CO_CHECK(co_await run_ok(imap::starttls()));
  if (!buffer_.empty()) {
    co_return fail(ErrorCode::protocol, "octets came behind the answer to STARTTLS");
  }
  STERNA_CO_CHECK(co_await transport_->start_tls(std::move(settings)));
  client_.after_starttls();
  co_return Status{};
}

coro::Task<Status> Connection::start_compress() {
  STERNA_CO_TRY(imap::Done done, co_await run(imap::compress_deflate()));
  if (!done.ok()) {
    log_.info("the server refuses to compress, and goes on without: {}", printable(done.text));
    co_return Status{};
  }
  STERNA_CO_CHECK(transport_->start_deflate(std::exchange(buffer_, {})));
  client_.after_compress();
  co_return Status{};
}

void Connection::recognise_by(Recognise recognise) {
  recognise_ = std::move(recognise);
  apply(recognise_({}), *this);
}

coro::Task<Status> Connection::settle() {
  for (const imap::CommandId id : std::exchange(preludes_, {})) {
    STERNA_CO_TRY(imap::Done done, co_await wait(id));
    if (!done.ok()) log_.debug("{} refused: {}", to_string(done.kind), done.text);
  }
  const std::string id = std::exchange(id_, {});
  if (recognise_ && !id.empty()) apply(recognise_(id), *this);
  const imap::Capabilities& enabled = client_.enabled();
  condstore = has(imap::Capability::condstore);
  qresync = condstore && has(imap::Capability::qresync) && !quirks.no_qresync &&
            enabled.has(imap::Capability::qresync);
  // Some servers have no other names, whatever they say to ENABLE (RFC 6855, RFC 9051).
  names.utf8 = enabled.has(imap::Capability::utf8_accept) ||
               enabled.has(imap::Capability::imap4rev2) || has(imap::Capability::utf8_only) ||
               (has(imap::Capability::imap4rev2) && !has(imap::Capability::imap4rev1));
  co_return Status{};
}

coro::Task<void> Connection::logout() {
  if (usable()) {
    if (submit(imap::logout())) {
      Status written = co_await flush();
      if (!written) log_.debug("logout: {}", written.error().describe());
    }
  }
  close();
}

void Connection::learn_namespaces(const imap::Response& response) {
  const auto* found = std::get_if<imap::Namespace>(&response);
  if (!found) return;
  namespaces = *found;
  if (namespaces.personal.empty()) return;
  names.prefix = namespaces.personal.front().prefix;
  names.delimiter = namespaces.personal.front().delimiter;
}

void Connection::learn_id(const imap::Response& response) {
  const auto* said = std::get_if<imap::Id>(&response);
  if (!said) return;
  id_.clear();
  for (const std::string_view wanted : {"name", "version", "vendor"}) {
    for (const auto& [name, value] : said->fields) {
      if (ascii_iequals(name, wanted)) id_ += " " + value;
    }
  }
}

Sink* Connection::sink_of(imap::CommandId id) {
  const auto it = pending_.find(id.value);
  return it == pending_.end() ? nullptr : it->second.sink;
}

imap::CommandId Connection::asker_of(const imap::Response& response, imap::CommandId oldest) const {
  using enum imap::CommandKind;
  const auto* listed = std::get_if<imap::List>(&response);
  const bool is_status = std::holds_alternative<imap::MailboxStatus>(response);
  if (!listed && !is_status) return oldest;
  const auto answers = [&](imap::CommandKind kind) {
    if (listed) return kind == (listed->lsub ? lsub : list);
    return kind == status || kind == list || kind == notify;
  };
  std::uint64_t asker = 0;
  for (const auto& [id, pending] : pending_) {
    if (answers(pending.kind) && (asker == 0 || id < asker)) asker = id;
  }
  return asker == 0 ? oldest : imap::CommandId{asker};
}

bool Connection::is_of_closing(const imap::Context& context) const {
  const auto it = pending_.find(context.oldest.value);
  return it != pending_.end() && it->second.selects && context.selection != imap::CommandId{} &&
         context.selection != context.oldest;
}

void Connection::on_greeting(const imap::UntaggedStatus& greeting) {
  greeting_ = greeting;
}

void Connection::on_response(const imap::Response& response, const imap::Context& context) {
  const imap::CommandId asker = asker_of(response, context.oldest);
  if (overhear_) {
    const auto asked = pending_.find(asker.value);
    overhear_(response, asked == pending_.end() ? imap::CommandKind::noop : asked->second.kind);
  }
  Sink* sink = sink_of(asker);
  if (sink && !is_of_closing(context)) sink->on_response(response);
}

void Connection::on_body_begin(const imap::BodyBegin& body, const imap::Context& context) {
  Sink* sink = sink_of(context.oldest);
  if (!sink) return;
  bodies_[body.id.value] = sink;
  sink->on_body_begin(body);
}

void Connection::on_body_chunk(imap::BodyId id, std::string_view octets) {
  const auto it = bodies_.find(id.value);
  if (it != bodies_.end() && it->second->on_body_chunk(id, octets)) wanted_octets_ += octets.size();
}

void Connection::on_body_end(imap::BodyId id) {
  const auto it = bodies_.find(id.value);
  if (it == bodies_.end()) return;
  it->second->on_body_end(id);
  bodies_.erase(it);
}

void Connection::on_done(const imap::Done& done) {
  if (challenge_ && challenge_->id == done.id) challenge_.reset();
  log_.trace("S: {} {} {}", to_string(done.kind), to_string(done.status), done.text);
  Sink* sink = sink_of(done.id);
  if (sink) sink->on_done(done);
  const auto pending = pending_.find(done.id.value);
  const bool awaited = pending == pending_.end() || pending->second.awaited;
  if (pending != pending_.end()) pending_.erase(pending);
  const auto is_for = [sink](const auto& one) { return one.second.sink == sink; };
  if (sink && std::ranges::none_of(pending_, is_for)) part_from(*sink);
  if (awaited) done_[done.id.value] = done;
}

void Connection::on_challenge(imap::CommandId id, std::string_view challenge) {
  challenge_ = Challenge{id, std::string(challenge)};
}

coro::Task<void> Connection::answer_challenge() {
  Challenge challenge = *std::exchange(challenge_, std::nullopt);
  if (answer_) {
    const Result<Secret> response = co_await answer_(std::move(challenge.octets));
    if (response && client_.respond_auth(challenge.id, response->reveal())) co_return;
  }
  if (!client_.cancel_auth(challenge.id)) close();
}

void Connection::on_bye(const imap::UntaggedStatus& bye, bool expected) {
  if (expected) return;
  said_bye_ = true;
  failure_ = imap::error_from_bye(bye);
}

void Connection::on_bad_response(const Error& error, const imap::Context& context) {
  if (++bad_responses_ <= kBadResponsesLogged) {
    log_.warn("a response of the server makes no sense: {}{}", error.describe(),
              bad_responses_ == kBadResponsesLogged ? " (no more of them are logged)" : "");
  }
  if (Sink* sink = sink_of(context.oldest)) sink->on_bad_response(error);
}

}  // namespace sterna::account
