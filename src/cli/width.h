// SPDX-License-Identifier: Apache-2.0
// How many columns text takes on a terminal: wide characters (CJK, emoji) two, combining ones none.
//
// An approximation by ranges of Unicode's East Asian Width and of its combining marks, which is
// what terminals do; it needs no locale. Text is UTF-8 that went through printable().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sterna::cli {

std::size_t display_width(std::string_view text);

// `text`, or its head and an ellipsis, in at most `columns` columns. Precondition: columns > 0.
std::string fit(std::string_view text, std::size_t columns);
// The same from the other end: an ellipsis and the tail, which says most of a path.
std::string fit_tail(std::string_view text, std::size_t columns);

}  // namespace sterna::cli
