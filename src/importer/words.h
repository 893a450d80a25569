// SPDX-License-Identifier: Apache-2.0
// What both programs have words for: yes and no, mechanisms, versions of TLS, where a server is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "draft.h"

namespace sterna::importer {

bool is_yes(std::string_view word);  // yes true on 1, in any case
bool is_no(std::string_view word);

// The word for `auth` that a list of mechanisms comes to: "" is auto. "oauth" only where nothing
// else that Sterna knows is in the list. `unknown`: those that it cannot do, where nothing is left.
struct AuthChoice {
  std::string word;
  std::string unknown;
};
AuthChoice choose_auth(const std::vector<std::string>& mechanisms);

struct TlsVersions {
  bool only_13 = false;
  bool only_old = false;  // none that is 1.2 or later
};
TlsVersions tls_versions(const std::vector<std::string>& words);

enum class TlsWord : std::uint8_t { implicit, starttls, none };

// The authorities of the system, which Sterna trusts anyway.
bool is_system_bundle(std::string_view path);

// host, port (0: the usual one) and tls.mode. Through a tunnel, `none` needs no permission.
void set_server(Draft& draft, std::string_view host, std::uint64_t port, TlsWord word,
                bool tunnelled);

// No name to log in with is known: the account is complete, and switched off. `why` may be empty.
void leave_user_open(Draft& draft, std::string_view why);

}  // namespace sterna::importer
