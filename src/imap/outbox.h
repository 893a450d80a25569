// SPDX-License-Identifier: Apache-2.0
// Outbox: commands on their way out, in order, up to where the protocol makes them wait.
//
// One command at a time is being rendered. It stops at a synchronizing literal until
// continue_literal(), at a streamed one until its octets were provided; behind a barrier nothing is
// begun until it is lifted; and no more than `depth` commands are sent and unanswered. Identifiers
// ascend in the order of push().
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/imap/client.h"

namespace sterna::imap {

class Outbox {
 public:
  // `capabilities` is asked whenever a literal is announced; it outlives the outbox.
  explicit Outbox(const Capabilities& capabilities) : capabilities_(capabilities) {}

  void open();   // the greeting has come, or the new layer is in place
  void pause();  // nothing is begun until open()
  void close();  // nothing goes out any more
  void set_depth(unsigned commands);

  void push(CommandId id, std::string tag, Command command);
  // A line that belongs to a command that was sent: SASL, DONE.
  void push_line(std::string_view line);

  bool has_output() const { return !output_.empty(); }
  std::string take();

  // A "+" came; false if no literal waits for one.
  bool continue_literal();
  std::optional<LiteralWanted> wanted() const;
  Status provide(CommandId id, std::string_view octets);

  // The tagged answer came. A literal that is due in part stays due, since the server reads it; a
  // command that waits to send one is dropped.
  void answered(CommandId id);
  void lift_barrier(CommandId id);

  bool was_taken(CommandId id) const { return id <= taken_; }
  // Its last octet is out.
  bool is_complete(CommandId id) const { return id <= complete_; }

 private:
  enum class Wait : std::uint8_t { nothing, continuation, octets };
  struct Entry {
    CommandId id;
    std::string tag;
    Command command;
    std::size_t part = 0;    // the next one to render
    bool announced = false;  // that part, a literal, was announced
    std::size_t stream = 0;  // how many streamed literals were announced
    bool answered = false;
  };

  void add(std::string_view octets);
  void pump();
  bool may_begin() const;
  bool render(Entry& entry, Command::Part& part);
  bool must_wait(std::uint64_t size, LiteralMode mode, bool streamed) const;
  void finish_front();

  const Capabilities& capabilities_;
  std::deque<Entry> queue_;
  std::string output_;
  bool open_ = false;
  bool closed_ = false;
  unsigned depth_ = UINT32_MAX;
  unsigned in_flight_ = 0;
  Wait wait_ = Wait::nothing;
  std::uint64_t literal_left_ = 0;  // of the literal announced last
  CommandId barrier_;
  CommandId taken_;
  CommandId begun_;
  CommandId complete_;
};

}  // namespace sterna::imap
