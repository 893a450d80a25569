// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>

#include "app.h"
#include "sterna/base/wiping_heap.h"
#include "sterna/net/loop.h"

namespace {

// A core would hold the password. The limit is for the usual file; a core that is piped to a
// program (core(5)) heeds no limit, but is not made of a process that is not dumpable, whose
// memory no other program of the user can read either. Programs that are started get back the one
// by exec, and may raise the other: the hard limit stays.
void forbid_core_dumps() {
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &core);
  }
  ::prctl(PR_SET_DUMPABLE, 0);
}

// A mailbox that is looked at takes four descriptors, and the usual limit of a shell is 1024. It is
// raised as far as the units of systemd have it: what is started may close each one there could be.
void allow_many_files() {
  constexpr rlim_t kFiles = 65'536;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kFiles) return;
  files.rlim_cur = std::min(files.rlim_max, kFiles);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv) {
  forbid_core_dumps();
  allow_many_files();
  sterna::make_openssl_wipe();
  sterna::net::prepare_process();
  return sterna::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
