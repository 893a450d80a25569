// SPDX-License-Identifier: Apache-2.0
#include "diary.h"

#include <fmt/format.h>

#include "sterna/base/log.h"

namespace sterna::simulation {
namespace {

const std::vector<std::string>& flag_names() {
  static const std::vector<std::string> names{"\\Seen",     "\\Flagged", "\\Answered", "\\Draft",
                                              "$Forwarded", "work",      "later"};
  return names;
}

}  // namespace

std::string Deed::token() const {
  return fmt::format("t{}", id_);
}
std::string Deed::mailbox_name() {
  return chance.chance(30) ? fmt::format("Lists/m{}", id_) : fmt::format("m{}", id_);
}

std::string Deed::message(std::string_view token) {
  std::string text = fmt::format(
      "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: About {}\r\n", token);
  if (chance.chance(80) || names_all)
    text += fmt::format("Message-ID: <{}@example.org>\r\n", token);
  text += fmt::format("X-Token: {}\r\n\r\n", token);
  const std::uint64_t lines = chance.chance(3) ? 3000 : chance.below(20);
  for (std::uint64_t i = 0; i < lines; ++i) text += fmt::format("line {:x}\r\n", chance.next());
  return text;
}

FlagSet Deed::flags() {
  FlagSet flags;
  while (chance.chance(35)) flags = flags.united(FlagSet::parse(flag()));
  return flags;
}
const std::string& Deed::flag() {
  return chance.pick(flag_names());
}

// FNV-1a, then mixed.
std::uint64_t Deed::rank(std::string_view name) const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return SeededRandom(hash ^ dice_).next();
}
const std::string* Deed::pick(const std::vector<std::string>& names) const {
  const std::string* first = nullptr;
  for (const std::string& name : names) {
    if (!first || rank(name) < rank(*first)) first = &name;
  }
  return first;
}

void Diary::tell(Side side, const std::string& what) {
  note(fmt::format("{}: {}", side == Side::local ? "local" : "remote", what));
}
void Diary::note(std::string line) {
  Log().info("{}", line);
  story.push_back(std::move(line));
}

std::string token_of(std::string_view octets) {
  constexpr std::string_view kField = "X-Token: ";
  const std::size_t begin = octets.find(kField);
  if (begin == std::string_view::npos) return "(no token)";
  const std::size_t end = octets.find_first_of("\r\n", begin);
  if (end == std::string_view::npos) return "(no token)";  // the file was cut
  return std::string(octets.substr(begin + kField.size(), end - begin - kField.size()));
}

std::string as_sent(std::string octets) {
  constexpr std::string_view kStored = "X-Stored: here\r\n";
  while (octets.starts_with(kStored)) octets.erase(0, kStored.size());
  return octets;
}

bool toggle(FlagSet& flags, const std::string& name) {
  const FlagSet one = FlagSet::parse(name);
  const bool on = !flags.contains(one);
  flags = on ? flags.united(one) : flags.minus(one);
  return on;
}

std::string with_line_ends(const std::string& text, const std::string& from,
                           const std::string& to) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t place = 0;;) {
    const std::size_t end = text.find(from, place);
    out.append(text, place, end - place);
    if (end == std::string::npos) return out;
    out += to;
    place = end + from.size();
  }
}

}  // namespace sterna::simulation
