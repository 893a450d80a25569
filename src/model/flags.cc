// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/flags.h"

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

int compare_keywords(std::string_view a, std::string_view b) {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const char x = ascii_lower(a[i]);
    const char y = ascii_lower(b[i]);
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

auto position(std::vector<std::string>& keywords, std::string_view keyword) {
  return std::lower_bound(
      keywords.begin(), keywords.end(), keyword,
      [](const std::string& a, std::string_view b) { return compare_keywords(a, b) < 0; });
}

// $Forwarded among them.
FlagSet keywords_of(const FlagSet& flags) {
  FlagSet keywords = flags;
  for (const FlagName& name : kFlagNames) {
    if (name.imap.starts_with('\\')) keywords.set(name.flag, false);
  }
  return keywords;
}

const FlagName* by_imap_name(std::string_view word) {
  for (const FlagName& name : kFlagNames) {
    if (ascii_iequals(name.imap, word)) return &name;
  }
  return nullptr;
}

}  // namespace

FlagSet::FlagSet(std::initializer_list<Flag> flags) {
  for (const Flag flag : flags) set(flag);
}

FlagSet FlagSet::from_imap(std::vector<std::string> words) {
  FlagSet flags;
  for (std::string& word : words) {
    if (const FlagName* name = by_imap_name(word)) {
      flags.set(name->flag);
    } else if (!word.empty() && word[0] != '\\') {
      flags.keywords_.push_back(std::move(word));
    }
  }
  // All at once: each at its place would take the square of their number.
  std::ranges::sort(flags.keywords_, [](const std::string& a, const std::string& b) {
    const int order = compare_keywords(a, b);
    return order == 0 ? a < b : order < 0;
  });
  const auto doubled = std::ranges::unique(
      flags.keywords_,
      [](const std::string& a, const std::string& b) { return ascii_iequals(a, b); });
  flags.keywords_.erase(doubled.begin(), doubled.end());
  return flags;
}

FlagSet FlagSet::parse(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return from_imap(std::move(words));
}

FlagSet FlagSet::from_mask(std::uint8_t mask) {
  FlagSet flags;
  flags.mask_ = mask & 0x3f;
  return flags;
}

void FlagSet::set(Flag flag, bool on) {
  mask_ = static_cast<std::uint8_t>(on ? mask_ | bit(flag) : mask_ & ~bit(flag));
}

void FlagSet::add_keyword(std::string_view keyword) {
  if (const FlagName* name = by_imap_name(keyword)) {
    set(name->flag);
    return;
  }
  if (keyword.empty()) return;
  const auto at = position(keywords_, keyword);
  if (at != keywords_.end() && ascii_iequals(*at, keyword)) return;
  keywords_.insert(at, std::string(keyword));
}

void FlagSet::remove_keyword(std::string_view keyword) {
  if (const FlagName* name = by_imap_name(keyword)) {
    set(name->flag, false);
    return;
  }
  const auto at = position(keywords_, keyword);
  if (at != keywords_.end() && ascii_iequals(*at, keyword)) keywords_.erase(at);
}

std::vector<std::string> FlagSet::to_imap() const {
  std::vector<std::string> words;
  for (const FlagName& name : kFlagNames) {
    if (has(name.flag)) words.emplace_back(name.imap);
  }
  words.insert(words.end(), keywords_.begin(), keywords_.end());
  return words;
}

std::string FlagSet::to_string() const {
  std::string text;
  for (const std::string& word : to_imap()) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

FlagSet FlagSet::united(const FlagSet& other) const {
  FlagSet out = *this;
  out.mask_ |= other.mask_;
  for (const std::string& keyword : other.keywords_) out.add_keyword(keyword);
  return out;
}

FlagSet FlagSet::minus(const FlagSet& other) const {
  FlagSet out = *this;
  out.mask_ = static_cast<std::uint8_t>(mask_ & ~other.mask_);
  for (const std::string& keyword : other.keywords_) out.remove_keyword(keyword);
  return out;
}

FlagSet FlagSet::intersected(const FlagSet& other) const {
  return minus(minus(other));
}

bool FlagSet::operator==(const FlagSet& other) const {
  return mask_ == other.mask_ &&
         std::ranges::equal(keywords_, other.keywords_,
                            [](const auto& a, const auto& b) { return ascii_iequals(a, b); });
}

FlagDelta flag_delta(const FlagSet& from, const FlagSet& to) {
  return {to.minus(from), from.minus(to)};
}

FlagSet apply(const FlagSet& flags, const FlagDelta& delta) {
  return flags.united(delta.add).minus(delta.remove);
}

bool is_atom(std::string_view word) {
  constexpr std::string_view kSpecials = "(){%*\"\\]";
  return !word.empty() && std::ranges::all_of(word, [&](char c) {
    return c > 0x20 && c < 0x7f && kSpecials.find(c) == std::string_view::npos;
  });
}

FlagSet without_wire_form(const FlagSet& flags) {
  FlagSet out;
  for (const std::string& keyword : flags.keywords()) {
    if (!is_atom(keyword)) out.add_keyword(keyword);
  }
  return out;
}

FlagSet StorableFlags::refused_of(const FlagSet& flags) const {
  if (any && listed.empty()) return {};
  const FlagSet lacking = flags.minus(listed);
  return any ? lacking.minus(keywords_of(lacking)) : lacking;
}

bool StorableFlags::has_more_than(const StorableFlags& before) const {
  const bool says_nothing = any && listed.empty();
  const FlagSet held = says_nothing ? FlagSet::from_mask(0xff) : listed;
  return (any && !before.any) || !before.refused_of(held).empty();
}

}  // namespace sterna
