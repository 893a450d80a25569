// SPDX-License-Identifier: Apache-2.0
#include "sterna/importer/importer.h"
namespace sterna::importer {
Result<Imported> import_offlineimap(std::string_view, const ListFolders&) {
  return fail(ErrorCode::unsupported, "offlineimap: not supported by this version");
}
}  // namespace sterna::importer
