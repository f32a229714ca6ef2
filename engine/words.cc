#include "engine/words.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "engine/word_tables.h"

namespace perdure::engine {
namespace {

constexpr char32_t kFirstMark = 0x300;  // of the combining diacritical marks, which fall away
constexpr char32_t kLastMark = 0x36f;

struct Character {
  char32_t code = 0;  // 0: it is not UTF-8
  size_t size = 1;
};

// The first character of a text that is not empty. Whether it is the shortest form does not matter here.
Character FirstOf(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || text.size() < size) return {};
  char32_t code = lead & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3f);
  }
  return {code, size};
}

void Append(char32_t code, std::string& text) {
  if (code < 0x80) return text.push_back(static_cast<char>(code));
  const int following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const char32_t lead = (0xff00U >> (following + 1)) & 0xff;
  text.push_back(static_cast<char>(lead | code >> (6 * following)));
  for (int i = following; i-- > 0;) text.push_back(static_cast<char>(0x80 | (code >> (6 * i) & 0x3f)));
}

// The last row of a table whose first character is not beyond `code`.
template <typename Table>
auto RowOf(const Table& table, char32_t code) {
  const auto after = std::upper_bound(table.begin(), table.end(), code,
                                      [](char32_t left, const auto& row) { return left < row.first; });
  return after == table.begin() ? table.end() : after - 1;
}

bool IsInWords(char32_t code) {
  if (code < 0x80) return absl::ascii_isalnum(static_cast<unsigned char>(code));
  const auto range = RowOf(words::kInWords, code);
  return range != words::kInWords.end() && code <= range->last;
}

char32_t Folded(char32_t code) {
  if (code < 0x80) return static_cast<unsigned char>(absl::ascii_tolower(static_cast<unsigned char>(code)));
  const auto fold = RowOf(words::kFolds, code);
  if (fold == words::kFolds.end() || code > fold->last || (code - fold->first) % fold->step != 0) return code;
  return static_cast<char32_t>(static_cast<int32_t>(code) + fold->distance);
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> found;
  std::string word;
  while (!text.empty()) {
    const Character character = FirstOf(text);
    text.remove_prefix(character.size);
    if (IsInWords(character.code)) {
      const bool mark = character.code >= kFirstMark && character.code <= kLastMark;
      if (!mark) Append(Folded(character.code), word);
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) found.push_back(std::move(word));
  return found;
}

}  // namespace perdure::engine
