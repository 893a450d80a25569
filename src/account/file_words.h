// SPDX-License-Identifier: Apache-2.0
// FileWords: what was said of single files before they are sent (decisions.h). Few have any, so it
// is asked once whether there is one at all.
#pragma once

#include <string_view>

#include "decisions.h"

namespace sterna::account {

// Used inside a transaction.
class FileWords {
 public:
  explicit FileWords(store::Store& base) : base_(base) {}

  // Before the other two; what comes later, for another file, is seen then.
  Status look() {
    if (any_) return {};
    for (const std::string_view prefix : {kOrphanRestore, kNamesake}) {
      STERNA_TRY(const auto keys, base_.keys_with_prefix(prefix));
      any_ = any_ || !keys.empty();
    }
    return {};
  }
  // One word of a person lets one APPEND through.
  Status use_up_restore(std::string_view base_name) {
    return any_ ? base_.unset(orphan_restore_key(base_name)) : Status{};
  }
  // It has its row.
  Status forget(std::string_view base_name) {
    STERNA_CHECK(use_up_restore(base_name));
    return any_ ? base_.unset(namesake_key(base_name)) : Status{};
  }

 private:
  store::Store& base_;
  bool any_ = false;
};

}  // namespace sterna::account
