// SPDX-License-Identifier: Apache-2.0
// Opening what an account stands on: the state, the Maildir, and the marker that says that they
// belong to each other (rules 14 to 17; docs/safety.md).
#pragma once

#include "engine.h"

namespace sterna::account {

// A small fact that is a number; 0 where there is none.
Result<std::uint64_t> get_number(store::Store& store, std::string_view key);

// Fails with ErrorCode::locked where another process has the state.
coro::Task<Status> open_state(Engine& engine);
// Keeps others away from the Maildir as long as `root` is open: a sterna with another state cannot
// know what this one is about to do there (rule 14). ErrorCode::locked where one is at work.
Status lock_maildir(io::Directory& root, const std::string& maildir);
// Opens the Maildir and compares it with the state. Sets tree, generation, boot_id, union_mode.
// Fails with ErrorCode::locked where another state's process is at work in it, with
// ErrorCode::marker, and stops the account, where the marker is missing or foreign.
coro::Task<Status> open_tree(Engine& engine);
// At the end of a sync, whatever came of it: the marker gets the epoch that was announced.
coro::Task<Status> settle_epoch(Engine& engine);
// Of the epoch that is pending, if what the marker is to say could not be written beside it.
inline constexpr std::string_view kEpochUnpreparedKey = "epoch_unprepared";
// Whether the marker is the one that this sync opened, or wrote, itself. ErrorCode::changed where
// it is not: it came with a backup, and what is here is not what was looked at. The base must not
// follow it.
Status check_marker(const Engine& engine, io::Directory& root);
// What it says when the epoch has moved: past what a sync that died announced, too.
Result<maildir::Marker> next_marker(const Engine& engine, io::Directory& root);
// Writes that ahead, once this sync changes something, so that only its name is left to be flushed
// at the end. Other work goes on beside it.
coro::Task<Status> prepare_epoch(Engine& engine, bool wanted);

}  // namespace sterna::account
