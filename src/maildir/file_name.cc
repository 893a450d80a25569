// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/file_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/model/flags.h"
#include "text.h"

namespace sterna::maildir {
namespace {

constexpr std::string_view kFlagsInfo = ":2,";
constexpr std::string_view kExperimentalInfo = ":1,";
constexpr std::string_view kSuffix = ".sterna";

// What a character of the info part means: a bit of the mask, a keyword's letter, or nothing we
// know.
struct Meaning {
  std::uint8_t mask = 0;
  std::uint32_t keyword = 0;
};

constexpr std::array<Meaning, 256> kMeanings = [] {
  std::array<Meaning, 256> table{};
  for (const FlagName& name : kFlagNames) {
    table[static_cast<unsigned char>(name.letter)].mask =
        static_cast<std::uint8_t>(1U << static_cast<unsigned>(name.flag));
  }
  for (unsigned i = 0; i < 26; ++i) table['a' + i].keyword = 1U << i;
  return table;
}();

const Meaning& meaning_of(char c) {
  return kMeanings[static_cast<unsigned char>(c)];
}

// The octets behind ":2," up to the next comma.
std::string_view letters_of(const FileNameView& view) {
  const std::string_view text = view.info.substr(kFlagsInfo.size());
  return text.substr(0, text.find(','));
}

// Calls `field` for each part that a comma precedes.
template <class Field>
void for_each_field(std::string_view base, Field field) {
  std::size_t comma = base.find(',');
  while (comma != std::string_view::npos) {
    const std::size_t next = base.find(',', comma + 1);
    const std::size_t length = next == std::string_view::npos ? next : next - comma - 1;
    field(base.substr(comma + 1, length));
    comma = next;
  }
}

std::optional<std::string_view> value_of(std::string_view field, std::string_view key) {
  if (!field.starts_with(key)) return std::nullopt;
  return field.substr(key.size());
}

std::optional<std::uint64_t> number_of(std::string_view field, std::string_view key,
                                       std::uint64_t max = UINT64_MAX) {
  const auto value = value_of(field, key);
  return value ? parse_number(*value, max) : std::nullopt;
}

std::optional<std::string_view> md5_of(std::string_view field) {
  const auto value = value_of(field, "FMD5=");
  const bool is_md5 = value && value->size() == 32 &&
                      std::ranges::all_of(*value, [](char c) { return is_hex_digit(c); });
  return is_md5 ? value : std::nullopt;
}

bool is_known_field(std::string_view field) {
  return number_of(field, "U=", UINT32_MAX) || number_of(field, "S=") || number_of(field, "W=") ||
         md5_of(field);
}

// Reads decimal fields behind one-letter keys, as in "M12V7U3".
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : text_(text) {}

  std::optional<std::uint64_t> number(char key, std::uint64_t max) {
    if (!text_.starts_with(key)) return std::nullopt;
    const std::size_t end = std::min(text_.find_first_not_of("0123456789", 1), text_.size());
    const auto value = parse_number(text_.substr(1, end - 1), max);
    text_.remove_prefix(end);
    return value;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

FileNameView view_file_name(std::string_view full_name) {
  FileNameView view;
  std::size_t at = full_name.rfind(kFlagsInfo);
  view.kind = InfoKind::flags;
  if (at == std::string_view::npos) {
    at = full_name.rfind(kExperimentalInfo);
    view.kind = InfoKind::experimental;
  }
  if (at == std::string_view::npos) {
    at = full_name.rfind(':');
    view.kind = at == std::string_view::npos ? InfoKind::none : InfoKind::unknown;
  }
  view.base = full_name.substr(0, at);
  view.info = full_name.substr(view.base.size());
  if (view.kind == InfoKind::flags) {
    for (const char c : letters_of(view)) {
      view.mask |= meaning_of(c).mask;
      view.keywords |= meaning_of(c).keyword;
    }
  }
  return view;
}

FileName parse_file_name(std::string_view full_name) {
  const FileNameView view = view_file_name(full_name);
  FileName name{.base = std::string(view.base),
                .kind = view.kind,
                .mask = view.mask,
                .keywords = view.keywords,
                .unknown = {},
                .rest = {}};
  if (view.kind != InfoKind::flags) {
    name.rest = view.info;
    return name;
  }
  const std::string_view letters = letters_of(view);
  for (const char c : letters) {
    if (meaning_of(c).mask == 0 && meaning_of(c).keyword == 0) name.unknown += c;
  }
  std::ranges::sort(name.unknown);
  const auto repeated = std::ranges::unique(name.unknown);
  name.unknown.erase(repeated.begin(), repeated.end());
  name.rest = view.info.substr(kFlagsInfo.size() + letters.size());
  return name;
}

std::string print_file_name(const FileName& name) {
  if (name.kind != InfoKind::flags) {
    STERNA_ASSERT(name.is_plain());
    return name.base + name.rest;
  }
  std::string letters = name.unknown;
  for (const FlagName& flag : kFlagNames) {
    if (((name.mask >> static_cast<unsigned>(flag.flag)) & 1U) != 0) letters += flag.letter;
  }
  for (unsigned i = 0; i < 26; ++i) {
    if (((name.keywords >> i) & 1U) != 0) letters += static_cast<char>('a' + i);
  }
  std::ranges::sort(letters);
  std::string text = name.base;
  text += kFlagsInfo;
  text += letters;
  text += name.rest;
  return text;
}

FileName with_flags(FileName name, std::uint8_t mask, std::uint32_t keywords) {
  STERNA_ASSERT(name.tells_flags());
  name.kind = InfoKind::flags;
  name.mask = mask;
  name.keywords = keywords;
  return name;
}

std::string strip_fields(std::string_view base) {
  std::string stripped(base.substr(0, base.find(',')));
  for_each_field(base, [&](std::string_view field) {
    if (is_known_field(field)) return;
    stripped += ',';
    stripped += field;
  });
  return stripped;
}

std::optional<ForeignMark> foreign_mark(std::string_view base) {
  ForeignMark mark;
  for_each_field(base, [&](std::string_view field) {
    if (const auto uid = number_of(field, "U=", UINT32_MAX)) {
      mark.uid = Uid{static_cast<std::uint32_t>(*uid)};
    }
    if (const auto md5 = md5_of(field)) mark.folder_md5 = *md5;
  });
  if (!mark.uid) return std::nullopt;
  return mark;
}

std::string derive_base_name(const Origin& origin) {
  std::string name = fmt::format("{}.S{:016x}M{}V{}U{}", std::max<std::int64_t>(origin.seconds, 0),
                                 origin.tree.value, origin.mailbox.value, origin.uidvalidity.value,
                                 origin.uid.value);
  if (origin.collision != 0) name += fmt::format("C{}", origin.collision);
  name += kSuffix;
  STERNA_ASSERT(name.size() <= kBaseOctetsMax);
  return name;
}

std::optional<Origin> parse_origin(std::string_view base) {
  constexpr std::size_t kTreeDigits = 16;
  const std::string name = strip_fields(base);
  std::string_view text = name;
  if (text.size() > kBaseOctetsMax || !text.ends_with(kSuffix)) return std::nullopt;
  text.remove_suffix(kSuffix.size());

  const std::size_t dot = text.find(".S");
  if (dot == std::string_view::npos) return std::nullopt;
  const auto seconds = parse_number(text.substr(0, dot), INT64_MAX);
  text.remove_prefix(dot + 2);
  const auto tree = parse_hex64(text.substr(0, kTreeDigits));
  if (!seconds || !tree) return std::nullopt;

  FieldReader fields(text.substr(std::min(kTreeDigits, text.size())));
  const auto mailbox = fields.number('M', INT64_MAX);
  const auto uidvalidity = fields.number('V', UINT32_MAX);
  const auto uid = fields.number('U', UINT32_MAX);
  const auto collision =
      fields.at_end() ? std::optional<std::uint64_t>(0) : fields.number('C', UINT32_MAX);
  if (!mailbox || !uidvalidity || !uid || !collision || !fields.at_end()) return std::nullopt;
  const Origin origin{.tree = TreeId{*tree},
                      .mailbox = MailboxId{static_cast<std::int64_t>(*mailbox)},
                      .uidvalidity = UidValidity{static_cast<std::uint32_t>(*uidvalidity)},
                      .uid = Uid{static_cast<std::uint32_t>(*uid)},
                      .seconds = static_cast<std::int64_t>(*seconds),
                      .collision = static_cast<std::uint32_t>(*collision)};
  // Leading zeros, upper case and the like are somebody else's.
  if (derive_base_name(origin) != name) return std::nullopt;
  return origin;
}

std::string unique_base_name(std::string_view random_hex, std::int64_t seconds) {
  std::string name =
      fmt::format("{}.R{}{}", std::max<std::int64_t>(seconds, 0), random_hex, kSuffix);
  STERNA_ASSERT(name.size() <= kBaseOctetsMax);
  return name;
}

}  // namespace sterna::maildir
