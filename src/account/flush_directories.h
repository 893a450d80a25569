// SPDX-License-Identifier: Apache-2.0
// fsync of the directories that a batch of changes touched, before it is recorded (rule 16).
#pragma once

#include "engine.h"
#include "sterna/maildir/mailbox_dirs.h"

namespace sterna::account {

// Beside one another: the disk writes what is asked for at one time at once. Does nothing with
// `fsync = false`. After an error nothing is known of any of them.
coro::Task<Status> flush_directories(Engine& engine, maildir::TouchedDirectories& touched);

}  // namespace sterna::account
