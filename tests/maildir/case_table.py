#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints src/maildir/case_table.h: simple case folding, from what this Python knows of Unicode.

    tests/maildir/case_table.py >src/maildir/case_table.h
    clang-format-19 -i src/maildir/case_table.h
"""
import sys
import unicodedata

SURROGATES = range(0xD800, 0xE000)
STEPS = (1, 2)  # upper and lower case stand in blocks, or take turns


def folded(character):
    """One character for one: where full folding makes several of it, its lower case if that is one
    (CaseFolding.txt has these as S), else itself."""
    for candidate in (character.casefold(), character.lower()):
        if len(candidate) == 1:
            return candidate
    return character


def distances():
    codes = (code for code in range(sys.maxunicode + 1) if code not in SURROGATES)
    pairs = ((code, ord(folded(chr(code))) - code) for code in codes)
    return {code: distance for code, distance in pairs if distance}


def ranges(table):
    """(first, last, step, distance), in order and apart from one another."""
    found = []
    for code in sorted(table):
        if found:
            first, last, step, distance = found[-1]
            apart = code - last
            if table[code] == distance and apart in STEPS and (first == last or apart == step):
                found[-1] = (first, code, apart, distance)
                continue
        found.append((code, code, 1, table[code]))
    return found


def main():
    found = ranges(distances())
    print(f"""// SPDX-License-Identifier: Apache-2.0
// What letters become when case does not count: simple case folding by Unicode
// {unicodedata.unidata_version}, as ranges in ascending order. Made by tests/maildir/case_table.py.
#pragma once

#include <array>
#include <cstdint>

namespace sterna::maildir {{

struct CaseRange {{
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t step;  // 2: every other one
  std::int32_t distance;
}};

inline constexpr std::array<CaseRange, {len(found)}> kCaseRanges{{{{""")
    for first, last, step, distance in found:
        print(f"    {{0x{first:04x}, 0x{last:04x}, {step}, {distance}}},")
    print("""}};

}  // namespace sterna::maildir""")


if __name__ == "__main__":
    main()
