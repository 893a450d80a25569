// SPDX-License-Identifier: Apache-2.0
#include "tracker.h"

#include <algorithm>

namespace sterna::imap {
namespace {

const ResponseCode* code_of(const Response& response) {
  const auto* status = std::get_if<UntaggedStatus>(&response);
  return status != nullptr ? &status->code : nullptr;
}

bool is_closed(const Response& response) {
  const ResponseCode* code = code_of(response);
  return code != nullptr && code->is(Code::closed);
}

// Said by a server in the answer to SELECT, and hardly ever else.
bool begins_selection(const Response& response) {
  if (std::holds_alternative<Flags>(response)) return true;
  const ResponseCode* code = code_of(response);
  return code != nullptr && (code->is(Code::uid_validity) || code->is(Code::permanent_flags) ||
                             code->is(Code::uid_next) || code->is(Code::uid_not_sticky));
}

}  // namespace

void Tracker::greeted(const UntaggedStatus& greeting) {
  authenticated_ = greeting.status == StatusKind::preauth;
  take_code(greeting.code);
}

void Tracker::forget_server() {
  capabilities_ = {};
  enabled_ = {};
  capabilities_fresh_ = false;
}

void Tracker::open(const Pending& select) {
  selection_.emplace();
  selection_->id = select.id;
  selection_->mailbox = select.mailbox;
  selection_->examined = select.kind == CommandKind::examine;
  selection_->read_only = selection_->examined;
}

// Whether the response that just came is the first of the mailbox being selected.
void Tracker::draw_line(const Response& response, const Pending& select) {
  const bool opened = selection_ && selection_->id == select.id;
  if (is_closed(response)) {
    // The border itself: what came before was the old mailbox's, whatever it looked like.
    open(select);
    early_exists_.reset();
    return;
  }
  if (opened) return;
  if (!selection_ || begins_selection(response)) {
    open(select);
    selection_->exists = early_exists_.value_or(0);
    early_exists_.reset();
  } else if (const auto* exists = std::get_if<Exists>(&response)) {
    early_exists_ = exists->count;
  }
}

void Tracker::untagged(const Response& response, const Pending* oldest) {
  if (oldest != nullptr && oldest->selects()) {
    draw_line(response, *oldest);
  } else if (is_closed(response)) {
    selection_.reset();
  }
  if (const auto* capabilities = std::get_if<Capabilities>(&response)) {
    capabilities_ = *capabilities;
    capabilities_fresh_ = oldest != nullptr && oldest->logs_in();
  } else if (const auto* enabled = std::get_if<Enabled>(&response)) {
    for (std::size_t i = 0; i < kCapabilityCount; ++i) {
      const auto extension = static_cast<Capability>(i);
      if (enabled->extensions.has(extension)) enabled_.add(extension);
    }
  } else if (const ResponseCode* code = code_of(response)) {
    take_code(*code);
    if (code->is(Code::capability)) capabilities_fresh_ = oldest != nullptr && oldest->logs_in();
  } else if (selection_) {
    take_data(response);
  }
}

void Tracker::take_data(const Response& response) {
  if (const auto* exists = std::get_if<Exists>(&response)) {
    selection_->exists = exists->count;
  } else if (std::holds_alternative<Expunge>(response)) {
    shrink(1);
  } else if (const auto* vanished = std::get_if<Vanished>(&response)) {
    if (!vanished->earlier) shrink(vanished->uids.count());
  } else if (const auto* flags = std::get_if<Flags>(&response)) {
    selection_->flags = flags->flags;
  }
}

void Tracker::shrink(std::uint64_t count) {
  selection_->exists -=
      static_cast<std::uint32_t>(std::min<std::uint64_t>(count, selection_->exists));
}

void Tracker::take_code(const ResponseCode& code) {
  if (const auto* capabilities = code.as<Capabilities>()) {
    capabilities_ = *capabilities;
  }
  if (!selection_) return;
  if (const auto* validity = code.as<UidValidity>()) {
    selection_->uid_validity = *validity;
  } else if (const auto* next = code.as<Uid>()) {
    if (!selection_->complete) selection_->uid_next = *next;
  } else if (const auto* modseq = code.as<ModSeq>()) {
    if (!selection_->complete) selection_->highest_modseq = *modseq;
  } else if (const auto* permanent = code.as<PermanentFlags>()) {
    selection_->permanent_flags = *permanent;
  } else if (code.is(Code::mailbox_id)) {
    const auto* id = code.as<std::string>();
    if (id != nullptr) selection_->mailbox_id = *id;
  } else if (code.is(Code::no_modseq)) {
    selection_->no_modseq = true;
  } else if (code.is(Code::uid_not_sticky)) {
    selection_->uid_not_sticky = true;
  } else if (code.is(Code::read_only)) {
    selection_->read_only = true;
  } else if (code.is(Code::read_write)) {
    selection_->read_only = false;
  }
}

void Tracker::done(const Done& done, const Pending& command) {
  if (command.selects()) {
    take_select_done(done, command);
  } else if (command.logs_in()) {
    take_login_done(done);
  } else {
    take_code(done.code);
    if (command.kind == CommandKind::unselect && done.ok()) selection_.reset();
  }
}

void Tracker::take_select_done(const Done& done, const Pending& select) {
  if (!done.ok()) {
    // RFC 3501 section 6.3.1: a failed SELECT leaves none selected.
    selection_.reset();
    early_exists_.reset();
    return;
  }
  if (!selection_ || selection_->id != select.id) {
    open(select);
    selection_->exists = early_exists_.value_or(0);
    early_exists_.reset();
  }
  take_code(done.code);
  selection_->complete = true;
}

// What a server can do may change with the login: unless it said so, it has to be asked again.
void Tracker::take_login_done(const Done& done) {
  if (done.ok()) {
    authenticated_ = true;
    if (!capabilities_fresh_) capabilities_ = {};
  }
  take_code(done.code);
  capabilities_fresh_ = false;
}

}  // namespace sterna::imap
