// SPDX-License-Identifier: Apache-2.0
// Secret: a password or token. It has no formatter and no stream operator, so it cannot be printed
// by accident. Its memory is overwritten when it dies, and is neither swapped out nor dumped, as
// far as the limit of locked memory allows (256 KiB for all of them). reveal() is the one way out.
#pragma once

#include <cstddef>
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
  explicit Secret(std::string_view value);
  explicit Secret(const std::string& value) : Secret(std::string_view(value)) {}
  explicit Secret(std::string&& value) : Secret(std::string_view(value)) { wipe(value); }
  explicit Secret(const char* value) : Secret(std::string_view(value)) {}
  Secret(const Secret& other) : Secret(other.reveal()) {}
  Secret(Secret&& other) noexcept
      : octets_(std::exchange(other.octets_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const { return size_ == 0; }
  std::string_view reveal() const { return {octets_, size_}; }
  bool operator==(const Secret& other) const { return reveal() == other.reveal(); }

 private:
  char* octets_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sterna
