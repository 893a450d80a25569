// SPDX-License-Identifier: Apache-2.0
// A browser of the desktop, where there is one.
#pragma once

#include <string>

namespace sterna::cli {

// Whether a browser was started, by xdg-open. It is left to itself.
bool open_in_browser(const std::string& url);

}  // namespace sterna::cli
