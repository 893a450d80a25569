// SPDX-License-Identifier: Apache-2.0
// A foreign configuration, what becomes of it, and what our own loader says of that.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/importer/importer.h"
#include "tests/config/support.h"

namespace sterna::importer {

using Importer = Result<Imported> (*)(std::string_view, const ListFolders&);
using Folders = std::vector<std::string>;

inline ListFolders folders_are(Folders folders) {
  return [folders = std::move(folders)](std::string_view) { return folders; };
}

// What was made of a text, read back.
struct Taken {
  Imported imported;
  config::Config config;

  const config::AccountConfig& account(std::string_view name) const {
    const auto* found = config.account(name);
    if (found != nullptr) return *found;
    ADD_FAILURE() << "no account " << name << " in\n" << std::string(imported.toml);
    static const config::AccountConfig kNone;
    return kNone;
  }
  std::string remarks() const {
    std::string all;
    for (const std::string& remark : imported.remarks) all += remark + "\n";
    return all;
  }
};

// Fails the test where our loader finds anything to object to.
inline Taken take(Importer importer, std::string_view text, Folders folders = {}) {
  Taken taken;
  auto imported = importer(text, folders_are(std::move(folders)));
  if (!imported) {
    ADD_FAILURE() << imported.error().describe();
    return taken;
  }
  taken.imported = std::move(*imported);
  const config::Home home;
  auto loaded = home.load_text(taken.imported.toml);
  if (loaded) {
    taken.config = std::move(*loaded);
  } else {
    ADD_FAILURE() << describe(loaded.error(), home) << std::string(taken.imported.toml);
  }
  const std::string prefix = home.root();
  for (config::AccountConfig& account : taken.config.accounts) {
    if (account.maildir.starts_with(prefix)) account.maildir.replace(0, prefix.size(), "~");
  }
  return taken;
}

}  // namespace sterna::importer
