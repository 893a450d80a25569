// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "sterna/base/bytes.h"
#include "sterna/oauth/grant.h"

namespace sterna::oauth {
namespace {

// ".default" is Microsoft's word for all that the client is registered with.
constexpr std::array<std::string_view, 8> kNeverTold = {
    "offline_access", "offline", "openid", "profile", "email", "address", "phone", ".default"};

// RFC 6749 section 3.3 has blanks between them; some providers have commas.
std::vector<std::string_view> scopes_of(std::string_view text) {
  std::vector<std::string_view> scopes;
  for (const std::string_view part : split(text, ' ')) {
    for (const std::string_view scope : split(part, ',')) {
      if (!scope.empty()) scopes.push_back(scope);
    }
  }
  return scopes;
}

// "https://outlook.office.com/IMAP.AccessAsUser.All" is "imap.accessasuser.all".
std::string bare(std::string_view scope) {
  while (scope.ends_with('/')) scope.remove_suffix(1);
  const std::size_t slash = scope.rfind('/');
  return ascii_lower(slash == std::string_view::npos ? scope : scope.substr(slash + 1));
}

}  // namespace

std::vector<std::string_view> missing_scopes(std::string_view asked, std::string_view granted) {
  std::vector<std::string> there;
  for (const std::string_view scope : scopes_of(granted)) there.push_back(bare(scope));
  std::vector<std::string_view> missing;
  const bool is_cut = granted.ends_with("...");  // as long texts are
  if (there.empty() || is_cut) return missing;
  for (const std::string_view scope : scopes_of(asked)) {
    const std::string name = bare(scope);
    const bool is_told = std::ranges::find(kNeverTold, name) == kNeverTold.end();
    if (is_told && std::ranges::find(there, name) == there.end()) missing.push_back(scope);
  }
  return missing;
}

}  // namespace sterna::oauth
