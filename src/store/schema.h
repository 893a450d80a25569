// SPDX-License-Identifier: Apache-2.0
// The schema of state.db and its versions. docs/storage.md explains the tables.
//
// `user_version` counts the migrations that were applied; 0 is a file that is still empty. Each
// migration runs in a transaction of its own together with the new number, so a crash leaves a
// whole version.
#pragma once

#include "db.h"
#include "sterna/base/result.h"

namespace sterna::store {

inline constexpr std::int64_t kSchemaVersion = 12;

// What a file says of itself.
struct SchemaState {
  std::int64_t version = 0;
  bool is_new() const { return version == 0; }
};

// Reads the header and nothing else. `corrupt` if it is no database of Sterna, `unsupported` if it
// is of a later version than this program.
Result<SchemaState> read_schema(Db& db);

// Brings the file to kSchemaVersion and into WAL mode. Precondition: `db` may write and nobody else
// does.
Status migrate(Db& db, SchemaState state);

}  // namespace sterna::store
