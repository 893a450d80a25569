// SPDX-License-Identifier: Apache-2.0
// Secret: a password or token. It has no formatter and no stream operator, so it cannot be printed
// by accident; its memory is overwritten when it dies. reveal() is the one way out.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sterna {

// Overwrites the octets of a string that held a secret, and empties it.
void wipe(std::string& secret);

// A string for what may hold a secret: overwritten where it dies, where it is moved from (a short
// string leaves its octets behind there) and where it is given another value.
class WipedString : public std::string {
 public:
  WipedString() = default;
  WipedString(const std::string& text) : std::string(text) {}
  WipedString(std::string&& text) : std::string(std::as_const(text)) { wipe(text); }
  WipedString(const WipedString&) = default;
  WipedString(WipedString&& other) noexcept : std::string(std::as_const(other)) { wipe(other); }
  WipedString& operator=(const WipedString& other);
  WipedString& operator=(WipedString&& other) noexcept;
  ~WipedString() { wipe(*this); }
};

class Secret {
 public:
  Secret() = default;
  explicit Secret(const std::string& value) : value_(value) {}
  explicit Secret(std::string&& value) : value_(std::move(value)) {}  // `value` is overwritten

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }
  bool operator==(const Secret&) const = default;

 private:
  WipedString value_;
};

}  // namespace sterna
