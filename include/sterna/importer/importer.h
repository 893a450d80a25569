// SPDX-License-Identifier: Apache-2.0
// The configuration of another synchronizer becomes one of Sterna: text in, text out.
//
// Pure functions, but for the names of folders, which the caller looks up: where another program
// spells mailboxes otherwise than Sterna does (Archive.2025, Entw&APw-rfe), its folders keep their
// names through the key `rename`, and which there are is known by the disk alone.
//
// Where two readings are possible, the one that deletes less is taken, and a remark says so.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::importer {

// The folders below `directory` (as the foreign configuration writes it) that are Maildirs: their
// paths relative to it, '/' between components, "" for itself. Empty where nothing can be seen.
using ListFolders = std::function<std::vector<std::string>(std::string_view directory)>;

struct Imported {
  WipedString toml;                  // holds passwords where the foreign configuration did
  bool holds_password = false;       // in so many words
  std::vector<std::string> remarks;  // what differs from what was there, a line each; printable
};

inline constexpr std::size_t kForeignOctetsMax = 4 * 1024 * 1024;

// Fails with code config if nothing in it can be carried over.
Result<Imported> import_mbsync(std::string_view text, const ListFolders& folders);
Result<Imported> import_offlineimap(std::string_view text, const ListFolders& folders);

}  // namespace sterna::importer
