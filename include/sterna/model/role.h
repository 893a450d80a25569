// SPDX-License-Identifier: Apache-2.0
// Role: what a mailbox is for (RFC 6154).
#pragma once

#include <optional>
#include <string_view>

namespace sterna {

enum class Role { none, inbox, trash, sent, drafts, junk, archive, all, flagged, important };
std::string_view to_string(Role role);  // "trash", ...; "" for none
// The inverse; nullopt if it is none of them.
std::optional<Role> parse_role(std::string_view text);

}  // namespace sterna
