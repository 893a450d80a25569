// SPDX-License-Identifier: Apache-2.0
// How base names are compared in indexes: without the fields that programs put behind a comma, such
// as ",U=12" of mbsync or ",S=2345" of Dovecot, which come and go while the message stays.
//
// Everything from the first ',' on is left out. That is coarser than the Maildir room's rule, which
// keeps fields that nobody knows: the base only nominates, and the planner wants proof anyway.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sterna::store {

// The part that counts; the whole name where nothing would be left.
std::string_view stripped(std::string_view base_name);

// hash64() of the stripped name, as SQL stores it; nullopt for "", which no file has.
std::optional<std::int64_t> base_hash(std::string_view base_name);

// The base name of the file at `path`: without directories and without the info part.
std::string_view base_name_of_path(std::string_view path);

}  // namespace sterna::store
