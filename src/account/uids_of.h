// SPDX-License-Identifier: Apache-2.0
// The UIDs of a range of anything that has one, as a set.
#pragma once

#include <functional>
#include <ranges>
#include <utility>
#include <vector>

#include "sterna/model/uid_set.h"

namespace sterna::account {

// As `uid_of` tells them of the elements, in any order, once or more often.
template <std::ranges::sized_range Range, class Projection>
UidSet uids_of(const Range& elements, Projection uid_of) {
  std::vector<Uid> uids;
  uids.reserve(std::ranges::size(elements));
  for (const auto& element : elements) uids.push_back(std::invoke(uid_of, element));
  return UidSet::of(std::move(uids));
}

// The same of what has a key, as rows and pushes do.
template <std::ranges::sized_range Range>
UidSet uids_of_keys(const Range& elements) {
  return uids_of(elements, [](const auto& element) { return element.key.uid; });
}

// The same of what carries a row.
template <std::ranges::sized_range Range>
UidSet uids_of_rows(const Range& elements) {
  return uids_of(elements, [](const auto& element) { return element.row.key.uid; });
}

}  // namespace sterna::account
