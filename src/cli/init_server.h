// SPDX-License-Identifier: Apache-2.0
// Which server has the mail of an address: what the user says goes before what Sterna knows, that
// before what the web and the DNS say, and nothing foreign is taken without the user's word.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arguments.h"
#include "console.h"
#include "prompt.h"
#include "sterna/base/result.h"
#include "sterna/config/presets.h"
#include "sterna/discover/candidate.h"

namespace sterna::cli {

struct Server {
  const config::Preset* preset = nullptr;
  bool preset_by_address = false;
  std::string host;
  std::uint16_t port = 993;
  config::TlsMode mode = config::TlsMode::implicit;
  std::string user;  // "": the address
  std::vector<discover::Login> logins = {discover::Login::password};
  std::string found_by;          // for people: "autoconfig (https://...)"
  bool port_is_guessed = false;  // what else is usual may be tried
  bool agreed_to = false;        // it was shown, and somebody said yes
};

// Asks, searches, and asks again what that does not answer. ErrorCode::not_found where there is
// nothing and nobody to ask, ErrorCode::certificate where a host is to be agreed to and nobody is
// there to do it; both say which option helps.
Result<Server> choose_server(Console& console, Prompt& prompt, const InitArguments& arguments,
                             const std::string& address);

// "Gmail: imap.gmail.com, port 993, TLS from the start".
std::string server_text(const Server& server);

}  // namespace sterna::cli
