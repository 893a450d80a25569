// SPDX-License-Identifier: Apache-2.0
// Configurations of mbsync and of OfflineIMAP from any octets: both importers say that there is
// nothing in them, or print what our own loader can read; what it objects to, it objects to in so
// many words, and never as to a text that is no TOML.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/config/load.h"
#include "sterna/importer/importer.h"

namespace {

using sterna::importer::Imported;

// A Maildir with folders of every kind.
std::vector<std::string> folders(std::string_view) {
  return {"",  "INBOX",      "INBOX/kid",  "Archive.2025", "Entw&APw-rfe", "Sent Mail", ".Sent",
          "x", "Archive/.y", "INBOX.Sent", "\xff",         "sent",         "a/b/c"};
}

// Whether the loader could read it as TOML: else it names the first mistake only, and no key.
void check(const Imported& imported) {
  STERNA_ASSERT(sterna::is_valid_utf8(imported.toml));
  for (const std::string& remark : imported.remarks)
    STERNA_ASSERT(!remark.empty() && sterna::printable(remark, 1000) == remark);
  const int fd = ::memfd_create("import", MFD_CLOEXEC);
  STERNA_ASSERT(fd >= 0);
  STERNA_ASSERT(::fchmod(fd, 0600) == 0);
  std::string_view left = imported.toml;
  while (!left.empty()) {
    const ssize_t written = ::write(fd, left.data(), left.size());
    STERNA_ASSERT(written > 0);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  sterna::config::LoadOptions options;
  options.file = "/proc/self/fd/" + std::to_string(fd);
  options.home = "/nonexistent";
  options.env = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  const auto loaded = sterna::config::load_or_problems(options);
  ::close(fd);
  if (loaded) {
    STERNA_ASSERT(!loaded->accounts.empty());
    return;
  }
  for (const auto& problem : loaded.error()) {
    STERNA_ASSERT(!problem.message.empty());
    STERNA_ASSERT(!problem.message.contains("not valid TOML"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto import :
       {sterna::importer::import_mbsync, sterna::importer::import_offlineimap}) {
    const auto imported = import(text, folders);
    if (imported) {
      check(*imported);
    } else {
      STERNA_ASSERT(!imported.error().message().empty());
    }
  }
  return 0;
}
