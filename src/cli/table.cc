// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>
#include <numeric>

#include "sterna/base/assert.h"
#include "width.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kGap = 2;
// No column is made narrower: what is left of it would say nothing. The last one explains, those
// before it are names.
constexpr std::size_t kLastMin = 12;
constexpr std::size_t kNameMin = 24;
constexpr std::size_t kBelowIndent = 4;

Cell fitted(Cell cell, Fit how, std::size_t columns) {
  if (how == Fit::head) cell.text = fit(cell.text, columns);
  if (how == Fit::tail) cell.text = fit_tail(cell.text, columns);
  return cell;
}

// Makes columns that may be cut narrower, always the widest of them, until the row has room.
void fit_widths(std::vector<std::size_t>& widths, const std::vector<Column>& columns,
                std::size_t room) {
  std::size_t whole = std::accumulate(widths.begin(), widths.end(), (widths.size() - 1) * kGap);
  while (whole > room) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::size_t least = i + 1 == widths.size() ? kLastMin : kNameMin;
      const bool may_go = columns[i].fit != Fit::whole && widths[i] > least;
      if (may_go && (!widest || widths[i] >= *widest)) widest = &widths[i];
    }
    if (!widest) return;
    --*widest;
    --whole;
  }
}

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
  rows_.push_back({std::move(row), {}});
}

void Table::add_below(Cell text) {
  STERNA_ASSERT(!rows_.empty());
  rows_.back().below.push_back(std::move(text));
}

std::string Table::render(const Style& style, std::size_t indent) const {
  if (rows_.empty()) return {};
  std::vector<Cell> head;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    head.emplace_back(column.title, Tone::title);
    widths.push_back(display_width(column.title));
  }
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row.cells[i].text));
  }
  fit_widths(widths, columns_, style.columns() - std::min(indent, style.columns()));

  const bool titled =
      std::ranges::any_of(columns_, [](const Column& column) { return !column.title.empty(); });
  std::string text = titled ? render_row(head, columns_, widths, style, indent) : "";
  for (const Row& row : rows_) {
    std::vector<Cell> cells = row.cells;
    for (std::size_t i = 0; i < cells.size(); ++i)
      cells[i] = fitted(std::move(cells[i]), columns_[i].fit, widths[i]);
    text += render_row(cells, columns_, widths, style, indent);
    for (const Cell& below : row.below)
      text += std::string(indent + kBelowIndent, ' ') + style.paint(below.tone, below.text) + "\n";
  }
  return text;
}

}  // namespace sterna::cli
