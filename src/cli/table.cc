// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>

#include "sterna/base/assert.h"
#include "width.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kGap = 2;

std::string render_row(const std::vector<Cell>& row, const std::vector<Column>& columns,
                       const std::vector<std::size_t>& widths, const Style& style,
                       std::size_t indent) {
  std::string line(indent, ' ');
  // Spaces are owed until a cell follows them, so that no line ends in one.
  std::size_t owed = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::size_t spare = widths[i] - display_width(row[i].text);
    const bool right = columns[i].align == Align::right;
    if (right) owed += spare;
    if (!row[i].text.empty()) {
      line.append(owed, ' ');
      owed = 0;
      line += style.paint(row[i].tone, row[i].text);
    }
    owed += (right ? 0 : spare) + kGap;
  }
  return line + "\n";
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  STERNA_ASSERT(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::render(const Style& style, std::size_t indent) const {
  if (rows_.empty()) return {};
  std::vector<Cell> head;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    head.emplace_back(column.title, Tone::title);
    widths.push_back(display_width(column.title));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  const bool titled =
      std::ranges::any_of(columns_, [](const Column& column) { return !column.title.empty(); });
  std::string text = titled ? render_row(head, columns_, widths, style, indent) : "";
  for (const auto& row : rows_) text += render_row(row, columns_, widths, style, indent);
  return text;
}

}  // namespace sterna::cli
