// SPDX-License-Identifier: Apache-2.0
// A provider's description of its servers from any octets: what comes of it is a server that can be
// used, or an error that says why not.
#include <cstdint>
#include <string>

#include "sterna/base/assert.h"
#include "sterna/discover/autoconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sterna::discover;
  const std::string xml(data, data + size);
  const auto found = parse_autoconfig(xml, {"ann", "example.org"});
  if (!found) {
    STERNA_ASSERT(!found.error().describe().empty());
    return 0;
  }
  STERNA_ASSERT(!found->empty() && found->size() <= kAutoconfigServersMax);
  for (const Candidate& candidate : *found) {
    STERNA_ASSERT(is_host_name(candidate.host));
    STERNA_ASSERT(candidate.port != 0);
    STERNA_ASSERT(candidate.mode != sterna::io::TlsMode::none);
    STERNA_ASSERT(!candidate.logins.empty());
    STERNA_ASSERT(candidate.user.find('\n') == std::string::npos);
  }
  return 0;
}
