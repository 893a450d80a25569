// SPDX-License-Identifier: Apache-2.0
// match(): pairs things of two kinds that have equal keys, one to one, in the order in which they
// come.
//
// A tier of evidence is a pair of key functions; tiers run from the strongest to the weakest over
// what the ones before left unpaired. Every key that may lead to a change on the server contains a
// proof.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "sterna/model/message.h"

namespace sterna::sync {

struct ContentKey {
  Digest header;
  std::uint64_t size = 0;
  auto operator<=>(const ContentKey&) const = default;
};
inline std::optional<ContentKey> content_key(const std::optional<Identity>& identity) {
  if (!identity) return std::nullopt;
  return ContentKey{identity->header, identity->size};
}

// Contents, versions of one header and one size told apart where their bodies are known.
class ContentSet {
 public:
  void add(const std::optional<Identity>& identity) {
    if (identity) bodies_[*content_key(identity)].push_back(identity->body);
  }
  bool may_include(const std::optional<Identity>& identity) const {
    if (!identity) return false;
    const auto found = bodies_.find(*content_key(identity));
    if (found == bodies_.end()) return false;
    return std::ranges::any_of(found->second, [&](std::uint64_t body) {
      return body == 0 || identity->body == 0 || body == identity->body;
    });
  }

 private:
  std::map<ContentKey, std::vector<std::uint64_t>> bodies_;
};

// What of a file is compared: all of it, or what is left without the fields that a mail program
// keeps in the header.
enum class Compared : bool { whole, plain };

// `left_key` and `right_key` give std::optional of one key type, nullopt for what takes no part.
// `join` says whether it took the two for a pair; if not, both go on looking.
template <class Lefts, class Rights, class LeftKey, class RightKey, class Join>
void match(Lefts& lefts, Rights& rights, LeftKey left_key, RightKey right_key, Join join) {
  using Left = std::remove_reference_t<decltype(*lefts.begin())>;
  using Key = typename decltype(left_key(*lefts.begin()))::value_type;
  std::map<Key, std::deque<Left*>> queues;
  for (auto& left : lefts) {
    if (auto key = left_key(left)) queues[*std::move(key)].push_back(&left);
  }
  if (queues.empty()) return;
  for (auto& right : rights) {
    const auto key = right_key(right);
    if (!key) continue;
    const auto found = queues.find(*key);
    if (found == queues.end()) continue;
    auto& queue = found->second;
    const auto partner =
        std::ranges::find_if(queue, [&](Left* left) { return join(*left, right); });
    if (partner != queue.end()) queue.erase(partner);
  }
}

}  // namespace sterna::sync
