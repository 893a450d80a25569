// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/service_manager.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core.h"

namespace sterna::net {
namespace {

// How long the loop may stand still for it.
constexpr int kQueueLimitMs = 2'000;

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value ? value : "";
  ::unsetenv(name);
  return taken;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

// A path, or a name in the abstract namespace, which begins with '@' for the NUL.
Result<UniqueFd> connect_to(const std::string& address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool usable = address.size() > 1 && (address[0] == '/' || address[0] == '@');
  if (!usable || address.size() >= sizeof(to.sun_path)) {
    return fail(ErrorCode::config, fmt::format("NOTIFY_SOCKET is no socket: {}", address));
  }
  std::ranges::copy(address, to.sun_path);
  if (address[0] == '@') to.sun_path[0] = '\0';
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return fail(Error::from_errno(errno, "socket"));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), length) != 0) {
    return fail(Error::from_errno(errno, "connect to NOTIFY_SOCKET"));
  }
  return socket;
}

}  // namespace

Result<ServiceManager> ServiceManager::from_environment() {
  ServiceManager manager;
  const std::string address = take_variable("NOTIFY_SOCKET");
  const std::optional<std::int64_t> interval = number(take_variable("WATCHDOG_USEC"));
  const std::string pid = take_variable("WATCHDOG_PID");
  if (address.empty()) return manager;
  STERNA_TRY(manager.socket_, connect_to(address));
  const bool ours = pid.empty() || number(pid) == std::int64_t{::getpid()};
  if (interval && ours) manager.watchdog_ = std::chrono::microseconds(*interval);
  return manager;
}

Status ServiceManager::reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(monotonic_now());
  return tell_surely(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

Status ServiceManager::status(std::string_view line) {
  std::string text = fmt::format("STATUS={}", line);
  std::ranges::replace(text, '\n', ' ');
  return tell(text);
}

Status ServiceManager::tell(std::string_view lines) {
  if (!listens()) return {};
  const ssize_t sent = ::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(lines.size())) return {};
  return fail(Error::from_errno(errno, "tell the service manager"));
}

// As when a machine starts: a lost READY=1 would be the end of the service.
Status ServiceManager::tell_surely(std::string_view lines) {
  pollfd queue{socket_.get(), POLLOUT, 0};
  if (listens()) static_cast<void>(::poll(&queue, 1, kQueueLimitMs));
  return tell(lines);
}

}  // namespace sterna::net
