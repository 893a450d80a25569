// SPDX-License-Identifier: Apache-2.0
// Console: the two output streams, and whether somebody is watching them.
//
// Data goes to the standard output; questions, progress and errors to the standard error output.
// What comes from outside is made printable before it gets here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "arguments.h"
#include "sterna/base/error.h"
#include "sterna/base/result.h"
#include "style.h"

namespace sterna::cli {

class Console {
 public:
  explicit Console(const GlobalOptions& options);

  bool json() const { return json_; }
  bool quiet() const { return verbosity_ < 0; }
  bool verbose() const { return verbosity_ > 0; }
  // Whether words about what went well are wanted: by a person at a terminal, or with -v.
  bool talkative() const { return !json_ && !quiet() && (out_is_terminal_ || verbose()); }
  // Whether somebody watches who is to see progress.
  bool shows_progress() const { return !json_ && !quiet() && error_is_terminal_; }
  // Whether a line there can be drawn over.
  bool may_redraw() const { return may_redraw_; }
  // Whether a question would reach somebody.
  bool may_ask() const { return may_ask_; }
  const Style& style() const { return style_; }
  // Whether the standard output is a terminal that can be drawn on.
  bool may_draw() const { return out_is_terminal_ && may_redraw_ && !json_; }
  // The size of the terminal may have changed. Its lines; 24 if it does not tell.
  std::size_t measure();
  // Columns of the terminal, at least 2; 80 if it does not tell.
  std::size_t error_width() const;

  void out(std::string_view text);
  void err(std::string_view text);
  // "sterna: account work: mailbox INBOX: ...", and an indented line with the hint.
  void error(const Error& error);

  // Asks on the standard error output; only an answer that begins with y is a yes. Precondition:
  // may_ask().
  bool confirm(std::string_view question);

  // What was printed is on its way; false once nobody reads it any more.
  bool flush();
  // Everything was written, or why not. A reader who went away (EPIPE) is no failure.
  Status finish();

 private:
  void flush_out();

  bool json_;
  int verbosity_;
  bool out_is_terminal_;
  bool error_is_terminal_;
  bool may_ask_;
  bool may_redraw_;
  Style style_;
  Style error_style_;
  int out_error_ = 0;  // errno of the first write that failed
};

// The text of Console::error().
std::string error_text(const Error& error, const Style& style = {});

}  // namespace sterna::cli
