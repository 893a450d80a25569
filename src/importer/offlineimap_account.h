// SPDX-License-Identifier: Apache-2.0
// An [Account X] of OfflineIMAP with its two repositories, and what is asked of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "draft.h"
#include "ini_file.h"

namespace sterna::importer {

struct OfflineAccount {
  const IniFile* file = nullptr;
  std::string name;
  std::string section;  // "Account X"
  std::string local;    // "Repository Y"
  std::string remote;
  std::string about;  // for remarks

  std::optional<WipedString> get(std::string_view of, std::string_view key) const {
    return file->get(of, key);
  }
  std::string text(std::string_view of, std::string_view key) const {
    return get(of, key).value_or(WipedString());
  }
  bool yes(std::string_view of, std::string_view key, bool fallback) const;
};

// "~/" for the ways to write one's home; what else refers to the environment is left as it is.
std::string home_path(std::string_view path);

// A Python expression whose value is printed, by Python itself, with the pythonfile read before.
std::string python_command(const OfflineAccount& account, std::string_view expression);

// host, port, tls, user, the password and OAuth.
void carry_offline_login(const OfflineAccount& account, Draft& draft, Remarks& remarks);

// maildir, layout, inbox, mailboxes, rename, watch.
void carry_offline_folders(const OfflineAccount& account, const ListFolders& folders, Draft& draft,
                           Remarks& remarks);

}  // namespace sterna::importer
