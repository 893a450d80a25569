// SPDX-License-Identifier: Apache-2.0
// LocalUser: mail readers on the Maildir, layout fs. Each deed is what one of them does, and is
// written into the ledger.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diary.h"
#include "sterna/maildir/keywords.h"
#include "tests/support/memory_disk.h"

namespace sterna::simulation {

class LocalUser {
 public:
  // The Maildir is at `root` of the disk.
  LocalUser(test::MemoryDisk& disk, std::string root, Diary& diary)
      : disk_(disk), root_(std::move(root)), diary_(diary) {}

  // A deed that finds nothing to be done to is none. False: there is no deed of that name.
  bool act(std::string_view what, Deed& deed);
  std::vector<Copy> copies() const;
  // Base names of the files that have that token, and the other way round.
  std::vector<std::string> bases_of(const std::string& token) const;
  std::string token_of_base(const std::string& base_name) const;
  void remove_base(const std::string& base_name);
  // After a lost power: files that were not delivered yet go, and those of the reader that were
  // left empty (a server refuses them; Sterna's own are Sterna's to fetch again). A reader
  // completes its folders that are half made, but for those that the server has: they are Sterna's,
  // too.
  void clean_up(const std::vector<std::string>& on_server);

 private:
  struct File {
    Copy copy;
    std::string path;
  };
  std::vector<std::string> folders_with(std::string_view part) const;
  std::vector<std::string> mailboxes() const { return folders_with("cur"); }
  std::vector<std::string> whole_mailboxes() const;  // that mail can be delivered to
  std::vector<std::string> names_in(const std::string& path) const;
  maildir::KeywordTable keywords_of(const std::string& mailbox) const;
  std::vector<File> files() const;
  std::vector<File> sole_files() const;  // those whose token is here once
  std::uint32_t letters_for(const std::string& mailbox, const FlagSet& flags);
  std::string name_for(const std::string& mailbox, const std::string& base, const FlagSet& flags);

  void deliver(Deed& deed);
  void make(Deed& deed);
  void flag(Deed& deed, const File& file);
  void move(Deed& deed, const File& file);
  void remove(Deed& deed, const File& file);

  test::MemoryDisk& disk_;
  std::string root_;
  Diary& diary_;
  unsigned moves_ = 0;
};

}  // namespace sterna::simulation
