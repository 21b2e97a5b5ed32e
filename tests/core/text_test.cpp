#include "segue/core/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace segue {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearestWords, SuggestsByDistance) {
  const std::vector<std::string_view> words{"recommend", "similar", "simulate", "playlists", "train"};
  EXPECT_THAT(nearest_words("similer", words, 3), ElementsAre("similar"));
  EXPECT_THAT(nearest_words("trian", words, 1), ElementsAre("train"));
  EXPECT_THAT(nearest_words("xyzzy", words, 3), IsEmpty());
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const char* text : {"", "plain", "Beyoncé", "Мумий Тролль", "久石譲", "🎵", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(Utf8, RefusesIllFormedText) {
  for (const char* text : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xF8\x88\x80\x80", "\xE2\x82", "Beyonc\xE9"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(QuoteForMessage, EscapesAndCuts) {
  EXPECT_EQ(quote_for_message("a\tb\xff"), "\"a\\x09b\\xff\"");
  EXPECT_EQ(quote_for_message("abcdef", 3), "\"abc…\"");
  EXPECT_EQ(quote_for_message("é", 10), "\"é\"");
}

}  // namespace
}  // namespace segue
