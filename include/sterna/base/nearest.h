// SPDX-License-Identifier: Apache-2.0
// What somebody who mistyped a name may have meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Whether who typed the one may well have meant the other; the case of letters does not count.
bool is_near(std::string_view typed, std::string_view name);

// The first of those of `names` that are closest to it, however far away; "" if there is none.
std::string_view closest_name(std::string_view typed, std::span<const std::string_view> names);

// The closest of `names`; "" if none is near.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& names);

}  // namespace sterna
