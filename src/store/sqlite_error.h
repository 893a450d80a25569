// SPDX-License-Identifier: Apache-2.0
// What SQLite answers, as an Error of this house; always of scope account, since the base is the
// account's.
#pragma once

#include <string>

#include "sterna/base/error.h"

struct sqlite3;

namespace sterna::store {

// The last failure of `db`, whose result code was `code` (an extended one); names the file.
// SQLITE_BUSY is `locked`, a full disk or quota `no_space`, a file that is no database `corrupt`,
// with a hint that names the way out. A doubled name is `exists`; any other broken constraint is
// our own mistake: `internal`.
Error sqlite_error(sqlite3* db, int code);

// `corrupt`, with the same hint, for what SQLite takes for a sound database and we do not.
Error corrupt(sqlite3* db, std::string message);

}  // namespace sterna::store
