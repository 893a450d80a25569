// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/marker.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "text.h"

namespace sterna::maildir {
namespace {

constexpr std::string_view kHead =
    "# Sterna's mark: which tree this is, and which state keeps it in step, on which machine.\n"
    "# Without it, or with another tree's, nothing here is synchronized. Never copy or edit it.\n";

constexpr std::string_view kMarkerNameInCapitals = ".STERNA";
constexpr const char* kMarkerContext = "the Maildir's marker";

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// The value of the one line that begins with `key`; nullopt if there is none, or several that
// differ.
std::optional<std::string_view> value_on_line(std::string_view text, std::string_view key) {
  std::optional<std::string_view> value;
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    const std::size_t space = line.find_first_of(" \t");
    if (line.substr(0, space) != key || space == std::string_view::npos) continue;
    const std::string_view found = trim(line.substr(space));
    if (value && *value != found) return std::nullopt;
    value = found;
  }
  return value;
}

Result<Marker> read(io::Directory& root, std::string_view name) {
  auto text = read_small_file(root, name, kMarkerOctetsMax);
  if (text) return parse_marker(*text);
  if (text.error().is(ErrorCode::too_big)) return parse_marker("");
  return fail_in(std::move(text), kMarkerContext);
}

}  // namespace

std::string print_marker(const Marker& marker) {
  STERNA_ASSERT(is_word(marker.machine));
  std::string text(kHead);
  text += fmt::format("tree {}\nstate {}\n", print_hex64(marker.tree.value),
                      print_hex64(marker.state.value));
  if (!marker.machine.empty()) text += fmt::format("machine {}\n", marker.machine);
  text += fmt::format("epoch {}\n", marker.epoch);
  return text;
}

Result<Marker> parse_marker(std::string_view text) {
  const auto tree = value_on_line(text, "tree").and_then(parse_hex64);
  const auto state = value_on_line(text, "state").and_then(parse_hex64);
  const auto epoch = value_on_line(text, "epoch").and_then([](std::string_view digits) {
    return parse_number(digits);
  });
  if (!tree || *tree == 0 || !state || !epoch) {
    return fail(ErrorCode::marker, fmt::format("the marker {} is damaged", kMarkerName));
  }
  const std::string_view machine = value_on_line(text, "machine").value_or("");
  return Marker{.tree = TreeId{*tree},
                .state = StateId{*state},
                .machine = is_word(machine) ? std::string(machine) : std::string(),
                .epoch = *epoch};
}

Result<Marker> read_marker(io::Directory& root) {
  return read(root, kMarkerName);
}

Result<Marker> read_prepared_marker(io::Directory& root) {
  return read(root, io::name_beside(kMarkerName));
}

Status write_marker(io::Directory& root, const Marker& marker) {
  STERNA_CHECK(prepare_marker(root, marker));
  return put_prepared_marker(root);
}

Status prepare_marker(io::Directory& root, const Marker& marker) {
  Status written = root.write_beside(kMarkerName, print_marker(marker));
  if (!written) return fail_in(std::move(written), kMarkerContext);
  return root.sync();
}

Status put_prepared_marker(io::Directory& root) {
  if (Status put = root.put_beside(kMarkerName); !put) {
    return fail_in(std::move(put), kMarkerContext);
  }
  return root.sync();
}

Status drop_prepared_marker(io::Directory& root) {
  return root.drop_beside(kMarkerName);
}

Result<bool> folds_case(io::Directory& root) {
  const Result<io::FileStat> marker = root.stat_at(kMarkerName);
  const Result<io::FileStat> capitals = root.stat_at(kMarkerNameInCapitals);
  for (const Result<io::FileStat>* stat : {&marker, &capitals}) {
    if (*stat) continue;
    if (stat->error().is(ErrorCode::not_found)) return false;
    return fail(stat->error());
  }
  return marker->dev == capitals->dev && marker->ino == capitals->ino;
}

}  // namespace sterna::maildir
