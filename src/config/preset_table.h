// SPDX-License-Identifier: Apache-2.0
// The table of presets, as preset_table.cc has it.
#pragma once

#include <span>

#include "sterna/config/presets.h"

namespace sterna::config {

std::span<const Preset> preset_table();

}  // namespace sterna::config
