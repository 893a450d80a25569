// SPDX-License-Identifier: Apache-2.0
// Escaping of one component of a mailbox's name for one component of a path, and back; see
// layout.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sterna/maildir/layout.h"

namespace sterna::maildir {

// Octets of a component that are escaped although they need not be.
struct ForcedEscape {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::string escape_component(LayoutKind kind, std::string_view component, ForcedEscape forced = {});

// Never fails: what was not escaped by the function above is taken as it is.
std::string unescape_component(LayoutKind kind, std::string_view text);

// Names that a mailbox's directory holds itself in layout fs.
bool is_reserved_component(std::string_view component);
// Names in the root of a Maildir that are no Maildir++ folders: ".sterna" and the like.
bool is_reserved_folder(std::string_view folder);

// Where the character that holds octet `at` begins and ends; a stray octet is a character of its
// own.
ForcedEscape character_at(std::string_view text, std::size_t at);

// The head of `text` (cut between characters and escapes), "%~" and 16 digits of the digest of
// `digested`; at most 255 octets.
std::string cut_with_digest(std::string_view text, std::string_view digested);

}  // namespace sterna::maildir
