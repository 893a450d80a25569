// SPDX-License-Identifier: Apache-2.0
// Text to Node. The one door to the TOML library.
#pragma once

#include <optional>
#include <string_view>

#include "node.h"
#include "problems.h"

namespace sterna::config {

// The document, or a problem and nullopt. Never quotes what stands in a line that may hold a
// secret.
std::optional<Node> parse_document(std::string_view text, std::size_t file, Problems& problems);

}  // namespace sterna::config
