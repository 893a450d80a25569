// SPDX-License-Identifier: Apache-2.0
// The half of a download that runs on the worker: messages become files of one mailbox, from what
// the server sends or from the file of a twin, under names that say where they come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "body_sink.h"
#include "engine.h"
#include "sterna/maildir/delivery.h"
#include "sterna/maildir/keywords.h"
#include "twins.h"

namespace sterna::account {

// Waits for the barrier and the row, among up to a thousand others: it holds no octets.
struct Stored {
  Facts facts;
  std::int64_t date = 0;  // INTERNALDATE; of the header, or now, where the server says none
  std::uint64_t wire_octets = 0;
  std::optional<maildir::Delivered> delivered;
  std::string base;
  std::optional<MailboxId> copied_from;
  bool is_unproven = false;  // the twin's file is not, or is no more, what its row knows
  std::optional<Error> error;
};

class BodyWriter {
 public:
  // `dirs` of `work`. All but the quirks must outlive it.
  BodyWriter(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs,
             const imap::Quirks& quirks);

  std::vector<Stored> write(std::vector<Piece> pieces);
  // The same of twins whose files are in `from`. No octet of them is believed unread.
  std::vector<Stored> copy(std::vector<Twin> twins, maildir::MailboxDirs& from);

  Status flush() { return delivery_.flush(); }
  const maildir::KeywordTable& keywords() const { return keywords_; }
  bool letters_denied() const { return letters_denied_; }

 private:
  void name_keywords(const std::vector<FlagSet>& flags);
  void begin();
  void write_one(Piece& piece, std::vector<Stored>& stored);
  bool read_source(const Source& source, maildir::MailboxDirs& from);
  void store(Stored& one);
  void place(Stored& one);
  bool is_there_already(const std::string& base, Stored& one);
  std::int64_t now() const;

  maildir::Delivery delivery_;
  io::Clock& clock_;
  maildir::MailboxDirs& dirs_;
  // As they were when the mailbox was looked at; none where every file has a row.
  const maildir::Listing* known_names_;
  maildir::KeywordTable keywords_;
  bool letters_denied_ = false;
  TreeId tree_;
  MailboxId mailbox_;
  UidValidity uidvalidity_;
  bool knows_substitutes_ = false;
  bool fsync_;
  std::optional<Error> failed_;
  std::optional<std::int64_t> header_date_;  // of the message that is being written
  std::uint64_t sequence_ = 0;
};

}  // namespace sterna::account
