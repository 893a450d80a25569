// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: a machine with a Maildir on a disk in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "tests/support/memory_file_system.h"

namespace sterna::maildir {

using test::DiskOp;
using test::MemoryDisk;
using test::MemoryFileSystem;

// The value of a result that must not have failed.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().describe();
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::internal : result.error().code();
}

class MaildirTest : public testing::Test {
 protected:
  static constexpr std::int64_t kSecond = 1'000'000'000;

  MaildirTest() {
    disk().make_maildir("mail/A");
    disk().make_maildir("mail/B");
    root_ = must(machine_.open_root("/mail", false));
  }

  MemoryDisk& disk() { return machine_.disk(); }
  io::Directory& root() { return *root_; }
  MailboxDirs open(const std::string& path) {
    return must(open_mailbox(root(), parse_mailbox_path(path)));
  }
  // A file as another program would put it there; the result is what a listing would say of it.
  SeenFile put(const std::string& path, std::string_view content = "Subject: x\n\nbody\n") {
    disk().write("mail/" + path, content);
    const std::size_t slash = path.rfind('/');
    return {.in_new = path.substr(0, slash).ends_with("new"),
            .name = path.substr(slash + 1),
            .ino = disk().stat("mail/" + path).ino};
  }
  Listing list(const std::string& path) {
    return must(list_mailbox(*must(open_path(root(), parse_mailbox_path(path)))));
  }

  MemoryFileSystem machine_;
  std::unique_ptr<io::Directory> root_;
};

}  // namespace sterna::maildir
