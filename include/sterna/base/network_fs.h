// SPDX-License-Identifier: Apache-2.0
// Which file systems other machines may change, whose clocks and caches are their own: no database
// stands on one, and what a stamp of a file says is not believed.
#pragma once

namespace sterna {

// `type` is f_type of statfs(2); the kernel's field is signed, and may carry the sign of a number
// of 32 bits upwards.
bool is_network_file_system(unsigned long type);

}  // namespace sterna
