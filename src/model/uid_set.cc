// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/uid_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna {
namespace {

Uid next(Uid uid) {
  return Uid{uid.value + 1};
}
Uid previous(Uid uid) {
  return Uid{uid.value - 1};
}

// Whether b, which does not start before a, overlaps a or follows it without a gap.
bool joins(const UidRange& a, const UidRange& b) {
  return a.last == kUidMax || b.first <= next(a.last);
}

std::string range_to_string(const UidRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first.value)
                                   : fmt::format("{}:{}", range.first.value, range.last.value);
}

}  // namespace

// One part after the other: all of them as a list would take eight times the text.
std::optional<std::vector<UidRange>> parse_uid_ranges(std::string_view text,
                                                      std::size_t ranges_max) {
  std::vector<UidRange> ranges;
  for (bool more = true; more;) {
    if (ranges.size() >= ranges_max) return std::nullopt;
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
    const std::size_t colon = part.find(':');
    const auto first = parse_number(part.substr(0, colon), UINT32_MAX);
    const auto last =
        colon == std::string_view::npos ? first : parse_number(part.substr(colon + 1), UINT32_MAX);
    if (!first || !last || *first == 0 || *last == 0) return std::nullopt;
    const Uid a{static_cast<std::uint32_t>(*first)};
    const Uid b{static_cast<std::uint32_t>(*last)};
    ranges.push_back({std::min(a, b), std::max(a, b)});
  }
  return ranges;
}

UidSet UidSet::single(Uid uid) {
  return range(uid, uid);
}

UidSet UidSet::range(Uid first, Uid last) {
  UidSet set;
  set.add_range(std::min(first, last), std::max(first, last));
  return set;
}

UidSet UidSet::of(std::vector<Uid> uids) {
  std::ranges::sort(uids);
  UidSet set;
  for (const Uid uid : uids) set.add(uid);
  return set;
}

std::optional<UidSet> UidSet::parse(std::string_view text, std::size_t ranges_max) {
  auto ranges = parse_uid_ranges(text, ranges_max);
  if (!ranges) return std::nullopt;
  return of_ranges(*std::move(ranges));
}

UidSet UidSet::of_ranges(std::vector<UidRange> ranges) {
  std::ranges::sort(ranges);
  UidSet set;
  for (const UidRange& range : ranges) set.add_range(range.first, range.last);
  return set;
}

void UidSet::add_range(Uid first, Uid last) {
  STERNA_ASSERT(first && first <= last);
  const UidRange added{first, last};
  if (ranges_.empty() || (ranges_.back().last < first && !joins(ranges_.back(), added))) {
    ranges_.push_back(added);
    return;
  }
  // The first range that touches or follows the new one.
  auto it = std::ranges::lower_bound(ranges_, first, {}, [](const UidRange& r) {
    return r.last == kUidMax ? kUidMax : next(r.last);
  });
  UidRange merged = added;
  auto end = it;
  while (end != ranges_.end() && (end->first <= last || joins(merged, *end))) {
    merged.first = std::min(merged.first, end->first);
    merged.last = std::max(merged.last, end->last);
    ++end;
  }
  it = ranges_.erase(it, end);
  ranges_.insert(it, merged);
}

void UidSet::add_all(const UidSet& other) {
  if (ranges_.empty()) {
    ranges_ = other.ranges_;
    return;
  }
  std::vector<UidRange> all;
  all.reserve(ranges_.size() + other.ranges_.size());
  std::ranges::merge(ranges_, other.ranges_, std::back_inserter(all));
  ranges_.clear();
  for (const UidRange& range : all) add_range(range.first, range.last);
}

void UidPile::add(const UidSet& more) {
  pile_.insert(pile_.end(), more.ranges().begin(), more.ranges().end());
  if (pile_.size() >= std::max<std::size_t>(kPileMin, set_.ranges().size())) sort_out();
}

void UidPile::sort_out() {
  if (pile_.empty()) return;
  set_.add_all(UidSet::of_ranges(std::move(pile_)));
  pile_ = {};
}

void UidSet::remove(Uid uid) {
  *this = minus(single(uid));
}

bool UidSet::contains(Uid uid) const {
  const auto it = std::ranges::lower_bound(ranges_, uid, {}, &UidRange::last);
  return it != ranges_.end() && it->first <= uid;
}

std::uint64_t UidSet::count() const {
  std::uint64_t total = 0;
  for (const UidRange& range : ranges_) total += range.count();
  return total;
}

Uid UidSet::first() const {
  STERNA_ASSERT(!empty());
  return ranges_.front().first;
}

Uid UidSet::last() const {
  STERNA_ASSERT(!empty());
  return ranges_.back().last;
}

UidSet UidSet::intersect(const UidSet& other) const {
  UidSet out;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const Uid first = std::max(a->first, b->first);
    const Uid last = std::min(a->last, b->last);
    if (first <= last) out.add_range(first, last);
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return out;
}

UidSet UidSet::minus(const UidSet& other) const {
  UidSet out;
  auto cut = other.ranges_.begin();
  for (UidRange left : ranges_) {
    while (cut != other.ranges_.end() && cut->last < left.first) ++cut;
    auto hole = cut;
    bool any = true;
    while (any && hole != other.ranges_.end() && hole->first <= left.last) {
      if (hole->first > left.first) out.add_range(left.first, previous(hole->first));
      any = hole->last < left.last;
      if (any) left.first = next(hole->last);
      ++hole;
    }
    if (any) out.add_range(left.first, left.last);
  }
  return out;
}

std::string UidSet::to_string() const {
  std::string text;
  for (const UidRange& range : ranges_) {
    if (!text.empty()) text += ',';
    text += range_to_string(range);
  }
  return text;
}

std::vector<UidSet> UidSet::chunks(std::size_t octets) const {
  std::vector<UidSet> sets;
  std::size_t used = 0;
  for (const UidRange& range : ranges_) {
    const std::size_t length = range_to_string(range).size() + 1;
    if (sets.empty() || used + length > octets) {
      sets.emplace_back();
      used = 0;
    }
    sets.back().ranges_.push_back(range);
    used += length;
  }
  return sets;
}

std::vector<Uid> UidSet::expand(std::uint64_t limit) const {
  STERNA_ASSERT(count() <= limit);
  std::vector<Uid> uids;
  uids.reserve(count());
  for (const UidRange& range : ranges_) {
    for (std::uint64_t uid = range.first.value; uid <= range.last.value; ++uid) {
      uids.push_back(Uid{static_cast<std::uint32_t>(uid)});
    }
  }
  return uids;
}

}  // namespace sterna
