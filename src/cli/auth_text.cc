// SPDX-License-Identifier: Apache-2.0
#include "auth_text.h"

#include <fmt/format.h>

#include "times.h"

namespace sterna::cli {
namespace {

std::string access_text(const LoginView& view) {
  const std::string at = local_time(view.expires_ms);
  if (view.is_renewable) {
    return view.is_valid ? fmt::format("good until {}, and renewed ahead of that", at)
                         : fmt::format("ended {}, renewed when it is needed", at);
  }
  return fmt::format("{} {}, and cannot be renewed", view.is_valid ? "good until" : "ended", at);
}

std::string store_text(const LoginView& view) {
  return fmt::format("{} ({})", view.file, view.is_encrypted ? "encrypted" : "not encrypted");
}

}  // namespace

bool lasts(const LoginView& view) {
  return view.expires_ms != 0 && view.is_ours && (view.is_renewable || view.is_valid);
}

std::string obstacle_of(const LoginView& view) {
  if (view.expires_ms == 0) return fmt::format("nobody has logged in at {} yet", view.provider);
  if (!view.is_ours) return "the login is of another client_id, or of another provider";
  return fmt::format("the login at {} has ended", view.provider);
}

std::string login_text(const LoginView& view, const Style& style) {
  const auto row = [](std::string_view what, std::string_view value) {
    return fmt::format("  {:<14}{}\n", what, value);
  };
  std::string text = fmt::format("{}: ", view.account);
  if (!lasts(view)) {
    text += fmt::format("{}; log in: sterna auth {}\n", style.paint(Tone::bad, obstacle_of(view)),
                        view.account);
    if (view.expires_ms == 0 || !view.is_ours) return text;
  } else {
    text += fmt::format("{} at {}\n", style.paint(Tone::good, "logged in"), view.provider);
  }
  text += row("user", view.user);
  text += row("scope", view.scope);
  if (!view.missing_scope.empty())
    text += row("not granted", style.paint(Tone::bad, view.missing_scope));
  text += row("access token", access_text(view));
  text += row("kept in", store_text(view));
  return text;
}

std::string login_line(const LoginView& view) {
  const std::string missing =
      view.missing_scope.empty() ? "" : fmt::format("; not granted: {}", view.missing_scope);
  return fmt::format("{}, as {}; access token {}; {}{}", view.provider, view.user,
                     access_text(view), store_text(view), missing);
}

Error not_all_granted(const LoginView& view) {
  return Error(ErrorCode::login,
               fmt::format("logged in, but {} did not grant {}: the mail server may refuse this "
                           "login",
                           view.provider, view.missing_scope))
      .with_hint(fmt::format("agree to all that is asked there, mail access too, and see that the "
                             "client_id is registered with that permission; then: sterna auth {}",
                             view.account));
}

std::string logout_text(bool was_there, bool revoked) {
  if (!was_there) return "nobody was logged in";
  return revoked ? "logged out, and revoked at the provider"
                 : "logged out here; the provider's page of connected applications ends it there";
}

}  // namespace sterna::cli
