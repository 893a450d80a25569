// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "resolver.h"
#include "sterna/base/assert.h"
#include "sterna/base/secret.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

// Read ahead from the socket for a layer above it.
constexpr std::size_t kReceiveOctets = 64 * 1024;
// Encrypted or deflated at a time, so that a large write does not exist twice.
constexpr std::size_t kSlice = 128 * 1024;
// A stream that always has more lets the others go after so many reads.
constexpr int kReadsWithoutWaitMax = 16;
constexpr std::chrono::seconds kHandshakeMax{15};

// Whoever wrote it has no use for it any more, and it may hold a password.
struct Wiped {
  explicit Wiped(std::string& text) : octets(text) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { wipe(octets); }
  std::string& octets;
};

Error closed_error() {
  return Error(ErrorCode::disconnected, "the connection was closed");
}

class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) {
    STERNA_ASSERT(!flag_);  // one reader, one writer
    flag_ = true;
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

Stream::Stream(Loop::Core& core, std::unique_ptr<Descriptor> socket, std::string host,
               TlsContexts contexts)
    : core_(core),
      socket_(std::move(socket)),
      host_(std::move(host)),
      contexts_(std::move(contexts)) {}

Stream::~Stream() {
  STERNA_ASSERT(!reading_ && !writing_);
  close();
}

// Data that never ends must not make a reader deaf, nor keep the loop from everybody else.
coro::Task<Status> Stream::give_way() {
  const bool stop = co_await coro::cancelled();
  if (stop) co_return fail(Error::cancelled());
  if (++reads_without_wait_ > kReadsWithoutWaitMax) {
    reads_without_wait_ = 0;
    co_await coro::yield();
  }
  co_return {};
}

coro::Task<Result<std::size_t>> Stream::read_some(std::string& into, std::size_t octets_max) {
  STERNA_ASSERT(octets_max > 0);
  Busy busy(reading_);
  STERNA_CO_CHECK(co_await give_way());
  if (deflate_) co_return co_await read_inflated(into, octets_max);
  if (tls_) co_return co_await read_decrypted(into, octets_max);
  co_return co_await receive(into, octets_max);
}

coro::Task<Result<std::size_t>> Stream::read_inflated(std::string& into, std::size_t octets_max) {
  Inflater& inflater = deflate_->inflater;
  while (true) {
    STERNA_CO_TRY(std::size_t count, inflater.read(into, octets_max));
    if (count > 0 || inflater.ended()) co_return count;
    auto reading = tls_ ? read_decrypted(inflater.input(), kReceiveOctets)
                        : receive(inflater.input(), kReceiveOctets);
    STERNA_CO_TRY(std::size_t more, co_await std::move(reading));
    if (more == 0) co_return more;
  }
}

coro::Task<Result<std::size_t>> Stream::read_decrypted(std::string& into, std::size_t octets_max) {
  while (true) {
    STERNA_CO_TRY(std::size_t count, tls_->read(into, octets_max));
    if (count > 0 || tls_->ended()) co_return count;
    STERNA_CO_TRY(std::size_t received, co_await receive(tls_->input(), kReceiveOctets));
    if (received == 0)
      co_return fail(ErrorCode::disconnected, "the line was cut in the middle of the TLS stream");
  }
}

coro::Task<Result<std::size_t>> Stream::receive(std::string& into, std::size_t octets_max) {
  // What comes may be nothing to a layer above, which asks for more then: empty blocks of deflate,
  // records of TLS without data.
  STERNA_CO_CHECK(co_await give_way());
  const std::size_t before = into.size();
  while (true) {
    if (socket_->closed()) co_return fail(closed_error());
    ssize_t count = -1;
    int problem = 0;
    into.resize_and_overwrite(before + octets_max, [&](char* data, std::size_t) {
      count = ::recv(socket_->fd(), data + before, octets_max, MSG_DONTWAIT);
      problem = errno;
      return before + static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    });
    if (count >= 0) {
      octets_in_ += static_cast<std::uint64_t>(count);
      co_return static_cast<std::size_t>(count);
    }
    if (problem == EINTR) continue;
    if (problem != EAGAIN) co_return fail(Error::from_errno(problem, "read"));
    reads_without_wait_ = 0;
    STERNA_CO_CHECK(co_await socket_->wait(Direction::read));
  }
}

Status Stream::prepare(std::string_view slice, bool last) {
  if (!deflate_) {
    if (tls_) return tls_->write(slice);
    outgoing_.append(slice);
    return {};
  }
  if (!tls_) {
    deflate_->deflater.write(slice, last, outgoing_);
    return {};
  }
  std::string deflated;
  deflate_->deflater.write(slice, last, deflated);
  return tls_->write(deflated);
}

coro::Task<Status> Stream::write(std::string bytes) {
  Busy busy(writing_);
  const Wiped wiped(bytes);
  const bool stop = co_await coro::cancelled();
  if (stop) co_return fail(Error::cancelled());
  if (broken_) co_return fail(*broken_);
  if (!tls_ && !deflate_ && outgoing_.empty()) {
    outgoing_ = std::move(bytes);
    co_return co_await flush();
  }
  for (std::size_t place = 0; place < bytes.size(); place += kSlice) {
    const bool last = place + kSlice >= bytes.size();
    Status prepared = prepare(std::string_view(bytes).substr(place, kSlice), last);
    if (!prepared) {
      broken_ = prepared.error();
      co_return prepared;
    }
    STERNA_CO_CHECK(co_await flush());
  }
  co_return {};
}

Result<bool> Stream::send_some() {
  std::string& out = outgoing();
  while (sent_ < out.size()) {
    if (socket_->closed()) return fail(closed_error());
    const ssize_t count =
        ::send(socket_->fd(), out.data() + sent_, out.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) {
      broken_ = Error::from_errno(errno, "write");
      return fail(*broken_);
    }
    sent_ += static_cast<std::size_t>(count);
    octets_out_ += static_cast<std::uint64_t>(count);
  }
  sent_ = 0;
  wipe(out);
  // A large buffer is given back; a small one serves the next write.
  if (out.capacity() > 2 * kSlice) out = std::string();
  return true;
}

coro::Task<Status> Stream::flush() {
  while (true) {
    STERNA_CO_TRY(bool all, send_some());
    if (all) co_return {};
    Status ready = co_await socket_->wait(Direction::write);
    if (ready) continue;
    // The peer has a part of something: nothing that follows would make sense to it.
    broken_ = ready.error().is_cancelled()
                  ? Error(ErrorCode::disconnected, "an earlier write was cut short")
                  : ready.error();
    co_return ready;
  }
}

Status Stream::check_no_octets_waiting() {
  char octet = 0;
  const ssize_t count = ::recv(socket_->fd(), &octet, 1, MSG_DONTWAIT | MSG_PEEK);
  if (count == 0)
    return fail(ErrorCode::disconnected, "the server closed the connection before TLS began");
  if (count > 0)
    return fail(Error(ErrorCode::protocol, "the server sent octets before TLS began")
                    .with_hint("if the port speaks plain text at first, set tls.mode = "
                               "\"starttls\"; otherwise someone may be tampering with the line"));
  return {};
}

coro::Task<Status> Stream::shake_hands() {
  while (true) {
    Result<TlsStream::Step> step = tls_->handshake();
    if (!step) {
      // The alert tells the server why; that it arrives is not worth waiting for.
      static_cast<void>(send_some());
      co_return fail(std::move(step).error());
    }
    STERNA_CO_CHECK(co_await flush());
    if (*step == TlsStream::Step::done) co_return {};
    STERNA_CO_TRY(std::size_t received, co_await receive(tls_->input(), kReceiveOctets));
    if (received == 0)
      co_return fail(ErrorCode::disconnected, "the server closed the connection in the handshake");
  }
}

coro::Task<Status> Stream::start_tls(io::TlsSettings settings) {
  STERNA_ASSERT(!tls_ && !deflate_ && outgoing_.empty());
  if (socket_->closed()) co_return fail(closed_error());
  if (broken_) co_return fail(*broken_);
  STERNA_CO_CHECK(check_no_octets_waiting());
  STERNA_CO_TRY(const TlsContext* context, contexts_(settings));
  const std::string& host = settings.server_name.empty() ? host_ : settings.server_name;
  STERNA_CO_TRY(tls_, TlsStream::create(*context, host));
  auto handshake = shake_hands();
  Status status = co_await io::with_deadline<void>(*core_.clock, kHandshakeMax,
                                                   std::move(handshake), "no TLS handshake");
  if (!status) {
    close();
    broken_ = status.error();
  }
  co_return status;
}

Status Stream::start_deflate(std::string unread) {
  STERNA_ASSERT(!deflate_ && !reading_ && !writing_);
  deflate_ = std::make_unique<Deflate>();
  deflate_->inflater.input() = std::move(unread);
  return {};
}

std::string Stream::peer() const {
  Address address;
  address.length = sizeof address.storage;
  auto* raw = reinterpret_cast<sockaddr*>(&address.storage);
  if (::getpeername(socket_->fd(), raw, &address.length) != 0) return {};
  const bool is_ip = address.family() == AF_INET || address.family() == AF_INET6;
  return is_ip ? address.text() : std::string();
}

std::optional<io::TlsInfo> Stream::tls_info() const {
  if (!tls_) return std::nullopt;
  return tls_->info();
}

std::vector<io::ChannelBinding> Stream::channel_bindings() const {
  if (!tls_) return {};
  return tls_->channel_bindings();
}

void Stream::close() {
  if (socket_->closed()) return;
  // Politeness, where it costs nothing: the server logs an orderly end.
  if (tls_ && !broken_ && !writing_) {
    tls_->end();
    static_cast<void>(send_some());
  }
  socket_->close();
}

}  // namespace sterna::net
