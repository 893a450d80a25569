// SPDX-License-Identifier: Apache-2.0
// What is asked of a token endpoint, and what its answers mean. No I/O. Whatever an endpoint says
// is bounded and checked before it is believed.
//
// RFC 6749 sections 4.1.3, 5 and 6, RFC 7009 (revocation), RFC 8628 (device grant).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/error.h"
#include "sterna/base/secret.h"
#include "sterna/io/http.h"
#include "sterna/oauth/authorization.h"
#include "sterna/oauth/client.h"

namespace sterna::oauth {

// A token endpoint gave this.
struct Grant {
  Secret access;
  std::optional<Secret> refresh;  // none: the one that there was goes on to be good
  std::chrono::seconds lifetime{};
  std::string scope;  // printable; "" if the endpoint says nothing of it
};

// It gave none.
struct Refusal {
  enum class Kind : std::uint8_t {
    consent_gone,  // only the user's login gives a new one
    later,         // the endpoint is busy or broken: nothing is lost, try again
    setup,         // this client, or what it asks for, is not accepted
    no_sense,      // an answer that no token endpoint gives
    pending,       // device: the user has not answered yet
    slow_down,     // device: the same, and too many questions
    denied,        // device: the user, or the provider, said no
    expired,       // device: the user took too long
  };
  Kind kind = Kind::no_sense;
  Error error = Error(ErrorCode::protocol, "");
  std::chrono::seconds retry_after{};  // later: at least so long, where it is said
};

// Longer ones are cut: a token is refreshed once a day at least.
inline constexpr std::chrono::seconds kLifetimeMax = std::chrono::days(1);
// Where the endpoint does not say (RFC 6749 section 5.1), or says nothing that can be.
inline constexpr std::chrono::seconds kLifetimeAssumed = std::chrono::minutes(30);
inline constexpr std::size_t kTokenOctetsMax = 32 * 1024;

io::HttpRequest code_request(const Client& client, const Authorization& authorization,
                             const Secret& code);
io::HttpRequest refresh_request(const Client& client, const Secret& refresh);
io::HttpRequest revoke_request(const Client& client, const Secret& token);
io::HttpRequest device_request(const Client& client);
io::HttpRequest poll_request(const Client& client, const Secret& device_code);

// `asked` names the endpoint in errors: "the token endpoint of google".
std::expected<Grant, Refusal> read_grant(io::HttpAnswer answer, const std::string& asked);

// Those of `asked` that `granted` lacks, as they were asked for; none where nothing was granted by
// name. Providers answer in another order, in other letters, and with or without the URL before a
// name; what they do not tell again (offline access, the scopes of OpenID) is not missed.
std::vector<std::string_view> missing_scopes(std::string_view asked, std::string_view granted);

// A device login that has begun: the user is to enter the code at the address.
struct Device {
  Secret code;
  std::string user_code;
  std::string url;           // https
  std::string complete_url;  // the same with the code in it; may be empty
  std::chrono::seconds lifetime{};
  std::chrono::seconds interval{};
};
std::expected<Device, Refusal> read_device(io::HttpAnswer answer, const std::string& asked);

inline constexpr std::chrono::seconds kDeviceLifetimeMax = std::chrono::minutes(30);
inline constexpr std::chrono::seconds kIntervalUsual{5};  // RFC 8628 section 3.2
inline constexpr std::chrono::seconds kIntervalMax{60};

// How long to wait before the next question, or none if there is nothing more to ask. `interval`
// grows as RFC 8628 section 3.5 has it.
std::optional<std::chrono::seconds> next_poll(const Refusal& refusal,
                                              std::chrono::seconds& interval);

}  // namespace sterna::oauth
