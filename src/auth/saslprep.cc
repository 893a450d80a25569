// SPDX-License-Identifier: Apache-2.0
#include "saslprep.h"

#include <fmt/format.h>
#include <stringprep.h>

#include <algorithm>

#include "sterna/base/library.h"

namespace sterna::auth {
namespace {

// NFKC makes at most 18 code points of one, and hardly ever more than three times the octets.
constexpr std::size_t kGrowth = 18;
constexpr std::size_t kOctetsMax = 4096;

struct Stringprep {
  decltype(&stringprep) prepare = nullptr;
  decltype(&stringprep_strerror) error_string = nullptr;
  const Stringprep_profile* saslprep = nullptr;
};

Result<Stringprep> load_stringprep() {
  Stringprep found;
  Library library({"libidn.so.12", "knows which code points are equal", "libidn12"});
  library.find("stringprep", found.prepare)
      .find("stringprep_strerror", found.error_string)
      .find("stringprep_saslprep", found.saslprep);
  STERNA_CHECK(library.found());
  return found;
}

Error unfit(std::string_view what, std::string_view why) {
  return Error(ErrorCode::secret,
               fmt::format("{} cannot be used with a mechanism that hashes it (RFC 4013): {}", what,
                           why))
      .with_hint("auth = \"plain\" sends it as it is, over TLS");
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<Secret> saslprep(std::string_view text, std::string_view what) {
  if (is_plain_ascii(text) && !text.empty()) return Secret(std::string(text));
  if (text.size() > kOctetsMax) return fail(unfit(what, "it is too long"));
  if (text.contains('\0')) return fail(unfit(what, "it holds a NUL"));
  static const Result<Stringprep> library = load_stringprep();
  if (!library) return fail(unfit(what, library.error().message()));
  WipedString buffer(std::string(text.size() * kGrowth + 1, '\0'));
  std::ranges::copy(text, buffer.begin());
  const int outcome = library->prepare(buffer.data(), buffer.size(),
                                       static_cast<Stringprep_profile_flags>(0), library->saslprep);
  if (outcome != STRINGPREP_OK)
    return fail(unfit(what, library->error_string(static_cast<Stringprep_rc>(outcome))));
  Secret prepared{std::string(buffer.c_str())};
  if (prepared.empty()) return fail(unfit(what, "nothing is left of it"));
  return prepared;
}

}  // namespace sterna::auth
