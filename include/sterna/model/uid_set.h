// SPDX-License-Identifier: Apache-2.0
// UidSet: UIDs as ascending, disjoint, non-adjacent ranges (RFC 3501 section 9: a "sequence-set"
// without "*"). Never expanded on a server's word: a range of four thousand million costs eight
// octets. There is none for message sequence numbers, which Sterna never sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/model/ids.h"

namespace sterna {

struct UidRange {
  Uid first;  // both inclusive, first <= last
  Uid last;
  auto operator<=>(const UidRange&) const = default;
  std::uint64_t count() const { return std::uint64_t{last.value} - first.value + 1; }
};

// "1:3,7,12:10" as it is written, each range ascending; no "*", no 0. nullopt if malformed or of
// more than `ranges_max` ranges.
std::optional<std::vector<UidRange>> parse_uid_ranges(std::string_view text,
                                                      std::size_t ranges_max = 1'000'000);

class UidSet {
 public:
  UidSet() = default;
  static UidSet single(Uid uid);
  static UidSet range(Uid first, Uid last);  // in either order
  static UidSet of(std::vector<Uid> uids);   // in any order, once or more often
  static UidSet of_ranges(std::vector<UidRange> ranges);
  // As parse_uid_ranges().
  static std::optional<UidSet> parse(std::string_view text, std::size_t ranges_max = 1'000'000);

  void add(Uid uid) { add_range(uid, uid); }  // O(1) when ascending
  void add_range(Uid first, Uid last);        // first <= last, both nonzero
  void add_all(const UidSet& other);
  void remove(Uid uid);

  bool contains(Uid uid) const;
  bool empty() const { return ranges_.empty(); }
  std::uint64_t count() const;
  Uid first() const;  // precondition: not empty
  Uid last() const;

  UidSet intersect(const UidSet& other) const;
  UidSet minus(const UidSet& other) const;

  const std::vector<UidRange>& ranges() const { return ranges_; }
  std::string to_string() const;  // ascending, as the wire has it
  // This set cut into sets whose to_string() is at most `octets` long each (at least one range
  // each).
  std::vector<UidSet> chunks(std::size_t octets) const;
  // Every member, for sets whose size we know to be small. Precondition: count() <= limit.
  std::vector<Uid> expand(std::uint64_t limit) const;

  bool operator==(const UidSet&) const = default;

 private:
  std::vector<UidRange> ranges_;
};

// A set that comes in many small pieces and any order, in linear time but for a logarithm: a UidSet
// would move all that it has for each of them.
class UidPile {
 public:
  void add(const UidSet& more);
  void sort_out();  // set() is whole then
  const UidSet& set() const { return set_; }
  std::size_t ranges() const { return set_.ranges().size() + pile_.size(); }  // at most so many

 private:
  static constexpr std::size_t kPileMin = 1024;

  UidSet set_;
  std::vector<UidRange> pile_;
};

}  // namespace sterna
