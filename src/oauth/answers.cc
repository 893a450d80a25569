// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "json.h"
#include "sterna/base/bytes.h"
#include "sterna/base/wiping_heap.h"
#include "sterna/oauth/grant.h"

namespace sterna::oauth {
namespace {

using std::chrono::seconds;
using Json = nlohmann::json;

constexpr int kDepthMax = 8;
constexpr std::size_t kTextMax = 2048;

// An object, or nothing: what nests deeper than any answer does is none.
std::optional<Json> parse_object(std::string_view body) {
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  Json json = Json::parse(body, watch, false);
  if (too_deep || !json.is_object()) return std::nullopt;
  return json;
}

// The parsed copy is overwritten.
Secret take_secret(Json& json, const char* key) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_string()) return {};
  return Secret(std::move(it->get_ref<std::string&>()));
}

// A number, also as a string, as some endpoints write it; none where there is no such member.
std::optional<seconds> seconds_of(const Json& json, const char* key, seconds max) {
  const auto it = json.find(key);
  if (it == json.end() || it->is_null()) return std::nullopt;
  if (it->is_string()) {
    const auto number = parse_number(it->get<std::string>());
    if (!number) return std::nullopt;
    return seconds(std::min<std::uint64_t>(*number, static_cast<std::uint64_t>(max.count())));
  }
  if (it->is_number_unsigned()) {
    const auto number = it->get<std::uint64_t>();
    return seconds(std::min<std::uint64_t>(number, static_cast<std::uint64_t>(max.count())));
  }
  if (it->is_number_float()) {
    const double number = it->get<double>();
    if (!(number >= 0)) return seconds(0);
    const double most = static_cast<double>(max.count());
    return seconds(static_cast<std::int64_t>(std::min(number, most)));
  }
  return it->is_number_integer() ? std::optional(seconds(0)) : std::nullopt;  // negative
}

// RFC 6750 section 2.1, with what else providers put into theirs: nothing that ends a line or a
// field of SASL.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kTokenOctetsMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

struct Meaning {
  std::string_view error;
  Refusal::Kind kind;
};
constexpr std::array kMeanings = {
    Meaning{"invalid_grant", Refusal::Kind::consent_gone},
    // OpenID Connect Core section 3.1.2.6, and Microsoft's.
    Meaning{"interaction_required", Refusal::Kind::consent_gone},
    Meaning{"login_required", Refusal::Kind::consent_gone},
    Meaning{"consent_required", Refusal::Kind::consent_gone},
    Meaning{"temporarily_unavailable", Refusal::Kind::later},
    Meaning{"server_error", Refusal::Kind::later},
    Meaning{"invalid_client", Refusal::Kind::setup},
    Meaning{"unauthorized_client", Refusal::Kind::setup},
    Meaning{"unsupported_grant_type", Refusal::Kind::setup},
    Meaning{"invalid_scope", Refusal::Kind::setup},
    Meaning{"invalid_request", Refusal::Kind::setup},
    Meaning{"authorization_pending", Refusal::Kind::pending},
    Meaning{"slow_down", Refusal::Kind::slow_down},
    Meaning{"access_denied", Refusal::Kind::denied},
    // Microsoft's word for it.
    Meaning{"authorization_declined", Refusal::Kind::denied},
    Meaning{"expired_token", Refusal::Kind::expired},
};

ErrorCode code_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::later:
      return ErrorCode::connect;  // to be met as a server that cannot be reached
    case Refusal::Kind::no_sense:
      return ErrorCode::protocol;
    default:
      return ErrorCode::login;
  }
}

Refusal refusal(Refusal::Kind kind, std::string message, seconds retry_after = {}) {
  return {
      .kind = kind, .error = Error(code_of(kind), std::move(message)), .retry_after = retry_after};
}

Refusal no_sense(const io::HttpAnswer& answer, const std::string& asked, std::string_view what) {
  const std::string type =
      answer.content_type.empty() ? "" : fmt::format(", {}", printable(answer.content_type, 60));
  return refusal(Refusal::Kind::no_sense,
                 fmt::format("{} answered {} (status {}{})", asked, what, answer.status, type));
}

// RFC 6749 section 5.2.
Refusal refusal_of(const io::HttpAnswer& answer, const std::string& asked) {
  const seconds retry_after = answer.retry_after.value_or(seconds(0));
  if (answer.status == 429 || answer.status >= 500) {
    std::string text = fmt::format("{} answered with status {}", asked, answer.status);
    if (retry_after.count() > 0) text += fmt::format(": try again in {} s", retry_after.count());
    return refusal(Refusal::Kind::later, std::move(text), retry_after);
  }
  const auto json = parse_object(answer.body);
  const std::string error = json ? text_of(*json, "error") : "";
  if (error.empty()) return no_sense(answer, asked, "neither with a token nor with an error");
  const std::string why = text_of(*json, "error_description");
  std::string text = fmt::format("{} says {}", asked, printable(error, 80));
  if (!why.empty()) text += ": " + printable(why, 300);
  const auto* meaning = std::ranges::find(kMeanings, error, &Meaning::error);
  const Refusal::Kind kind = meaning == kMeanings.end() ? Refusal::Kind::setup : meaning->kind;
  return refusal(kind, std::move(text), retry_after);
}

bool is_web_address(std::string_view text) {
  return text.size() <= kTextMax && text.starts_with("https://") &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::expected<Grant, Refusal> read_grant(io::HttpAnswer answer, const std::string& asked) {
  const WipedDeletes wiped;
  if (answer.status != 200) return std::unexpected(refusal_of(answer, asked));
  auto json = parse_object(answer.body);
  if (!json)
    return std::unexpected(no_sense(answer, asked, "with something that is no JSON object"));
  // Some say so with status 200.
  if (json->contains("error")) return std::unexpected(refusal_of(answer, asked));
  Grant grant;
  grant.access = take_secret(*json, "access_token");
  Secret refresh = take_secret(*json, "refresh_token");
  const std::string type = text_of(*json, "token_type");
  if (!is_token(grant.access.reveal()))
    return std::unexpected(no_sense(answer, asked, "without a usable access token"));
  if (!type.empty() && !ascii_iequals(type, "bearer")) {
    return std::unexpected(
        no_sense(answer, asked, fmt::format("with a token of type {}", printable(type, 40))));
  }
  if (!refresh.empty()) {
    if (!is_token(refresh.reveal()))
      return std::unexpected(no_sense(answer, asked, "without a usable refresh token"));
    grant.refresh = std::move(refresh);
  }
  const auto lifetime = seconds_of(*json, "expires_in", kLifetimeMax);
  grant.lifetime = lifetime && lifetime->count() > 0 ? *lifetime : kLifetimeAssumed;
  grant.scope = printable(text_of(*json, "scope"), kTextMax);
  return grant;
}

std::expected<Device, Refusal> read_device(io::HttpAnswer answer, const std::string& asked) {
  const WipedDeletes wiped;
  if (answer.status != 200) return std::unexpected(refusal_of(answer, asked));
  auto json = parse_object(answer.body);
  if (!json)
    return std::unexpected(no_sense(answer, asked, "with something that is no JSON object"));
  Device device;
  device.code = take_secret(*json, "device_code");
  device.user_code = printable(text_of(*json, "user_code"), 64);
  device.url = text_of(*json, "verification_uri");
  // What it was called before RFC 8628.
  if (device.url.empty()) device.url = text_of(*json, "verification_url");
  device.complete_url = text_of(*json, "verification_uri_complete");
  if (!is_web_address(device.complete_url)) device.complete_url.clear();
  if (!is_token(device.code.reveal()) || device.user_code.empty() || !is_web_address(device.url))
    return std::unexpected(no_sense(answer, asked, "without a usable code and address"));
  device.lifetime =
      seconds_of(*json, "expires_in", kDeviceLifetimeMax).value_or(kDeviceLifetimeMax);
  const seconds interval = seconds_of(*json, "interval", kIntervalMax).value_or(kIntervalUsual);
  device.interval = interval.count() > 0 ? interval : kIntervalUsual;
  return device;
}

std::optional<seconds> next_poll(const Refusal& refusal, seconds& interval) {
  switch (refusal.kind) {
    case Refusal::Kind::pending:
      return interval;
    case Refusal::Kind::slow_down:
      interval = std::min(interval + seconds(5), kIntervalMax);
      return interval;
    case Refusal::Kind::later:
      // As a timeout: RFC 8628 section 3.5 asks for longer and longer waits.
      interval = std::min(interval * 2, kIntervalMax);
      return std::max(interval, std::min(refusal.retry_after, kIntervalMax));
    default:
      return std::nullopt;
  }
}

}  // namespace sterna::oauth
