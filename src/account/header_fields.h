// SPDX-License-Identifier: Apache-2.0
// Fields of a file's header, by which people know a message.
#pragma once

#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::account {

// Unfolded and cut; "" where there is none, or the file cannot be read.
struct HeaderFields {
  std::string from;
  std::string subject;
  std::string message_id;
};
// What of a header is looked through.
inline constexpr std::size_t kHeadOctetsMax = 16 * 1024;
// An error where a message begins like what Exchange gives in place of one that it cannot render.
Status check_rendered(std::string_view head);
HeaderFields read_fields(io::Directory& directory, std::string_view file);

}  // namespace sterna::account
