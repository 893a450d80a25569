// SPDX-License-Identifier: Apache-2.0
// Names that anybody may put into a Maildir: as a file's name, as a base of ours, as a path, as a
// mailbox of a server, as a marker, a keyword file and a stamp. Nothing may fail, and what is
// printed reads back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sterna/maildir/file_name.h"
#include "sterna/maildir/identity.h"
#include "sterna/maildir/keywords.h"
#include "sterna/maildir/layout.h"
#include "sterna/maildir/marker.h"
#include "sterna/maildir/stamp.h"
#include "sterna/model/modified_utf7.h"

namespace {

using namespace sterna;
using namespace sterna::maildir;

// A header is looked through for its end with every piece.
constexpr std::size_t kPiecewiseMax = 4096;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_file_name(std::string_view text) {
  const FileName name = parse_file_name(text);
  const std::string printed = print_file_name(name);
  require(parse_file_name(printed) == name);
  const FileNameView view = view_file_name(printed);
  require(view.base == name.base && view.mask == name.mask && view.keywords == name.keywords);
  if (name.tells_flags()) {
    const FileName flagged = with_flags(name, 0x2a, 0x155);
    require(parse_file_name(print_file_name(flagged)) == flagged);
  }
  require(strip_fields(strip_fields(text)) == strip_fields(text));
  static_cast<void>(foreign_mark(text));
  if (const auto origin = parse_origin(text)) {
    require(derive_base_name(*origin) == strip_fields(text));
  }
}

void check_layouts(std::string_view text) {
  const Layout layouts[] = {Layout(LayoutKind::fs, "INBOX"),
                            Layout(LayoutKind::maildir_plus_plus, "")};
  for (const Layout& layout : layouts) {
    if (const auto name = layout.name_of(parse_mailbox_path(text))) {
      static_cast<void>(layout.path_of(*name));
    }
    if (text.contains('\0')) continue;  // no server can send it
    const MailboxName name{std::string(text)};
    const MailboxPath path = layout.path_of(name);
    bool is_cut = false;
    for (const std::string& component : path) {
      require(!component.empty() && component.size() <= kPathComponentOctetsMax);
      require(component != "." && component != ".." && !component.contains('/'));
      is_cut = is_cut || is_shortened(component);
    }
    require(is_cut || layout.name_of(path) == name);
  }
}

void check_modified_utf7(std::string_view text) {
  if (const auto wire = modified_utf7_encode(text)) require(modified_utf7_decode(*wire) == text);
  if (const auto name = modified_utf7_decode(text)) require(modified_utf7_encode(*name) == text);
}

void check_small_files(std::string_view text) {
  if (const auto marker = parse_marker(text)) {
    const auto again = parse_marker(print_marker(*marker));
    require(again && *again == *marker);
  }
  const KeywordTable table = KeywordTable::parse(text);
  require(KeywordTable::parse(table.print()) == table);
  if (const auto stamp = MailboxStamp::decode(text)) {
    require(MailboxStamp::decode(stamp->encode()) == stamp);
  }
}

void check_identity(std::string_view text) {
  IdentityBuilder whole;
  whole.update(text);
  IdentityBuilder pieces;
  PlainDigest plain;
  for (const char c : text) {
    pieces.update({&c, 1});
    if (text.size() <= kPiecewiseMax) plain.update({&c, 1});
  }
  const ContentIdentity identity = whole.finish();
  require(identity == pieces.finish());
  if (text.size() > kPiecewiseMax) return;
  PlainDigest plain_whole;
  plain_whole.update(text);
  const Digest without = plain_whole.finish();
  require(without == plain.finish());
  require((without == full_digest(text)) == !identity.plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_file_name(text);
  check_layouts(text);
  check_modified_utf7(text);
  check_small_files(text);
  check_identity(text);
  return 0;
}
