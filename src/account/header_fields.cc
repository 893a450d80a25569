// SPDX-License-Identifier: Apache-2.0
#include "header_fields.h"

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::size_t kFieldOctetsMax = 1000;

// The first line of it, and those that go on with it.
std::string field(std::string_view head, std::string_view name) {
  std::string value;
  bool inside = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const bool goes_on = line.front() == ' ' || line.front() == '\t';
    if (inside && !goes_on) break;
    if (!inside) {
      const std::size_t colon = line.find(':');
      inside = !goes_on && colon != std::string_view::npos &&
               ascii_iequals(trim(line.substr(0, colon)), name);
      if (!inside) continue;
      line.remove_prefix(colon + 1);
    } else {
      value += ' ';
    }
    value += trim(line);
    if (value.size() > kFieldOctetsMax) break;
  }
  return value.substr(0, kFieldOctetsMax);
}

}  // namespace

Status check_rendered(std::string_view head) {
  constexpr std::string_view kSubstitute = "Retrieval using the IMAP4 protocol failed";
  if (!field(head, "Subject").starts_with(kSubstitute)) return {};
  return fail(Error(ErrorCode::protocol,
                    "the server cannot render the message, and gives a text in its place")
                  .with_scope(ErrorScope::message)
                  .with_hint("read it where it was written, as in the web mail"));
}

HeaderFields read_fields(io::Directory& directory, std::string_view file) {
  auto reader = directory.open_file(file);
  if (!reader) return {};
  std::string head;
  while (head.size() < kHeadOctetsMax) {
    const auto count = (*reader)->read(head, kHeadOctetsMax - head.size());
    if (!count || *count == 0) break;
  }
  return {field(head, "From"), field(head, "Subject"), field(head, "Message-ID")};
}

}  // namespace sterna::account
