// SPDX-License-Identifier: Apache-2.0
// Connecting to whichever address answers first (happy eyeballs, RFC 8305).
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "core.h"
#include "descriptor.h"
#include "resolver.h"
#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::net {

// RFC 8305 section 8: the recommended delay before the next address is tried beside the one that is
// silent.
inline constexpr std::chrono::milliseconds kAttemptDelay{250};

// Tries the addresses in turn, the next one when the last has failed or been silent for
// kAttemptDelay, and gives back the first connection, with its options set; the others are closed
// by then. ErrorCode::connect names each address and why it failed. The addresses are not empty.
coro::Task<Result<std::unique_ptr<Descriptor>>> connect_any(Loop::Core& core,
                                                            std::vector<Address> addresses);

}  // namespace sterna::net
