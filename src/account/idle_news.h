// SPDX-License-Identifier: Apache-2.0
// IdleNews: what a line that listens to one mailbox is told of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "sterna/imap/response.h"

namespace sterna::account {

class IdleNews {
 public:
  // It was selected, and had so many messages.
  void begin(std::optional<std::uint32_t> messages) { messages_ = messages; }
  // Whether that is a change. Some servers say in each IDLE what SELECT has just said.
  bool is_told(const imap::Response& response) {
    if (const auto* exists = std::get_if<imap::Exists>(&response))
      return std::exchange(messages_, exists->count) != exists->count;
    const auto* vanished = std::get_if<imap::Vanished>(&response);
    const bool gone =
        std::holds_alternative<imap::Expunge>(response) || (vanished && !vanished->earlier);
    if (gone) messages_.reset();
    return gone || std::holds_alternative<imap::Fetch>(response);
  }

 private:
  std::optional<std::uint32_t> messages_;  // as was said last; none: it is not known
};

}  // namespace sterna::account
