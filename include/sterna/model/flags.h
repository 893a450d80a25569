// SPDX-License-Identifier: Apache-2.0
// FlagSet: the flags and keywords of a message (RFC 3501 section 2.3.2), \Recent never among them.
//
// One table drives everything: the six flags that a Maildir has letters for, with their IMAP names.
// $Forwarded is a keyword for IMAP and a flag for a Maildir (P); it lives in the mask. Keywords
// compare without regard to case; the spelling seen first is kept.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

enum class Flag : std::uint8_t { draft, flagged, forwarded, replied, seen, deleted };

struct FlagName {
  Flag flag;
  std::string_view imap;
  char letter;  // in the info part of a Maildir name
};

// In the order of the letters, which is the order in which a Maildir name has them.
inline constexpr std::array<FlagName, 6> kFlagNames{{{Flag::draft, "\\Draft", 'D'},
                                                     {Flag::flagged, "\\Flagged", 'F'},
                                                     {Flag::forwarded, "$Forwarded", 'P'},
                                                     {Flag::replied, "\\Answered", 'R'},
                                                     {Flag::seen, "\\Seen", 'S'},
                                                     {Flag::deleted, "\\Deleted", 'T'}}};

class FlagSet {
 public:
  FlagSet() = default;
  FlagSet(std::initializer_list<Flag> flags);
  // From IMAP's words. \Recent is left out; unknown words with a backslash too (they cannot be
  // stored).
  static FlagSet from_imap(std::vector<std::string> words);
  // "\Seen $Forwarded work": words between spaces; the inverse of to_string().
  static FlagSet parse(std::string_view text);

  bool has(Flag flag) const { return (mask_ & bit(flag)) != 0; }
  void set(Flag flag, bool on = true);
  void add_keyword(std::string_view keyword);  // "$Forwarded" goes to the mask
  void remove_keyword(std::string_view keyword);

  bool empty() const { return mask_ == 0 && keywords_.empty(); }
  std::uint8_t mask() const { return mask_; }
  static FlagSet from_mask(std::uint8_t mask);
  // Ascending by lower case.
  const std::vector<std::string>& keywords() const { return keywords_; }

  std::vector<std::string> to_imap() const;
  std::string to_string() const;  // to_imap() joined by spaces

  // Set algebra, keywords without regard to case.
  FlagSet united(const FlagSet& other) const;
  FlagSet minus(const FlagSet& other) const;
  FlagSet intersected(const FlagSet& other) const;
  bool contains(const FlagSet& other) const { return other.minus(*this).empty(); }
  bool operator==(const FlagSet& other) const;

 private:
  static constexpr std::uint8_t bit(Flag flag) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(flag));
  }
  std::uint8_t mask_ = 0;
  std::vector<std::string> keywords_;
};

// What a side did to the flags since the base: two disjoint sets.
struct FlagDelta {
  FlagSet add;
  FlagSet remove;
  bool empty() const { return add.empty() && remove.empty(); }
  bool operator==(const FlagDelta&) const = default;
};

FlagDelta flag_delta(const FlagSet& from, const FlagSet& to);
FlagSet apply(const FlagSet& flags, const FlagDelta& delta);

// An IMAP atom (RFC 3501 section 9): what a keyword has to be, to be told to a server.
bool is_atom(std::string_view word);
// The keywords that are none: a Maildir can hold them, no server can be told them.
FlagSet without_wire_form(const FlagSet& flags);

// Which flags and keywords a mailbox can hold on the server: its PERMANENTFLAGS (RFC 3501 section
// 7.1).
struct StorableFlags {
  bool any = true;  // any keyword: "\*", or the server does not say; else those of `listed` alone
  FlagSet listed;   // system flags as well; with `any` and nothing in it the server says nothing
  // Those among `flags` that are not stored.
  FlagSet refused_of(const FlagSet& flags) const;
  bool has_more_than(const StorableFlags& before) const;
  bool operator==(const StorableFlags&) const = default;
};

}  // namespace sterna
