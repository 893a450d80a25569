// SPDX-License-Identifier: Apache-2.0
// The lines of the control socket, both ways (docs/control.md). Nothing that comes in harms: a line
// is what it should be, or an Error that says why not. Lines are without their end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/daemon/protocol.h"

namespace sterna::daemon {

std::string hello_line(const std::string& version);
std::string request_line(const Request& request);
std::string done_line(std::int64_t id);
std::string failed_line(std::optional<std::int64_t> id, const Error& error);
std::string lives_line(std::int64_t id, const std::vector<AccountLife>& lives);
std::string reports_line(std::int64_t id, const std::vector<account::AccountReport>& reports);
std::string progress_line(std::int64_t id, const ProgressNote& note);
std::string life_event(const AccountLife& life);
std::string ended_event(const std::string& account);
std::string synced_event(const account::AccountReport& report);

// ErrorCode::usage: it names the field.
struct ReadRequest {
  std::optional<std::int64_t> id;  // as far as it could be read, for the answer
  Result<Request> request;
};
ReadRequest read_request(const std::string& line);
// ErrorCode::protocol.
Result<Message> read_message(const std::string& line);

}  // namespace sterna::daemon
