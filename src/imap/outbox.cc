// SPDX-License-Identifier: Apache-2.0
#include "outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/secret.h"

namespace sterna::imap {

void Outbox::open() {
  open_ = !closed_;
  pump();
}

void Outbox::pause() {
  open_ = false;
}

void Outbox::close() {
  closed_ = true;
  open_ = false;
  queue_.clear();
  wipe(output_);
  wait_ = Wait::nothing;
}

void Outbox::set_depth(unsigned commands) {
  depth_ = std::max(commands, 1U);
  pump();
}

void Outbox::push(CommandId id, std::string tag, Command command) {
  queue_.push_back({id, std::move(tag), std::move(command)});
  pump();
}

// A password may be in it: what it held is not left behind where it grows.
void Outbox::add(std::string_view octets) {
  const std::size_t size = output_.size() + octets.size();
  if (size > output_.capacity()) {
    std::string larger;
    larger.reserve(std::max(size, 2 * output_.capacity()));
    larger += output_;
    wipe(output_);
    output_ = std::move(larger);
  }
  output_ += octets;
}

void Outbox::push_line(std::string_view line) {
  add(line);
  add("\r\n");
}

std::string Outbox::take() {
  taken_ = begun_;
  return std::exchange(output_, {});
}

bool Outbox::continue_literal() {
  if (wait_ != Wait::continuation) return false;
  wait_ = Wait::nothing;
  pump();
  return true;
}

std::optional<LiteralWanted> Outbox::wanted() const {
  if (wait_ != Wait::octets) return std::nullopt;
  return LiteralWanted{queue_.front().id, queue_.front().stream - 1, literal_left_};
}

Status Outbox::provide(CommandId id, std::string_view octets) {
  if (closed_) return fail(ErrorCode::disconnected, "the connection is at its end");
  if (wait_ != Wait::octets || queue_.front().id != id || octets.size() > literal_left_) {
    return fail(ErrorCode::internal, "octets for a literal that does not want them");
  }
  add(octets);
  literal_left_ -= octets.size();
  if (literal_left_ == 0) wait_ = Wait::nothing;
  pump();
  return {};
}

void Outbox::answered(CommandId id) {
  if (id <= begun_) --in_flight_;
  lift_barrier(id);
  if (!queue_.empty() && queue_.front().id == id) {
    if (wait_ == Wait::continuation) {
      wait_ = Wait::nothing;
      queue_.pop_front();
    } else {
      queue_.front().answered = true;
    }
  }
  pump();
}

void Outbox::lift_barrier(CommandId id) {
  if (barrier_ != id) return;
  barrier_ = CommandId{};
  pump();
}

bool Outbox::may_begin() const {
  return open_ && !barrier_ && in_flight_ < depth_;
}

// Renders as much as may go out.
void Outbox::pump() {
  while (wait_ == Wait::nothing && !queue_.empty()) {
    Entry& front = queue_.front();
    if (begun_ != front.id) {
      if (!may_begin()) return;
      begun_ = front.id;
      ++in_flight_;
      add(front.tag);
      add(" ");
    }
    while (front.part < front.command.parts().size()) {
      if (!render(front, front.command.parts()[front.part])) return;
      front.announced = false;
      // What the server has answered already needs no more than to be well-formed.
      front.part = front.answered ? front.command.parts().size() : front.part + 1;
    }
    finish_front();
  }
}

// False if the part has to wait for something.
bool Outbox::render(Entry& entry, Command::Part& part) {
  if (auto* text = std::get_if<Command::Text>(&part)) {
    add(text->octets);
    if (text->secret) wipe(text->octets);
    return true;
  }
  auto* literal = std::get_if<Command::Literal>(&part);
  const auto* stream = std::get_if<Command::Stream>(&part);
  if (!entry.announced) {
    entry.announced = true;
    if (stream != nullptr) ++entry.stream;
    literal_left_ = stream != nullptr ? stream->size : literal->octets.size();
    const LiteralMode mode = stream != nullptr ? stream->mode : LiteralMode::automatic;
    const bool waits = must_wait(literal_left_, mode, stream != nullptr);
    add(fmt::format("{{{}{}}}\r\n", literal_left_, waits ? "" : "+"));
    if (waits) {
      wait_ = Wait::continuation;
      return false;
    }
  }
  if (literal != nullptr) {
    add(literal->octets);
    if (literal->secret) wipe(literal->octets);
    return true;
  }
  if (literal_left_ > 0) wait_ = Wait::octets;
  return literal_left_ == 0;
}

// RFC 7888, and the caller's wish.
bool Outbox::must_wait(std::uint64_t size, LiteralMode mode, bool streamed) const {
  const bool small = size <= kLiteralMinusOctets;
  const bool allowed = capabilities_.has(Capability::literal_plus) ||
                       (capabilities_.has(Capability::literal_minus) && small);
  if (!allowed || mode == LiteralMode::synchronizing) return true;
  return mode == LiteralMode::automatic && streamed && !small;
}

void Outbox::finish_front() {
  const Entry& front = queue_.front();
  add("\r\n");
  complete_ = front.id;
  if (front.command.is_barrier() && !front.answered) barrier_ = front.id;
  queue_.pop_front();
}

}  // namespace sterna::imap
