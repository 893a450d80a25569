// SPDX-License-Identifier: Apache-2.0
// The keyed hashes that mechanisms are made of, over OpenSSL. What they return may be a key, so it
// is overwritten where it dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::auth {

enum class Hash : std::uint8_t { md5, sha1, sha256 };

// Octets of a digest.
std::size_t size_of(Hash hash);

// Each fails with code unsupported where this OpenSSL may not do it (MD5 under FIPS rules).
Result<WipedString> digest(Hash hash, std::string_view text);
Result<WipedString> hmac(Hash hash, std::string_view key, std::string_view text);
// Hi() of RFC 5802 section 2.2: PBKDF2 with one block of output. Takes as long as `iterations` say.
Result<WipedString> stretch(Hash hash, std::string_view password, std::string_view salt,
                            unsigned iterations);

// Takes as long for the wrong as for the right.
bool same(std::string_view one, std::string_view other);

}  // namespace sterna::auth
