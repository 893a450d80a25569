// SPDX-License-Identifier: Apache-2.0
// What endpoints, browsers, people and a damaged disk may bring: each is refused, or is within the
// limits that everything else counts on.
#include <cstdint>
#include <string>

#include "../../src/oauth/token_text.h"
#include "sterna/base/assert.h"
#include "sterna/oauth/authorization.h"
#include "sterna/oauth/grant.h"

namespace {

using namespace sterna;

void answer(const std::string& body, int status) {
  io::HttpAnswer answer;
  answer.status = status;
  answer.body = WipedString(body);
  const auto grant = oauth::read_grant(answer, "endpoint");
  if (grant) {
    STERNA_ASSERT(!grant->access.empty() && grant->lifetime.count() > 0);
    STERNA_ASSERT(grant->lifetime <= oauth::kLifetimeMax);
    for (const char c : grant->access.reveal()) STERNA_ASSERT(c > ' ' && c <= '~');
  } else {
    STERNA_ASSERT(!grant.error().error.message().empty());
  }
  const auto device = oauth::read_device(answer, "endpoint");
  if (!device) return;
  STERNA_ASSERT(device->interval.count() > 0 && device->interval <= oauth::kIntervalMax);
  STERNA_ASSERT(device->url.starts_with("https://"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  answer(text, 200);
  answer(text, 400);
  const oauth::Authorization authorization{
      .verifier = Secret(std::string("verifier")), .state = "s", .redirect_uri = "x"};
  const oauth::Visit visit = oauth::read_visit(text, authorization);
  if (visit.kind == oauth::Visit::Kind::answer && visit.code) STERNA_ASSERT(!visit.code->empty());
  static_cast<void>(oauth::read_pasted(text, authorization));
  const auto stored = oauth::read_token_text(text);
  if (const auto* tokens = std::get_if<oauth::Tokens>(&stored)) {
    const auto again = oauth::read_token_text(oauth::write_tokens(*tokens).reveal());
    STERNA_ASSERT(std::holds_alternative<oauth::Tokens>(again));
    static_cast<void>(oauth::due_ms(*tokens));
    static_cast<void>(oauth::is_valid(*tokens, 0));
  }
  return 0;
}
