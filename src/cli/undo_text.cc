// SPDX-License-Identifier: Apache-2.0
#include "undo_text.h"

#include <fmt/format.h>

#include "sterna/base/bytes.h"
#include "table.h"
#include "times.h"
#include "words.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kPathOctetsMax = 4096;

}  // namespace

std::string undo_text(const std::vector<UndoRow>& rows, const Style& style) {
  Table table({{"NUMBER", Align::right},
               {.title = "MAILBOX", .align = Align::left, .fit = Fit::head},
               {"WENT"},
               {"SIZE", Align::right},
               {"FLAGS"},
               {.title = "SUBJECT", .align = Align::left, .fit = Fit::head}});
  for (const UndoRow& row : rows) {
    const account::UndoLine& line = row.line;
    table.add({std::to_string(line.id), place_text(row.account, line.mailbox),
               local_time(line.at_ms), human_bytes(line.size),
               line.flags.empty() ? "-" : printable(line.flags, 80), printable(line.subject)});
    std::string below = line.from.empty() ? "" : fmt::format("from {}; ", printable(line.from));
    table.add_below({below + printable(line.reason), Tone::dim});
  }
  return table.render(style);
}

std::string restored_text(const std::string& account, const account::Restoration& restoration) {
  std::string text;
  for (const account::Restored& one : restoration.restored) {
    text += fmt::format("{}: {} is back: {}\n", place_text(account, one.mailbox), one.id,
                        printable(one.path, kPathOctetsMax));
    if (one.mailbox_made) text += "  the mailbox was gone, and was made anew\n";
    if (!one.note.empty()) text += fmt::format("  {}\n", one.note);
  }
  return text;
}

}  // namespace sterna::cli
