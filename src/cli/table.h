// SPDX-License-Identifier: Apache-2.0
// Table: rows under titles, columns aligned by what a terminal shows, two spaces between them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "style.h"

namespace sterna::cli {

enum class Align : std::uint8_t { left, right };

// What becomes of a column where the terminal is too narrow: nothing, or its head or its tail is
// shown.
enum class Fit : std::uint8_t { whole, head, tail };

struct Column {
  std::string title;
  Align align = Align::left;
  Fit fit = Fit::whole;
};

struct Cell {
  Cell(std::string cell_text, Tone cell_tone = Tone::plain)  // NOLINT: a cell is mostly its text
      : text(std::move(cell_text)), tone(cell_tone) {}
  Cell(const char* cell_text) : text(cell_text) {}  // NOLINT: as above

  std::string text;  // one line, safe to print
  Tone tone = Tone::plain;
};

class Table {
 public:
  // Columns whose titles are all empty are a table without a head.
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add(std::vector<Cell> row);
  // A line of its own below the row that was added last; it takes no part in the columns.
  void add_below(Cell text);
  bool empty() const { return rows_.empty(); }

  // A line each for the head and every row, without spaces at their ends; each line begins with
  // `indent` spaces. Empty without rows. It fits the terminal as far as columns may be cut.
  std::string render(const Style& style, std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  struct Row {
    std::vector<Cell> cells;
    std::vector<Cell> below;
  };
  std::vector<Row> rows_;
};

}  // namespace sterna::cli
