// SPDX-License-Identifier: Apache-2.0
// The two users: one at a mail reader on the Maildir, one at another IMAP client. Each does what it
// can do to what it sees, and writes it into the ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger.h"
#include "seeded_random.h"
#include "server_state.h"
#include "sterna/maildir/keywords.h"
#include "tests/support/memory_disk.h"

namespace sterna::simulation {

// What both users share: the ledger, chance, and names for new things.
struct Diary {
  SeededRandom& random;
  Ledger ledger;
  std::vector<std::string> story;  // since the last rest
  std::uint64_t next_token = 1;
  std::uint64_t next_mailbox = 1;
  std::int64_t now_s = 0;  // for dates
  // Whether it was sent and not even the sync knows that it arrived.
  std::function<bool(const std::string& token)> is_in_doubt = {};
  // Whether the state has a row for a file of that name.
  std::function<bool(const std::string& base_name)> is_recorded = {};

  std::string new_token();
  std::string new_mailbox_name();
  std::string message(const std::string& token);  // lines end with CRLF
  FlagSet some_flags();
  void tell(Side side, const std::string& what);
  void note(std::string line);  // also into the log, among what the engine says
};

std::string token_of(const std::string& octets);

class LocalUser {
 public:
  // The Maildir, layout fs, is at `root` of the disk.
  LocalUser(test::MemoryDisk& disk, std::string root, Diary& diary)
      : disk_(disk), root_(std::move(root)), diary_(diary) {}

  void act();
  std::vector<Copy> copies() const;
  // Base names of the files that have that token, and the other way round.
  std::vector<std::string> bases_of(const std::string& token) const;
  std::string token_of_base(const std::string& base_name) const;

 private:
  struct File {
    Copy copy;
    std::string path;
  };
  std::vector<std::string> mailboxes() const;
  maildir::KeywordTable keywords_of(const std::string& mailbox) const;
  std::vector<File> files() const;
  std::vector<File> sole_files() const;  // those whose token is here once
  std::uint32_t letters_for(const std::string& mailbox, const FlagSet& flags);
  std::string name_for(const std::string& mailbox, const std::string& base, const FlagSet& flags);

  void deliver();
  void create_mailbox();
  void flag(const File& file);
  void move(const File& file);
  void remove(const File& file);

  test::MemoryDisk& disk_;
  std::string root_;
  Diary& diary_;
  unsigned moves_ = 0;
};

class RemoteUser {
 public:
  RemoteUser(ServerState& state, Diary& diary) : state_(state), diary_(diary) {}

  void act();
  std::vector<Copy> copies() const;

 private:
  struct Message {
    Copy copy;
    std::string wire;
    std::uint32_t uid = 0;
  };
  std::string wire_of(const std::string& mailbox) const;
  std::string name_of(const std::string& wire) const;
  std::vector<Message> messages() const;
  std::vector<Message> sole_messages() const;

  void deliver();
  void flag(const Message& message);
  void move(const Message& message);
  void remove(const Message& message);

  ServerState& state_;
  Diary& diary_;
};

}  // namespace sterna::simulation
