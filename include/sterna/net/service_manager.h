// SPDX-License-Identifier: Apache-2.0
// ServiceManager: what a daemon tells whoever started it, in the protocol of sd_notify(3): a
// datagram of lines to the socket that NOTIFY_SOCKET names.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/unique_fd.h"

namespace sterna::net {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them, so that no hook speaks
  // in our name. Before the first thread is started. Nobody is told anything where none is set.
  static Result<ServiceManager> from_environment();

  bool listens() const { return socket_.get() >= 0; }
  // It wants to hear from us at least this often, and kills the process otherwise.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  Status ready() { return tell_surely("READY=1"); }
  // Until the next ready().
  Status reloading();
  Status stopping() { return tell_surely("STOPPING=1"); }
  Status alive() { return tell("WATCHDOG=1"); }
  // One line for `systemctl status`; what would be another one becomes a space.
  Status status(std::string_view line);

 private:
  ServiceManager() = default;
  Status tell(std::string_view lines);
  // What is said once: waits two seconds at most where the queue is full.
  Status tell_surely(std::string_view lines);

  UniqueFd socket_;  // connected
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace sterna::net
