// SPDX-License-Identifier: Apache-2.0
// COMPRESS (RFC 4978).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command compress_deflate() {
  return {CommandKind::compress, "COMPRESS DEFLATE"};
}

}  // namespace sterna::imap
