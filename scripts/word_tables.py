"""Writes the tables of engine/words.cc from Unicode's data: which characters make words, and how letters are
folded. Run it where Python's own Unicode is the one that is wanted, and read the difference.

    python scripts/word_tables.py > engine/word_tables.h
"""

import sys
import unicodedata
from collections.abc import Callable, Iterator

MARKS = range(0x300, 0x370)  # the combining diacritical marks
CHARACTERS = [c for c in range(0x80, sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]


def makes_words(code: int) -> bool:
    category = unicodedata.category(chr(code))
    return category[0] in "LNM" or category == "Co"


def folded(code: int) -> int:
    """The small letter without the marks that a letter may have."""
    first, *rest = unicodedata.normalize("NFD", chr(code))
    letter = first if rest and all(ord(mark) in MARKS for mark in rest) else chr(code)
    small = letter.lower()
    return ord(small) if len(small) == 1 else ord(letter)


def ranges(of: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    first = last = None
    for code in CHARACTERS:
        if not of(code):
            continue
        if last is not None and code == last + 1:
            last = code
            continue
        if last is not None:
            yield first, last
        first = last = code
    yield first, last


def folds() -> list[list[int]]:
    """[first, last, step, distance]: each step-th character from first to last is folded so far away."""
    runs: list[list[int]] = []
    for code in CHARACTERS:
        distance = folded(code) - code
        if distance == 0:
            continue
        if runs and runs[-1][3] == distance:
            first, last, step, _ = runs[-1]
            if code - last == step or (first == last and code - last <= 2):
                runs[-1][1:3] = code, code - last
                continue
        runs.append([code, code, 1, distance])
    return runs


def table(rows: list[str]) -> Iterator[str]:
    line = "   "
    for row in rows:
        if len(line) + len(row) + 2 > 110:
            yield line
            line = "   "
        line += f" {row},"
    yield line


def main() -> None:
    words = [f"{{{first:#x}, {last:#x}}}" for first, last in ranges(makes_words)]
    small = [f"{{{first:#x}, {last:#x}, {step}, {distance}}}" for first, last, step, distance in folds()]
    unicode = unicodedata.unidata_version
    print(f"""// Tables of words.cc, written by scripts/word_tables.py from Unicode {unicode}.
// clang-format off
#pragma once

#include <array>
#include <cstdint>

namespace perdure::engine::words {{

struct Range {{
  char32_t first;
  char32_t last;
}};

// Characters beyond ASCII that make words: letters, numbers, marks, and those of private use. In order.
inline constexpr auto kInWords = std::to_array<Range>({{""")
    print("\n".join(table(words)))
    print("""});

// Each step-th character from first to last stands for the one that is so far away: its small letter without
// diacritical marks. In order.
struct Fold {
  char32_t first;
  char32_t last;
  uint8_t step;
  int32_t distance;
};

inline constexpr auto kFolds = std::to_array<Fold>({""")
    print("\n".join(table(small)))
    print("""});

}  // namespace perdure::engine::words""")


if __name__ == "__main__":
    main()
