// SPDX-License-Identifier: Apache-2.0
// The configuration from any octets: it loads, or says why, with a place in the file; nothing else.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "sterna/base/assert.h"
#include "sterna/config/load.h"
#include "sterna/config/mailboxes.h"

namespace {

using sterna::MailboxName;
using sterna::config::Config;

// The octets as a file without a name, and the path that opens it.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size)
      : fd_(::memfd_create("config", MFD_CLOEXEC)) {
    STERNA_ASSERT(fd_ >= 0);
    while (size > 0) {
      const ssize_t written = ::write(fd_, data, size);
      STERNA_ASSERT(written > 0);
      data += written;
      size -= static_cast<std::size_t>(written);
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

void check(const Config& config) {
  STERNA_ASSERT(!config.accounts.empty());
  STERNA_ASSERT(config.state_dir.starts_with('/'));
  for (const auto& account : config.accounts) {
    STERNA_ASSERT(!account.name.empty() && account.name.size() <= 64);
    STERNA_ASSERT(!account.user.empty() && !account.host.empty() && account.port != 0);
    STERNA_ASSERT(account.maildir.starts_with('/'));
    STERNA_ASSERT(account.connections >= 1);
    const sterna::config::RenameMap renames(account.rename);
    for (const char* name : {"INBOX", "Sent", "Lists/dev"}) {
      const MailboxName mailbox{std::string(name)};
      static_cast<void>(sterna::config::includes(account, mailbox));
      static_cast<void>(sterna::config::policy_for(account, mailbox));
      if (const auto local = renames.to_local(mailbox)) {
        const auto remote = renames.to_remote(*local);
        STERNA_ASSERT(remote && *remote == mailbox);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  sterna::config::LoadOptions options;
  options.file = file.path();
  options.home = "/nonexistent";
  options.env = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  const auto loaded = sterna::config::load_or_problems(options);
  if (loaded) {
    check(*loaded);
  } else {
    STERNA_ASSERT(!loaded.error().empty());
    for (const auto& problem : loaded.error()) STERNA_ASSERT(!problem.message.empty());
  }
  return 0;
}
