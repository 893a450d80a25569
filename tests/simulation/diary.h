// SPDX-License-Identifier: Apache-2.0
// What both users share: the ledger, the story, and how a step of the script becomes a deed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ledger.h"
#include "script.h"
#include "seeded_random.h"

namespace sterna::simulation {

// One step of a user. Its chance is its own, so it chooses the same, as far as that is still there,
// whatever was done before it.
class Deed {
 public:
  Deed(std::uint32_t id, std::uint64_t dice) : chance(dice), id_(id), dice_(dice) {}
  bool names_all = false;  // each message that it makes has a Message-ID

  std::string token() const;                    // of a message that it makes
  std::string mailbox_name();                   // of a mailbox that it makes
  std::string message(std::string_view token);  // lines end with CRLF
  FlagSet flags();
  const std::string& flag();

  // The rank of a thing among others.
  std::uint64_t rank(std::string_view name) const;
  const std::string* pick(const std::vector<std::string>& names) const;
  template <class T>
  const T* pick(const std::vector<T>& things) const {  // by their copy's token
    const T* first = nullptr;
    for (const T& thing : things) {
      if (!first || rank(thing.copy.token) < rank(first->copy.token)) first = &thing;
    }
    return first;
  }

  SeededRandom chance;

 private:
  std::uint32_t id_;
  std::uint64_t dice_;
};

struct Diary {
  Ledger ledger;
  std::vector<std::string> story;  // since the last rest
  std::int64_t now_s = 0;          // for dates
  bool amid_sync = false;
  // Whether it was sent and not even the sync knows that it arrived.
  std::function<bool(const std::string& token)> is_in_doubt = {};
  // Whether the state has a row for a file of that name.
  std::function<bool(const std::string& base_name)> is_recorded = {};

  void tell(Side side, const std::string& what);
  void note(std::string line);  // also into the log, among what the engine says
};

std::string token_of(std::string_view octets);
// Without the field that a server adds to what it stores, each time.
std::string as_sent(std::string octets);
// Switches one flag; the result says to what.
bool toggle(FlagSet& flags, const std::string& name);
std::string with_line_ends(const std::string& text, const std::string& from, const std::string& to);

// Those of `all` whose token is known and occurs once.
template <class T>
std::vector<T> sole(std::vector<T> all, const Ledger& ledger) {
  std::map<std::string, int> counts;
  for (const T& one : all) ++counts[one.copy.token];
  std::erase_if(all, [&](const T& one) {
    return counts[one.copy.token] != 1 || !ledger.knows(one.copy.token);
  });
  return all;
}

template <class T>
std::vector<Copy> only_copies(std::vector<T> all) {
  std::vector<Copy> copies;
  for (T& one : all) copies.push_back(std::move(one.copy));
  return copies;
}

}  // namespace sterna::simulation
