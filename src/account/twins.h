// SPDX-License-Identifier: Apache-2.0
// Twins: messages of several mailboxes that are one, as under the labels of Gmail. The server gives
// them one id; the first one is fetched, the others are made of its file
// (docs/decisions/0014-a-message-under-several-labels.md).
//
// An id nominates. What proves is what proves everywhere (rule 9): size and header as the server
// has them, against those of the file. Whatever speaks against it, the message is fetched.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "body_sink.h"
#include "sterna/maildir/listing.h"
#include "sterna/model/message.h"
#include "sterna/model/observation.h"

namespace sterna::account {

// What the server says of a message before it is fetched.
struct Announced {
  std::string email_id;    // "" if it says none
  std::uint64_t size = 0;  // RFC822.SIZE; 0 if it says none
};

// Whether the file of this row may have the content: as the row knows it, which the file itself has
// to confirm, and as the server did not change it.
bool may_be_source(const MessageRow& row, const Announced& message);

// Whether a message on the server, of which id, size and header are told, has the content of the
// row's file.
bool is_twin_of(const RemoteArrival& told, const MessageRow& row);

// The file that a message is made of.
struct Source {
  MailboxId mailbox;
  maildir::SeenFile seen;
  FileStamp file;
  Identity identity;
};

struct Twin {
  Facts facts;
  Source source;
};

// The contents that mailboxes of one pass are about to fetch: who meets one again leaves it for
// later. It holds those alone that are on their way.
class Coming {
 public:
  using Content = std::pair<std::string, std::uint64_t>;  // id and size

  // Nothing is left for later any more.
  void end() { ended_ = true; }

 private:
  friend class Claims;
  std::set<Content> contents_;
  bool ended_ = false;
};

// What one mailbox is about to fetch, as long as this lives. `coming` must outlive it.
class Claims {
 public:
  explicit Claims(Coming& coming) : coming_(&coming) {}
  Claims(Claims&& other) noexcept
      : coming_(other.coming_), taken_(std::exchange(other.taken_, {})) {}
  ~Claims();
  // False if the content is on its way already.
  bool take(const Announced& message);

 private:
  Coming* coming_;
  std::vector<Coming::Content> taken_;
};

}  // namespace sterna::account
