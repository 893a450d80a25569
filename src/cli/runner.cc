// SPDX-License-Identifier: Apache-2.0
#include "runner.h"

#include <unistd.h>

#include "exit_status.h"

namespace sterna::cli {

void Runner::heed_signals() {
  loop_.on_signal([this](int) {
    if (interrupted_) ::_exit(static_cast<int>(Exit::interrupted));
    interrupted_ = true;
    loop_.cancel();
  });
}

account::Services Runner::services() {
  return {.clock = loop_.clock(),
          .worker = loop_.worker(),
          .dialer = loop_.dialer(),
          .random = loop_.random(),
          .files = loop_.file_system()};
}

}  // namespace sterna::cli
