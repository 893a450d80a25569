// SPDX-License-Identifier: Apache-2.0
// Lines over a Unix stream socket: how a daemon is spoken to on its own machine.
//
// Only the same user and root get in: the socket has mode 0600 in a directory of mode 0700, and
// either end asks the kernel whose process the other one is (SO_PEERCRED), so that whoever can
// write there cannot stand in for a daemon. Used from the loop's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "sterna/base/result.h"
#include "sterna/base/unique_fd.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/net/loop.h"

namespace sterna::net {

// What a listener reads; a longer line ends the connection.
inline constexpr std::size_t kLocalLineMax = 1024 * 1024;
// What is read of a daemon, which may tell of a thousand accounts at once.
inline constexpr std::size_t kLocalAnswerMax = 64 * kLocalLineMax;
// So much may be posted to whoever does not read; then the connection is closed.
inline constexpr std::size_t kLocalUnreadMax = 4 * 1024 * 1024;
// With less waiting than this there is room for more.
inline constexpr std::size_t kLocalRoomBelow = 256 * 1024;

class Descriptor;

// One end of a connection. One coroutine reads; anybody posts.
class LocalConnection {
 public:
  LocalConnection(Loop& loop, UniqueFd socket, std::size_t line_octets_max);
  ~LocalConnection();
  LocalConnection(const LocalConnection&) = delete;
  LocalConnection& operator=(const LocalConnection&) = delete;

  // The next line without its end; none where the other end has no more to say. ErrorCode::too_big
  // for a line that is too long, after which nothing can be read.
  coro::Task<Result<std::optional<std::string>>> read_line();

  // A line without a line end, to be sent by pump() after what was posted before. False, and the
  // connection is closed, where more than kLocalUnreadMax wait already; false once it is closed.
  bool post(std::string line);
  // Sends what is posted, until the connection is closed or this is cancelled. Once.
  coro::Task<void> pump();
  // Until there is room for more, as it should be before something is posted that can wait.
  // ErrorCode::disconnected, ErrorCode::cancelled. One coroutine at a time.
  coro::Task<Status> room();
  // Posts and sends it, where no pump runs.
  coro::Task<Status> send(std::string line);

  // Reads and writes end with ErrorCode::disconnected.
  void close();
  bool closed() const;
  std::size_t unread() const { return unread_; }

 private:
  coro::Task<Status> write_all();
  Status write_some(bool& blocked);
  std::optional<std::string> take_line();

  std::unique_ptr<Descriptor> socket_;
  std::size_t line_octets_max_;
  std::string read_;         // not handed out yet
  std::size_t scanned_ = 0;  // of read_, without a line end in it
  bool ended_ = false;
  std::deque<std::string> posted_;
  std::size_t sent_ = 0;    // of the first of them
  std::size_t unread_ = 0;  // octets of all of them that were not sent
  coro::Event any_posted_;
  coro::Event has_room_;
};

class LocalListener {
 public:
  // Makes the directory where it is missing, and the socket. ErrorCode::locked where another
  // process has it; one that nobody has any more is taken over. ErrorCode::config where the path is
  // too long for a socket, ErrorCode::permission where others could put another in its place.
  static Result<std::unique_ptr<LocalListener>> open(Loop& loop, std::string path);
  // Removes the socket.
  ~LocalListener();
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;

  // The next connection of somebody who may; others are turned away. ErrorCode::cancelled; another
  // failure may pass, such as too many open files.
  coro::Task<Result<std::unique_ptr<LocalConnection>>> accept();
  const std::string& path() const { return path_; }

 private:
  LocalListener(Loop& loop, std::string path, UniqueFd lock, UniqueFd socket);

  Loop& loop_;
  std::string path_;
  UniqueFd lock_;  // who has it has the socket, too
  std::unique_ptr<Descriptor> socket_;
};

// ErrorCode::not_found where nobody listens there, ErrorCode::permission where it is somebody else
// who does.
Result<std::unique_ptr<LocalConnection>> connect_local(Loop& loop, const std::string& path);

}  // namespace sterna::net
