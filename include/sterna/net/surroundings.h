// SPDX-License-Identifier: Apache-2.0
// open_surroundings: the machine's sleep and its network, as the kernel tells of them. It takes no
// wake-up to find that nothing happened.
#pragma once

#include <memory>

#include "sterna/base/result.h"
#include "sterna/io/surroundings.h"
#include "sterna/net/loop.h"

namespace sterna::net {

// Must be gone before the loop. Without the right to hear of the network (a sandbox without
// AF_NETLINK), sleep is told of all the same.
Result<std::unique_ptr<io::Surroundings>> open_surroundings(Loop& loop);

}  // namespace sterna::net
