// SPDX-License-Identifier: Apache-2.0
// unix(7). The lock beside the socket decides who listens: it ends with the process that has it,
// however that ends, so two who find a stale socket cannot both take it over.
#include "sterna/net/local_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "descriptor.h"
#include "sterna/base/assert.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

constexpr std::size_t kSocketOctets = 64 * 1024;
constexpr int kBacklog = 64;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error gone() {
  return Error(ErrorCode::disconnected, "the connection was closed");
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status check_path(const std::string& path) {
  if (!path.starts_with('/')) {
    return fail(ErrorCode::config, fmt::format("the control socket {} has no whole path", path));
  }
  if (path.size() <= kPathMax) return {};
  return fail(Error(ErrorCode::config,
                    fmt::format("the path of the control socket has {} octets, and that of a "
                                "socket may have {}: {}",
                                path.size(), kPathMax, path))
                  .with_hint("set control_socket to a shorter one"));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  return address;
}

Result<UniqueFd> make_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(Error::from_errno(errno, "socket"));
  return socket;
}

bool is_one_of_us(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

// One directory; what is above it belongs to the system or to the state.
Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") return fail(Error::of_file(errno, "making", path));
  STERNA_CHECK(make_directory(directory_of(path)));
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return fail(Error::of_file(errno, "making", path));
}

// Whoever can write there could remove our socket and listen in its place.
Status check_directory(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return fail(Error::of_file(errno, "looking at", path));
  const bool foreign = found.st_uid != ::geteuid() && found.st_uid != 0;
  const bool open_to_all = (found.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  const bool sticky = (found.st_mode & S_ISVTX) != 0;
  if (!foreign && (!open_to_all || sticky)) return {};
  return fail(
      Error(ErrorCode::permission,
            fmt::format("others may write into {}, where the control socket is to be", path))
          .with_hint("set control_socket to a path in a directory of your own"));
}

Result<UniqueFd> take_lock(const std::string& path) {
  const std::string beside = path + ".lock";
  UniqueFd file(
      ::open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kFileMode));
  if (!file) return fail(Error::of_file(errno, "opening", beside));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return fail(Error::of_file(errno, "locking", beside));
  return fail(Error(ErrorCode::locked, fmt::format("another sterna has the socket {}", path)));
}

// Connected, or errno.
std::pair<UniqueFd, int> try_to_connect(const std::string& path) {
  auto socket = make_socket();
  if (!socket) return {UniqueFd(), EMFILE};
  const sockaddr_un address = address_of(path);
  if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return {UniqueFd(), errno};
  }
  return {std::move(*socket), 0};
}

Result<UniqueFd> bind_to(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) {
      return fail(Error(ErrorCode::exists, fmt::format("{} is there, and is no socket", path))
                      .with_hint("set control_socket to another path"));
    }
    const auto [answering, problem] = try_to_connect(path);
    if (problem == 0 || problem == EAGAIN) {
      return fail(Error(ErrorCode::locked, fmt::format("somebody listens on {} already", path)));
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail(Error::of_file(errno, "removing", path));
    }
  }
  STERNA_TRY(UniqueFd socket, make_socket());
  // Linux gives the file the mode of the socket: there is no moment in which others may connect.
  if (::fchmod(socket.get(), kFileMode) != 0) return fail(Error::from_errno(errno, "fchmod"));
  const sockaddr_un address = address_of(path);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail(Error::of_file(errno, "making the socket", path));
  }
  if (::listen(socket.get(), kBacklog) != 0) return fail(Error::from_errno(errno, "listen"));
  return socket;
}

}  // namespace

// --- a connection

LocalConnection::LocalConnection(Loop& loop, UniqueFd socket, std::size_t line_octets_max)
    : socket_(std::make_unique<Descriptor>(loop.core(), std::move(socket))),
      line_octets_max_(line_octets_max) {
  has_room_.set();
}

LocalConnection::~LocalConnection() = default;

bool LocalConnection::closed() const {
  return socket_->closed();
}

void LocalConnection::close() {
  socket_->close();
  posted_.clear();
  unread_ = sent_ = 0;
  any_posted_.set();
  has_room_.set();
}

std::optional<std::string> LocalConnection::take_line() {
  const std::size_t end = read_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = read_.size();
    return std::nullopt;
  }
  std::string line = read_.substr(0, end);
  read_.erase(0, end + 1);
  scanned_ = 0;
  return line;
}

coro::Task<Result<std::optional<std::string>>> LocalConnection::read_line() {
  std::array<char, kSocketOctets> chunk;
  for (;;) {
    const bool stop = co_await coro::cancelled();
    if (stop) co_return fail(Error::cancelled());
    if (auto line = take_line()) co_return std::move(line);
    if (read_.size() > line_octets_max_) {
      co_return fail(ErrorCode::too_big,
                     fmt::format("a line of more than {} octets", line_octets_max_));
    }
    if (closed()) co_return fail(gone());
    if (ended_) co_return std::optional<std::string>();
    const ssize_t count = ::recv(socket_->fd(), chunk.data(), chunk.size(), 0);
    if (count > 0) {
      read_.append(chunk.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno == ECONNRESET) {
      ended_ = true;  // what is no whole line was not meant to be read
      read_.clear();
      scanned_ = 0;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      STERNA_CO_CHECK(co_await socket_->wait(Direction::read));
    } else if (errno != EINTR) {
      co_return fail(Error::from_errno(errno, "read from the control socket"));
    }
  }
}

bool LocalConnection::post(std::string line) {
  if (closed()) return false;
  if (unread_ > kLocalUnreadMax) {
    close();
    return false;
  }
  line += '\n';
  unread_ += line.size();
  posted_.push_back(std::move(line));
  any_posted_.set();
  if (unread_ >= kLocalRoomBelow) has_room_.reset();
  return true;
}

Status LocalConnection::write_some(bool& blocked) {
  const std::string& line = posted_.front();
  const ssize_t count =
      ::send(socket_->fd(), line.data() + sent_, line.size() - sent_, MSG_NOSIGNAL);
  if (count < 0) {
    blocked = errno == EAGAIN || errno == EWOULDBLOCK;
    if (blocked || errno == EINTR) return {};
    return fail(Error::from_errno(errno, "write to the control socket"));
  }
  sent_ += static_cast<std::size_t>(count);
  unread_ -= static_cast<std::size_t>(count);
  if (sent_ == line.size()) {
    posted_.pop_front();
    sent_ = 0;
  }
  if (unread_ < kLocalRoomBelow) has_room_.set();
  return {};
}

coro::Task<Status> LocalConnection::write_all() {
  while (!posted_.empty()) {
    bool blocked = false;
    STERNA_CO_CHECK(write_some(blocked));
    if (blocked) STERNA_CO_CHECK(co_await socket_->wait(Direction::write));
  }
  if (closed()) co_return fail(gone());
  co_return {};
}

coro::Task<void> LocalConnection::pump() {
  for (;;) {
    any_posted_.reset();
    const Status written = co_await write_all();
    if (!written) {
      if (!written.error().is_cancelled()) close();
      co_return;
    }
    const Status more = co_await any_posted_.wait();
    if (!more) co_return;
  }
}

coro::Task<Status> LocalConnection::room() {
  STERNA_CO_CHECK(co_await has_room_.wait());
  if (closed()) co_return fail(gone());
  co_return {};
}

coro::Task<Status> LocalConnection::send(std::string line) {
  if (!post(std::move(line))) co_return fail(gone());
  co_return co_await write_all();
}

// --- who listens

Result<std::unique_ptr<LocalListener>> LocalListener::open(Loop& loop, std::string path) {
  STERNA_CHECK(check_path(path));
  const std::string directory = directory_of(path);
  STERNA_CHECK(make_directory(directory));
  STERNA_CHECK(check_directory(directory));
  STERNA_TRY(UniqueFd lock, take_lock(path));
  STERNA_TRY(UniqueFd socket, bind_to(path));
  return std::unique_ptr<LocalListener>(
      new LocalListener(loop, std::move(path), std::move(lock), std::move(socket)));
}

LocalListener::LocalListener(Loop& loop, std::string path, UniqueFd lock, UniqueFd socket)
    : loop_(loop),
      path_(std::move(path)),
      lock_(std::move(lock)),
      socket_(std::make_unique<Descriptor>(loop.core(), std::move(socket))) {}

// The file of the lock stays: another process may just have opened it.
LocalListener::~LocalListener() {
  ::unlink(path_.c_str());
}

coro::Task<Result<std::unique_ptr<LocalConnection>>> LocalListener::accept() {
  for (;;) {
    const bool stop = co_await coro::cancelled();
    if (stop) co_return fail(Error::cancelled());
    UniqueFd socket(::accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      if (!is_one_of_us(socket.get())) continue;
      co_return std::make_unique<LocalConnection>(loop_, std::move(socket), kLocalLineMax);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      STERNA_CO_CHECK(co_await socket_->wait(Direction::read));
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_return fail(Error::from_errno(errno, "accept on the control socket"));
    }
  }
}

Result<std::unique_ptr<LocalConnection>> connect_local(Loop& loop, const std::string& path) {
  // Nobody can listen where no socket can be.
  if (!check_path(path)) {
    return fail(ErrorCode::not_found, fmt::format("no daemon listens on {}", path));
  }
  auto [socket, problem] = try_to_connect(path);
  if (problem == ENOENT || problem == ECONNREFUSED || problem == ENOTDIR) {
    return fail(ErrorCode::not_found, fmt::format("no daemon listens on {}", path));
  }
  if (problem != 0) return fail(Error::of_file(problem, "connecting to", path));
  if (!is_one_of_us(socket.get())) {
    return fail(
        Error(ErrorCode::permission, fmt::format("the daemon at {} belongs to another user", path))
            .with_hint("set control_socket to a path of your own"));
  }
  return std::make_unique<LocalConnection>(loop, std::move(socket), kLocalAnswerMax);
}

}  // namespace sterna::net
