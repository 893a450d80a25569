// SPDX-License-Identifier: Apache-2.0
// The grammar of OfflineIMAP's configuration: that of Python's configparser, with sections,
// "key = value" or "key: value", values that go on in indented lines, [DEFAULT] and %(name)s.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/secret.h"

namespace sterna::importer {

struct IniEntry {
  std::string key;    // lower case
  WipedString value;  // trimmed; further lines behind a line feed; may be a password
  unsigned line = 0;
};

struct IniSection {
  std::string name;  // as written
  std::vector<IniEntry> entries;
};

class IniFile {
 public:
  const std::vector<IniSection>& sections() const { return sections_; }
  const std::vector<std::string>& problems() const { return problems_; }  // "line 3: ..."
  const IniSection* section(std::string_view name) const;                 // of several, the last

  // The value with its %(name)s filled in, from the section or from [DEFAULT].
  std::optional<WipedString> get(std::string_view section, std::string_view key) const;

 private:
  friend IniFile parse_ini(std::string_view text);

  const IniEntry* find(std::string_view section, std::string_view key) const;
  WipedString filled(std::string_view section, std::string_view value, int depth,
                     std::size_t& budget) const;

  std::vector<IniSection> sections_;
  std::vector<std::string> problems_;
};

IniFile parse_ini(std::string_view text);

}  // namespace sterna::importer
