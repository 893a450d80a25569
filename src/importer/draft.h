// SPDX-License-Identifier: Apache-2.0
// Draft: an account of ours in the making; Remarks: what is to be said about it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/base/secret.h"
#include "sterna/importer/importer.h"

namespace sterna::importer {

// In the order in which they came, each once.
class Remarks {
 public:
  // `about`: of whom it is said ("account work"), "" of everything. Foreign text in it is made
  // printable here.
  void add(std::string_view about, std::string_view text);
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

// A value as TOML writes it. What is not UTF-8 becomes U+FFFD.
WipedString toml_string(std::string_view text);
std::string toml_array(const std::vector<std::string>& texts);
// A command for `sh -c`, as an array.
std::string toml_shell(std::string_view command);
std::string toml_key(std::string_view name);

struct Setting {
  std::string key;
  WipedString value;  // TOML
  std::string note;   // a comment behind it
};

// Of a table, or of a rule.
class Settings {
 public:
  // A later value of a key replaces the earlier one.
  void set(std::string key, std::string value, std::string note = "");
  void set_text(std::string key, std::string_view value, std::string note = "");
  void erase(std::string_view key);
  const Setting* find(std::string_view key) const;
  // The value is what the foreign program would do, and the user may choose it.
  void suggest(std::string key, std::string value, std::string note);

  bool empty() const { return settings_.empty() && suggestions_.empty(); }
  const std::vector<Setting>& all() const { return settings_; }
  const std::vector<Setting>& suggestions() const { return suggestions_; }
  bool operator==(const Settings& other) const;

 private:
  std::vector<Setting> settings_;
  std::vector<Setting> suggestions_;
};

struct Draft {
  std::string name;
  std::vector<std::string> comments;  // above the table
  Settings keys;
  Settings tls;
  Settings oauth;
  Settings roles;
  std::vector<std::pair<std::string, std::string>> rename;  // local, remote
  std::vector<Settings> rules;
};

// A legal name of an account that none of `drafts` has.
std::string account_name(std::string_view wanted, const std::vector<Draft>& drafts);

// The whole file. `head`: lines of its first comment.
WipedString write_toml(const std::vector<std::string>& head, const Settings& hooks,
                       const std::vector<Draft>& drafts);

}  // namespace sterna::importer
