// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), whole or in pieces, over OpenSSL's libcrypto.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sterna {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  std::string hex() const;
  static std::optional<Digest> from_bytes(std::string_view raw);  // exactly 32 octets
  std::string_view raw() const;
};

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  Digest finish();  // once; the object is spent afterwards

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

Digest sha256(std::string_view bytes);

// A fast hash of 64 bits for indexes and tables in memory; never proof of anything. Stable: it is
// stored (FNV-1a with a finalizer).
std::uint64_t hash64(std::string_view bytes);

}  // namespace sterna
