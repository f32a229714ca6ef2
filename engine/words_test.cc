#include "engine/words.h"

#include <catch2/catch.hpp>

namespace perdure::engine {

using Words = std::vector<std::string>;

TEST_CASE("words are runs of letters and numbers, small and without marks") {
  CHECK(WordsOf("The quick-brown fox_2!") == Words{"the", "quick", "brown", "fox", "2"});
  CHECK(WordsOf("a a A") == Words{"a", "a", "a"});
  CHECK(WordsOf("Größe NAÏVE Čapek") == Words{"große", "naive", "capek"});
  CHECK(WordsOf("e\xcc\x81te\xcc\x81") == Words{"ete"});  // the accents stand behind their letters
  CHECK(WordsOf("ПРИВЕТ мир, Ἀθήνα") == Words{"привет", "мир", "αθηνα"});
  CHECK(WordsOf("東京 हिन्दी") == Words{"東京", "हिन्दी"});
  CHECK(WordsOf("½ Ⅷ") == Words{"½", "ⅷ"});
  CHECK(WordsOf("").empty());
  CHECK(WordsOf(" .,-_ ").empty());
}

TEST_CASE("what is not UTF-8 stands between words") {
  CHECK(WordsOf("a\xff"
                "b\x80"
                "c\xc3") == Words{"a", "b", "c"});
  CHECK(WordsOf("a\xe2\x82"
                "b") == Words{"a", "b"});
  CHECK(WordsOf("\xf4\xbf\xbf\xbf").empty());
}

}  // namespace perdure::engine
