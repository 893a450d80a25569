// SPDX-License-Identifier: Apache-2.0
// Lines over a Unix socket, by the real thing: who gets in, what is taken over, what is too much.
#include "sterna/net/local_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "sterna/io/deadline.h"
#include "tests/support/leave_out.h"
#include "tests/support/somebody_else.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using Line = std::optional<std::string>;
using Connected = std::unique_ptr<LocalConnection>;

class LocalSocketTest : public testing::Test {
 protected:
  std::unique_ptr<LocalListener> listen(const std::string& path) {
    auto listener = LocalListener::open(loop_, path);
    EXPECT_TRUE(listener) << listener.error().describe();
    return listener ? std::move(*listener) : nullptr;
  }
  // Nothing but the kernel's word keeps others out any more.
  void open_to_all() {
    for (const std::string& open : {temporary_.path(), temporary_ / "run"})
      ASSERT_EQ(::chmod(open.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  }
  // Both ends of a connection.
  coro::Task<std::pair<Connected, Connected>> join(LocalListener& listener) {
    auto client = connect_local(loop_, listener.path());
    EXPECT_TRUE(client) << client.error().describe();
    auto server = co_await listener.accept();
    EXPECT_TRUE(server) << server.error().describe();
    co_return std::pair(std::move(*client), std::move(*server));
  }
  std::string path() const { return temporary_ / "run/control.sock"; }

  test::TempDir temporary_;
  Loop loop_;
};

mode_t mode_of(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

UniqueFd raw_socket(const std::string& path, int (*join)(int, const sockaddr*, socklen_t)) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(join(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0)
      << std::strerror(errno);
  return socket;
}

// A listener of the kernel's own, as a program that was killed leaves it behind.
void leave_stale_socket(const std::string& path) {
  raw_socket(path, ::bind);
}

TEST_F(LocalSocketTest, CarriesLinesBothWays) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    EXPECT_TRUE(co_await client->send("a question"));
    EXPECT_TRUE(co_await client->send(""));
    EXPECT_EQ((co_await server->read_line()).value(), Line("a question"));
    EXPECT_EQ((co_await server->read_line()).value(), Line(""));
    EXPECT_TRUE(co_await server->send("an answer"));
    server->close();
    EXPECT_EQ((co_await client->read_line()).value(), Line("an answer"));
    EXPECT_EQ((co_await client->read_line()).value(), Line());
  };
  loop_.run(talk());
}

TEST_F(LocalSocketTest, HalfALineIsNoneWhenItsWriterGoes) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    UniqueFd raw = raw_socket(path(), ::connect);
    EXPECT_EQ(::write(raw.get(), "whole\nhal", 9), 9);
    raw.reset();
    auto server = co_await listener->accept();
    EXPECT_EQ((co_await (*server)->read_line()).value(), Line("whole"));
    EXPECT_EQ((co_await (*server)->read_line()).value(), Line());
  };
  loop_.run(talk());
}

TEST_F(LocalSocketTest, IsForItsOwnerAlone) {
  const mode_t before = ::umask(0);
  const auto listener = listen(path());
  ::umask(before);
  EXPECT_EQ(mode_of(path()), 0600U);
  EXPECT_EQ(mode_of(temporary_ / "run"), 0700U);
}

TEST_F(LocalSocketTest, AnotherUserWhoGetsAsFarAsTheSocketIsHungUpOn) {
  if (::geteuid() != 0) STERNA_LEAVE_OUT("only root can be somebody else");
  const auto listener = listen(path());
  open_to_all();
  const UniqueFd stranger = [this] {
    const test::SomebodyElse now;
    return raw_socket(path(), ::connect);
  }();
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    EXPECT_TRUE(co_await client->send("ours"));
    const auto read = co_await io::with_deadline(loop_.clock(), 10s, server->read_line());
    EXPECT_EQ(read.value_or(Line()), Line("ours")) << "his turn came first";
  };
  loop_.run(talk());
  char octet = 0;
  EXPECT_EQ(::recv(stranger.get(), &octet, 1, MSG_DONTWAIT), 0) << "it is over, without a word";
}

TEST_F(LocalSocketTest, ADaemonOfAnotherUserIsAskedNothing) {
  if (::geteuid() != 0) STERNA_LEAVE_OUT("only root can be somebody else");
  ASSERT_EQ(::mkdir((temporary_ / "run").c_str(), 0777), 0);
  for (const std::string& open : {temporary_.path(), temporary_ / "run"})
    ASSERT_EQ(::chmod(open.c_str(), 0777), 0);
  const UniqueFd theirs = [this] {
    const test::SomebodyElse now;
    UniqueFd socket = raw_socket(path(), ::bind);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return socket;
  }();
  const auto client = connect_local(loop_, path());
  ASSERT_FALSE(client);
  EXPECT_TRUE(client.error().is(ErrorCode::permission)) << client.error().describe();
}

TEST_F(LocalSocketTest, IsNotMadeWhereOthersCouldReplaceIt) {
  ASSERT_EQ(::mkdir((temporary_ / "run").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((temporary_ / "run").c_str(), 0777), 0);
  const auto listener = LocalListener::open(loop_, path());
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().is(ErrorCode::permission)) << listener.error().describe();
  EXPECT_NE(listener.error().hint().find("control_socket"), std::string::npos);
}

TEST_F(LocalSocketTest, ASecondListenerIsRefusedAndTheFirstGoesOn) {
  const auto listener = listen(path());
  Loop other;
  const auto second = LocalListener::open(other, path());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(ErrorCode::locked)) << second.error().describe();
  EXPECT_TRUE(connect_local(loop_, path()));
}

TEST_F(LocalSocketTest, SomebodyWhoListensWithoutALockIsNotPushedAway) {
  auto first = listen(path());
  ASSERT_EQ(::unlink((path() + ".lock").c_str()), 0);
  Loop other;
  const auto second = LocalListener::open(other, path());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(ErrorCode::locked)) << second.error().describe();
}

TEST_F(LocalSocketTest, AStaleSocketIsTakenOver) {
  ASSERT_EQ(::mkdir((temporary_ / "run").c_str(), 0700), 0);
  leave_stale_socket(path());
  const auto nobody = connect_local(loop_, path());
  ASSERT_FALSE(nobody);
  EXPECT_TRUE(nobody.error().is(ErrorCode::not_found)) << nobody.error().describe();
  const auto listener = listen(path());
  EXPECT_TRUE(connect_local(loop_, path()));
}

TEST_F(LocalSocketTest, AFileThatIsNoSocketStays) {
  ASSERT_EQ(::mkdir((temporary_ / "run").c_str(), 0700), 0);
  UniqueFd file(::open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const auto listener = LocalListener::open(loop_, path());
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().is(ErrorCode::exists)) << listener.error().describe();
  EXPECT_EQ(::access(path().c_str(), F_OK), 0);
}

TEST_F(LocalSocketTest, IsGoneWithItsListener) {
  listen(path()).reset();
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
  EXPECT_TRUE(listen(path()));
}

TEST_F(LocalSocketTest, TooLongAPathIsSaidWithTheLimit) {
  const auto listener = LocalListener::open(loop_, temporary_ / std::string(120, 'x'));
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().is(ErrorCode::config));
  EXPECT_NE(listener.error().describe().find("may have 107"), std::string::npos)
      << listener.error().describe();
  const auto client = connect_local(loop_, temporary_ / std::string(120, 'x'));
  ASSERT_FALSE(client);
  EXPECT_TRUE(client.error().is(ErrorCode::not_found)) << "nobody can listen there";
}

TEST_F(LocalSocketTest, ALineWithoutEndIsRefusedAtItsLimit) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    coro::Scope scope = co_await coro::make_scope();
    client->post(std::string(3 * kLocalLineMax, 'x'));
    scope.spawn(client->pump());
    const auto line = co_await server->read_line();
    EXPECT_FALSE(line);
    if (!line) EXPECT_TRUE(line.error().is(ErrorCode::too_big)) << line.error().describe();
    co_await scope.close();
  };
  loop_.run(talk());
}

TEST_F(LocalSocketTest, WhoNeverReadsIsDropped) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(server->pump());
    std::size_t posted = 0;
    while (server->post(std::string(64 * 1024, 'x'))) {
      posted += 64 * 1024;
      co_await coro::yield();
    }
    EXPECT_TRUE(server->closed());
    EXPECT_GT(posted, kLocalUnreadMax);
    EXPECT_LT(posted, 3 * kLocalUnreadMax) << "and the kernel's buffers";
    co_await scope.join();
  };
  loop_.run(talk());
}

TEST_F(LocalSocketTest, WhoWaitsForRoomPostsNoMoreThanIsRead) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(server->pump());
    const auto fill = [](LocalConnection& to) -> coro::Task<void> {
      for (int i = 0; i < 200; ++i) {
        const Status room = co_await to.room();
        if (!room || !to.post(std::string(64 * 1024, 'x'))) co_return;
        EXPECT_LE(to.unread(), kLocalRoomBelow + 128 * 1024);
      }
      to.post("last");
    };
    scope.spawn(fill(*server));
    Line line;
    do {
      auto read = co_await client->read_line();
      line = read ? std::move(*read) : Line();
    } while (line && *line != "last");
    EXPECT_EQ(line, Line("last")) << "a slow reader gets everything";
    co_await scope.close();
  };
  loop_.run(talk());
}

TEST_F(LocalSocketTest, WaitingEndsWhenItIsCancelled) {
  const auto listener = listen(path());
  const auto talk = [&]() -> coro::Task<void> {
    auto [client, server] = co_await join(*listener);
    const auto read = co_await io::with_deadline(loop_.clock(), 20ms, server->read_line());
    EXPECT_FALSE(read);
    const auto accepted = co_await io::with_deadline(loop_.clock(), 20ms, listener->accept());
    EXPECT_FALSE(accepted);
    EXPECT_TRUE(co_await client->send("still alive"));
    EXPECT_EQ((co_await server->read_line()).value(), Line("still alive"));
  };
  loop_.run(talk());
}

}  // namespace
}  // namespace sterna::net
