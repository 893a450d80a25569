// SPDX-License-Identifier: Apache-2.0
// Secret: a password or token. It has no formatter and no stream operator, so it cannot be printed
// by accident; its memory is overwritten when it dies. reveal() is the one way out.
#pragma once

#include <string>
#include <string_view>

namespace sterna {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }

 private:
  void wipe();
  std::string value_;
};

// Overwrites the octets of a string that held a secret, and empties it.
void wipe(std::string& secret);

}  // namespace sterna
