// SPDX-License-Identifier: Apache-2.0
// LocalUser: mail readers on the Maildir, layout fs. Each deed is what one of them does, and is
// written into the ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diary.h"
#include "sterna/maildir/keywords.h"
#include "tests/support/memory_disk.h"

namespace sterna::simulation {

inline constexpr std::string_view kReaders = ".reader";  // how names that the reader gives end

std::string base_of(const std::string& path);

class LocalUser {
 public:
  // The Maildir is at `root` of the disk.
  LocalUser(test::MemoryDisk& disk, std::string root, Diary& diary)
      : disk_(disk), root_(std::move(root)), diary_(diary) {}

  // A deed that finds nothing to be done to is none. False: there is no deed of that name.
  bool act(std::string_view what, Deed& deed);
  std::vector<Copy> copies() const;
  // What was begun is done: copies whose originals go, files that are still written.
  void finish();
  // And nothing is left of it that no listing shows.
  void be_at_rest();
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
  std::vector<std::string> whole_mailboxes() const;                 // that mail can be delivered to
  std::optional<std::string> pick_mailbox(const Deed& deed) const;  // of those
  std::vector<std::string> names_in(const std::string& path) const;
  maildir::KeywordTable keywords_of(const std::string& mailbox) const;
  std::vector<File> files() const;
  std::vector<File> sole_files() const;  // those whose token is here once, and that are whole
  bool is_being_written(const std::string& path) const;
  bool is_known(const File& file) const;  // to the state, if a sync gave it its name
  std::uint32_t letters_for(const std::string& mailbox, const FlagSet& flags);
  std::string name_for(const std::string& mailbox, const std::string& base, const FlagSet& flags);

  void deliver(Deed& deed);
  void make(Deed& deed);
  void flag(Deed& deed, const File& file);
  void move(Deed& deed, const File& file);
  void remove(Deed& deed, const File& file);
  // Of readers with habits of their own (habits.cc).
  void save(Deed& deed, const File& file);
  void copy(Deed& deed, const File& file);
  void edit(Deed& deed, const File& file);
  void save_draft(Deed& deed, const File& file);
  void strike(Deed& deed, const File& file);
  void switch_flag(const File& file, const std::string& flag);
  void copy_in(Deed& deed);
  void open(Deed& deed);
  void mark_all();
  void do_to_all(Deed& deed, void (LocalUser::*act)(Deed&, const File&));
  std::string put_anew(const File& file, const std::string& to);
  void complete();

  test::MemoryDisk& disk_;
  std::string root_;
  Diary& diary_;
  unsigned moves_ = 0;
  struct Copied {
    std::string token;
    std::string path;  // of the original
    std::string to;
  };
  std::vector<Copied> copied_;
  struct Written {
    std::string path;
    std::string octets;  // that it is to have
    bool open = false;   // the program that writes still has it open
  };
  std::vector<Written> written_;
  std::set<std::string> edited_;  // mailboxes with files that were written in place
};

}  // namespace sterna::simulation
