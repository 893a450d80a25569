// SPDX-License-Identifier: Apache-2.0
// Fields of a file's header, by which people know a message.
#pragma once

#include <string>
#include <string_view>

#include "sterna/io/file_system.h"

namespace sterna::account {

// Unfolded and cut; "" where there is none, or the file cannot be read.
struct HeaderFields {
  std::string from;
  std::string subject;
  std::string message_id;
};
// One of them, from the octets that a message begins with.
std::string field_of_header(std::string_view head, std::string_view name);
// Whether it is what Exchange gives in place of a message that it cannot render.
bool stands_for_another(std::string_view head);
HeaderFields read_fields(io::Directory& directory, std::string_view file);

}  // namespace sterna::account
