// SPDX-License-Identifier: Apache-2.0
// LoopbackServer: catches a browser's redirect on this machine (RFC 8252 section 7.3), and nothing
// else: it knows GET, answers with one static page, and listens on 127.0.0.1 and ::1 alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/net/loop.h"

namespace sterna::net {

class Descriptor;

class LoopbackServer {
 public:
  struct Page {
    int status = 404;
    std::string text = {};  // of one paragraph; escaped here
    bool last = false;      // nothing more is to be answered
  };

  // `port` 0: any that is free. On either family, or on the one that this machine has; on both with
  // one port. ErrorCode::exists where another program has the port.
  static Result<std::unique_ptr<LoopbackServer>> listen(Loop& loop, std::uint16_t port);
  ~LoopbackServer();

  std::uint16_t port() const { return port_; }
  // Answers until `visit` says that a page is the last, and that one was sent; at most so long:
  // ErrorCode::timeout. It is given what stands behind GET, as it came.
  coro::Task<Status> serve(std::function<Page(const std::string& target)> visit,
                           std::chrono::milliseconds limit);

 private:
  LoopbackServer(Loop& loop, std::uint16_t port, std::vector<std::unique_ptr<Descriptor>> sockets);
  struct Service;
  static coro::Task<void> accept(Loop& loop, Descriptor& listener, Service& service);
  static coro::Task<void> answer(Loop& loop, std::unique_ptr<Descriptor> client, Service& service);

  Loop& loop_;
  std::uint16_t port_;
  std::vector<std::unique_ptr<Descriptor>> sockets_;
};

}  // namespace sterna::net
