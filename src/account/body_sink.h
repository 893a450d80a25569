// SPDX-License-Identifier: Apache-2.0
// BodySink: the messages of UID FETCH as they come, in pieces for the worker; each that was asked
// for once, whatever else is sent.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection.h"
#include "email_id.h"
#include "sterna/model/flags.h"
#include "sterna/model/uid_set.h"

namespace sterna::account {

inline constexpr std::size_t kBatchOctets = 256 * 1024;
inline constexpr std::size_t kBatchMessages = 128;
// What a sink holds that nobody takes from; the rest of such a message is not kept.
inline constexpr std::size_t kUntakenOctetsMax = std::size_t{8} << 20;

// What the server said of a message beside its octets.
struct Facts {
  Uid uid;
  FlagSet flags;
  bool flags_unsaid = false;  // not beside the octets: `flags` are none, whatever they are
  ModSeq modseq;
  std::optional<std::int64_t> internal_date;
  std::string email_id;
};

// Octets on their way to the worker: a message, or a part of a large one.
struct Piece {
  bool first = false;
  bool last = false;    // the facts are known from here on
  bool broken = false;  // what was begun must be forgotten
  std::string octets;
  Facts facts;
};

class BodySink : public Sink {
 public:
  void on_body_begin(const imap::BodyBegin& body) override {
    if (body.uid && !is_due(*body.uid)) return;
    if (sent_part_) forget_begun();  // what was said of it made no sense
    current_ = body.id;
    open_ = true;
    sent_part_ = false;
    octets_.clear();
    octets_.reserve(std::min<std::uint64_t>(body.size, kBatchOctets + 256 * 1024));
  }
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (id != current_) return false;
    if (!relieve_ && queued_octets_ > kUntakenOctetsMax) {
      give_up();
      return false;
    }
    octets_ += octets;
    queued_octets_ += octets.size();
    return true;
  }
  void on_body_end(imap::BodyId id) override {
    if (id == current_) open_ = false;
  }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch) return;
    if (fetch->bodies.empty()) return;
    finish(*fetch);
  }

  bool full() const override {
    return queued_octets_ >= kBatchOctets || pieces_.size() >= kBatchMessages ||
           dropped_octets_ > kUselessOctetsMax;
  }
  coro::Task<Status> relieve() override {
    if (dropped_octets_ <= kUselessOctetsMax) return relieve_ ? relieve_() : Sink::relieve();
    return hang_up(
        Error(ErrorCode::protocol, "the server sends without end what it was not asked for"));
  }
  void on_full(std::function<coro::Task<Status>()> relieve) { relieve_ = std::move(relieve); }

  std::vector<Piece> take() {
    if (open_ && !octets_.empty()) {
      Piece part;
      part.first = !sent_part_;
      part.octets = std::exchange(octets_, {});
      pieces_.push_back(std::move(part));
      sent_part_ = true;
    }
    queued_octets_ = octets_.size();
    return std::exchange(pieces_, {});
  }

  // The line was cut: a message that was begun will not be finished.
  void abandon() {
    if (open_ && sent_part_) forget_begun();
    open_ = false;
    octets_.clear();
  }

  // From now on; what came before and is not among them is forgotten.
  void expect(UidSet uids) {
    wanted_ = std::move(uids);
    std::erase_if(pieces_, [this](const Piece& piece) {
      return piece.last && !wanted_.contains(piece.facts.uid);
    });
    received = received.intersect(wanted_);
  }

  UidSet received;

 private:
  // What nobody asked for, and what came before, would be a second file of one message.
  bool is_due(Uid uid) const { return wanted_.contains(uid) && !received.contains(uid); }

  // The message that comes now is asked for again.
  void give_up() {
    queued_octets_ -= octets_.size();
    octets_ = {};
    current_ = {};
    open_ = false;
  }

  void forget_begun() {
    Piece piece;
    piece.broken = true;
    pieces_.push_back(std::move(piece));
  }

  void finish(const imap::Fetch& fetch) {
    const imap::FetchBody& body = fetch.bodies.front();
    if (!body.id || body.id != current_) return;  // NIL is never a file of no octets
    Piece piece;
    piece.first = !sent_part_;
    piece.last = true;
    if (!fetch.uid || !is_due(*fetch.uid)) {
      dropped_octets_ += body.size;
      if (sent_part_) forget_begun();
      octets_.clear();
      sent_part_ = false;
      return;
    }
    piece.octets = std::exchange(octets_, {});
    piece.facts = {*fetch.uid,          fetch.flags.value_or(FlagSet{}),
                   !fetch.flags,        fetch.modseq.value_or(ModSeq{}),
                   fetch.internal_date, email_id_of(fetch)};
    received.add(piece.facts.uid);
    sent_part_ = false;
    pieces_.push_back(std::move(piece));
  }

  UidSet wanted_;
  std::vector<Piece> pieces_;
  std::string octets_;
  std::size_t queued_octets_ = 0;
  std::uint64_t dropped_octets_ = 0;  // of bodies of which it was told too late whose they were
  imap::BodyId current_;
  bool open_ = false;
  bool sent_part_ = false;
  std::function<coro::Task<Status>()> relieve_;
};

}  // namespace sterna::account
