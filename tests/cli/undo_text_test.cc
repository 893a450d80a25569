// SPDX-License-Identifier: Apache-2.0
#include "cli/undo_text.h"

#include <gmock/gmock.h>

namespace sterna::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

UndoRow row() {
  UndoRow row{"work", {}};
  row.line.id = 12;
  row.line.mailbox = "INBOX";
  row.line.flags = "\\Seen";
  row.line.size = 1200;
  row.line.from = "Ann <ann@example.org>";
  row.line.subject = "hello";
  row.line.reason = "gone on the server";
  return row;
}

TEST(UndoText, NamesWhatCanBeRestored) {
  const std::string text = undo_text({row()});
  for (const char* part : {"12  work/INBOX", "1.2 kB", "\\Seen", "hello",
                           "from Ann <ann@example.org>; gone on the server"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(UndoText, NoHeaderReachesTheTerminalAsItIs) {
  UndoRow evil = row();
  evil.line.subject = "\x1b]0;owned\x07 \xe2\x80\xae";
  evil.line.from = "a\rb\x9b";
  const std::string text = undo_text({evil});
  for (const char* raw : {"\x1b", "\x07", "\r", "\x9b", "\xe2\x80\xae"})
    EXPECT_THAT(text, Not(HasSubstr(raw)));
}

TEST(UndoText, SaysWhatBecameOfTheMailbox) {
  account::Restoration done;
  done.restored = {{12, "Lists", "/m/Lists/cur/x:2,S", true, ""},
                   {13, "Old", "/m/Old/new/y", false, "nothing of the mailbox is sent"}};
  EXPECT_EQ(restored_text("work", done),
            "work/Lists: 12 is back: /m/Lists/cur/x:2,S\n"
            "  the mailbox was gone, and was made anew\n"
            "work/Old: 13 is back: /m/Old/new/y\n"
            "  nothing of the mailbox is sent\n");
}

}  // namespace
}  // namespace sterna::cli
