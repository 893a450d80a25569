// SPDX-License-Identifier: Apache-2.0
// Marker: the file ".sterna" in the root of a Maildir (safety.md, rule 14). It says which tree this
// is, which state it belongs to, on which machine, and how far that state had come.
//
// Reading is tolerant (order of lines, comments, words of later versions); what a marker means
// beside a state is the caller's decision, made by comparing strictly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/model/ids.h"

namespace sterna::maildir {

inline constexpr std::string_view kMarkerName = ".sterna";
inline constexpr std::size_t kMarkerOctetsMax = 4096;

struct Marker {
  TreeId tree;
  StateId state;
  std::string machine;  // io::FileSystem::machine_id(); printable, without spaces; "" if unknown
  std::uint64_t epoch = 0;
  bool operator==(const Marker&) const = default;
};

std::string print_marker(const Marker& marker);
// ErrorCode::marker if tree, state or epoch is missing or malformed.
Result<Marker> parse_marker(std::string_view text);

// ErrorCode::not_found if there is none, ErrorCode::marker if there is one that cannot be read.
Result<Marker> read_marker(io::Directory& root);
// Replaced as a whole, and durable on return.
Status write_marker(io::Directory& root, const Marker& marker);
// The same in two steps: what is written and flushed ahead, under a name of its own, only needs its
// name. As long as it has not got it, read_prepared_marker() tells of it; ErrorCodes as above.
Status prepare_marker(io::Directory& root, const Marker& marker);
Result<Marker> read_prepared_marker(io::Directory& root);
Status put_prepared_marker(io::Directory& root);
Status drop_prepared_marker(io::Directory& root);

// Whether the file system takes names that differ in case alone for one: asked by looking for the
// marker under its name in capitals, so that nothing has to be written. No, without a marker.
Result<bool> folds_case(io::Directory& root);

}  // namespace sterna::maildir
