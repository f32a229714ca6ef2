// The words of a text, by which search attributes of the type Text are matched: runs of letters, numbers and
// marks, as small letters without diacritical marks. The one tokenizer, of values and of filters, whatever
// the store. Rule: the real server's on SQLite (FTS5's unicode61), but for newer characters. Pure; safe
// anywhere. Words are stored for years: a table that folds otherwise reads old texts no more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace perdure::engine {

// In the order of the text, and as often as it has them. What is not UTF-8 stands between words.
std::vector<std::string> WordsOf(std::string_view text);

}  // namespace perdure::engine
