// SPDX-License-Identifier: Apache-2.0
#include "connector.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

void set_option(int fd, int level, int name, int value) {
  // Best effort: a kernel without one of them still carries the connection.
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// A peer that vanished is noticed after about 80 s, whether the line was silent or something is
// unacknowledged. A probe a minute also keeps the mapping of a NAT alive under IDLE.
void set_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 75'000);
}

Error refused(int number) {
  return Error(ErrorCode::connect, std::strerror(number));
}

coro::Task<Result<std::unique_ptr<Descriptor>>> connect_one(Loop::Core& core, Address address) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return fail(refused(errno));
  set_options(fd.get());
  const int connected = ::connect(fd.get(), address.get(), address.length);
  if (connected != 0 && errno != EINPROGRESS) co_return fail(refused(errno));
  auto descriptor = std::make_unique<Descriptor>(core, std::move(fd));
  if (connected != 0) STERNA_CO_CHECK(co_await descriptor->wait(Direction::write));
  int problem = 0;
  socklen_t length = sizeof problem;
  ::getsockopt(descriptor->fd(), SOL_SOCKET, SO_ERROR, &problem, &length);
  if (problem != 0) co_return fail(refused(problem));
  co_return std::move(descriptor);
}

struct Race {
  std::unique_ptr<Descriptor> winner;
  std::size_t running = 0;
  std::string failures;
  coro::Event progress;  // one more attempt has ended
};

coro::Task<void> attempt(Loop::Core& core, Address address, Race& race) {
  Result<std::unique_ptr<Descriptor>> outcome = co_await connect_one(core, address);
  --race.running;
  if (outcome && !race.winner) {
    race.winner = std::move(*outcome);
  } else if (!outcome && !outcome.error().is_cancelled()) {
    if (!race.failures.empty()) race.failures += "; ";
    race.failures += fmt::format("{}: {}", address.text(), outcome.error().message());
  }
  race.progress.set();
}

// Until an attempt has ended or, where another address is left to try, the silence was long enough.
coro::Task<Status> wait_for_progress(Loop::Core& core, Race& race, bool others_left) {
  if (!others_left) co_return co_await race.progress.wait();
  Status status = co_await io::wait_for(*core.clock, kAttemptDelay, race.progress);
  if (!status && status.error().is(ErrorCode::timeout)) co_return {};
  co_return status;
}

coro::Task<Status> run_race(Loop::Core& core, std::vector<Address> addresses, Race& race,
                            coro::Scope& attempts) {
  std::size_t tried = 0;
  while (!race.winner && (tried < addresses.size() || race.running > 0)) {
    race.progress.reset();
    if (tried < addresses.size()) {
      ++race.running;
      attempts.spawn(attempt(core, addresses[tried++], race));
    }
    STERNA_CO_CHECK(co_await wait_for_progress(core, race, tried < addresses.size()));
  }
  co_return {};
}

}  // namespace

coro::Task<Result<std::unique_ptr<Descriptor>>> connect_any(Loop::Core& core,
                                                            std::vector<Address> addresses) {
  Race race;
  coro::Scope attempts = co_await coro::make_scope();
  Status status = co_await run_race(core, interleave(std::move(addresses)), race, attempts);
  co_await attempts.close();
  if (!status) co_return fail(std::move(status).error());
  if (!race.winner) co_return fail(ErrorCode::connect, race.failures);
  co_return std::move(race.winner);
}

}  // namespace sterna::net
