// SPDX-License-Identifier: Apache-2.0
// The mechanisms, one function each. User and secret are not empty and hold no NUL,
// but for EXTERNAL, which needs neither.
#pragma once

#include <memory>
#include <string_view>

#include "sterna/auth/sasl.h"

namespace sterna::auth {

std::unique_ptr<SaslExchange> start_plain(Credentials credentials);
std::unique_ptr<SaslExchange> start_login(Credentials credentials);
std::unique_ptr<SaslExchange> start_cram_md5(Credentials credentials);
Result<std::unique_ptr<SaslExchange>> start_scram(Mechanism mechanism, Credentials credentials);
Result<std::unique_ptr<SaslExchange>> start_external(Credentials credentials);
Result<std::unique_ptr<SaslExchange>> start_xoauth2(Credentials credentials);
Result<std::unique_ptr<SaslExchange>> start_oauthbearer(Credentials credentials);

// Of a server that goes on where the mechanism has come to its end.
Error asks_too_much(std::string_view mechanism);

}  // namespace sterna::auth
