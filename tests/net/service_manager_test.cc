// SPDX-License-Identifier: Apache-2.0
// The protocol of sd_notify, against a socket as systemd has it.
#include "sterna/net/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

class ServiceManagerTest : public testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  // A socket at that address, as it stands in the environment.
  void listen(const std::string& address) {
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    if (address[0] == '@') at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
    set("NOTIFY_SOCKET", address);
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  std::string heard() {
    char buffer[512];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    return count < 0 ? "" : std::string(buffer, static_cast<std::size_t>(count));
  }
  static ServiceManager made() {
    auto manager = ServiceManager::from_environment();
    EXPECT_TRUE(manager) << manager.error().describe();
    return std::move(*manager);
  }

  test::TempDir temporary_;
  UniqueFd socket_;
};

TEST_F(ServiceManagerTest, IsToldEachThingInADatagram) {
  listen(temporary_ / "notify");
  ServiceManager manager = made();
  EXPECT_TRUE(manager.listens());
  EXPECT_TRUE(manager.ready());
  EXPECT_EQ(heard(), "READY=1");
  EXPECT_TRUE(manager.alive());
  EXPECT_EQ(heard(), "WATCHDOG=1");
  EXPECT_TRUE(manager.reloading());
  EXPECT_EQ(heard().find("RELOADING=1\nMONOTONIC_USEC="), 0U);
  EXPECT_TRUE(manager.stopping());
  EXPECT_EQ(heard(), "STOPPING=1");
}

// Whether that thread waits in the kernel.
bool sleeps(pid_t thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text;
  std::getline(stat, text);
  return text.substr(text.rfind(')') + 1, 2) == " S";
}

// As when a machine starts, and all its services report.
TEST_F(ServiceManagerTest, IsToldWhatCountsAlsoWhereItsQueueIsFull) {
  listen(temporary_ / "notify");
  ServiceManager manager = made();
  while (manager.alive()) {
  }
  std::jthread systemd([this, us = ::gettid()](const std::stop_token& over) {
    while (!sleeps(us) && !over.stop_requested()) std::this_thread::yield();
    for (std::string last; last != "READY=1" && !over.stop_requested();) last = heard();
  });
  EXPECT_TRUE(manager.ready());
}

TEST_F(ServiceManagerTest, AStatusIsOneLine) {
  listen(temporary_ / "notify");
  ServiceManager manager = made();
  EXPECT_TRUE(manager.status("2 accounts\nREADY=1"));
  EXPECT_EQ(heard(), "STATUS=2 accounts READY=1") << "what a server says forges no message";
}

TEST_F(ServiceManagerTest, MayListenInTheAbstractNamespace) {
  listen("@sterna-test-" + std::to_string(::getpid()));
  EXPECT_TRUE(made().ready());
  EXPECT_EQ(heard(), "READY=1");
}

TEST_F(ServiceManagerTest, NobodyIsToldWhereNobodyAsked) {
  ServiceManager manager = made();
  EXPECT_FALSE(manager.listens());
  EXPECT_FALSE(manager.watchdog());
  EXPECT_TRUE(manager.ready());
  EXPECT_TRUE(manager.status("well"));
}

TEST_F(ServiceManagerTest, ItsVariablesAreForUsAlone) {
  listen(temporary_ / "notify");
  set("WATCHDOG_USEC", "30000000");
  set("WATCHDOG_PID", std::to_string(::getpid()));
  EXPECT_EQ(made().watchdog(), 30s);
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
}

TEST_F(ServiceManagerTest, TheWatchdogOfAnotherProcessIsNotOurs) {
  listen(temporary_ / "notify");
  set("WATCHDOG_USEC", "30000000");
  set("WATCHDOG_PID", "1");
  EXPECT_FALSE(made().watchdog());
  set("NOTIFY_SOCKET", temporary_ / "notify");
  set("WATCHDOG_USEC", "soon");
  EXPECT_FALSE(made().watchdog());
}

TEST_F(ServiceManagerTest, SaysWhatIsWrongWithItsSocket) {
  for (const std::string& address :
       {std::string("relative"), std::string("@"), '/' + std::string(200, 'x')}) {
    set("NOTIFY_SOCKET", address);
    const auto manager = ServiceManager::from_environment();
    ASSERT_FALSE(manager) << address;
    EXPECT_TRUE(manager.error().is(ErrorCode::config));
  }
  set("NOTIFY_SOCKET", temporary_ / "nobody");
  EXPECT_TRUE(ServiceManager::from_environment().error().is(ErrorCode::not_found));
}

TEST_F(ServiceManagerTest, AManagerThatDiedIsAnErrorAndNoMore) {
  listen(temporary_ / "notify");
  ServiceManager manager = made();
  socket_.reset();
  EXPECT_FALSE(manager.alive());
}

}  // namespace
}  // namespace sterna::net
