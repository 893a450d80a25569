// SPDX-License-Identifier: Apache-2.0
// Prompt: questions on the standard error output, answers from the standard input. For moments at
// which no loop runs: a signal ends the process as ever, and leaves the terminal as it was.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "console.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::cli {

class Prompt {
 public:
  explicit Prompt(Console& console) : console_(console) {}

  // Whether a question would reach somebody.
  bool may_ask() const { return console_.may_ask(); }

  // The end of the input is ErrorCode::cancelled. `usual` is what Enter stands for; without one it
  // is asked again.
  Result<std::string> line(std::string_view question, std::string_view usual = {});
  // Enter alone is an answer.
  Result<std::string> optional_line(std::string_view question);
  // Nothing of it is shown. May be empty.
  Result<Secret> secret(std::string_view question);
  Result<bool> yes(std::string_view question, bool usual);
  // Which of `answers`, from 0; Enter stands for the first.
  Result<std::size_t> choice(std::string_view question, const std::vector<std::string>& answers);

 private:
  Console& console_;
};

// The first line of the standard input, which is no terminal.
Result<Secret> secret_from_input();

}  // namespace sterna::cli
