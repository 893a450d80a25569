// SPDX-License-Identifier: Apache-2.0
#include "email_id.h"

#include <fmt/format.h>

namespace sterna::account {

bool tells_email_ids(const Connection& connection) {
  return connection.has(imap::Capability::object_id) || connection.has(imap::Capability::gmail);
}

void ask_for_email_id(const Connection& connection, imap::FetchRequest& request) {
  if (connection.has(imap::Capability::object_id)) {
    request.items.push_back(imap::FetchItem::email_id);
  }
  if (connection.has(imap::Capability::gmail)) {
    request.items.push_back(imap::FetchItem::gm_msgid);
  }
}

std::string email_id_of(const imap::Fetch& fetch) {
  return fetch.gm_msgid ? fmt::format("{}", *fetch.gm_msgid) : fetch.email_id;
}

}  // namespace sterna::account
