// SPDX-License-Identifier: Apache-2.0
// StrongId: an integer that cannot be mistaken for another one.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sterna {

template <class Tag, class Rep>
struct StrongId {
  Rep value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr explicit operator bool() const { return value != Rep{}; }
};

}  // namespace sterna

template <class Tag, class Rep>
struct std::hash<sterna::StrongId<Tag, Rep>> {
  std::size_t operator()(const sterna::StrongId<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
