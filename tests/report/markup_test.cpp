#include "host/report/markup.hpp"

#include <gtest/gtest.h>

#include "segue/core/random.hpp"
#include "segue/core/text.hpp"

namespace segue::report {
namespace {

TEST(Escape, LeavesNothingThatMarkupCouldMean) {
  EXPECT_EQ(escape("<script>\"a\" & b</script>"), "&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;");
  EXPECT_EQ(escape("Sigur Rós — ( )"), "Sigur Rós — ( )");
  EXPECT_EQ(escape("line\nbreak\ttab"), "line\nbreak\ttab");
}

TEST(Escape, ReplacesWhatXmlForbidsAndWhatReordersText) {
  EXPECT_EQ(escape(std::string_view("a\0b\x01\x1f\x7f", 6)), "a\uFFFDb\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escape("a\u0085b"), "a\uFFFDb");  // C1 control
  EXPECT_EQ(escape("a\u202Egnp.exe\u202C"), "a\uFFFDgnp.exe\uFFFD");
  EXPECT_EQ(escape("\u2066x\u2069"), "\uFFFDx\uFFFD");
  EXPECT_EQ(escape("\uFFFE\uFFFF"), "\uFFFD\uFFFD");
  EXPECT_EQ(escape("\U0001FFFE"), "\uFFFD");
}

TEST(Escape, ReplacesDamagedUtf8ByteByByte) {
  EXPECT_EQ(escape("a\xff\xfe z"), "a\uFFFD\uFFFD z");
  EXPECT_EQ(escape("\xe2\x82"), "\uFFFD\uFFFD");            // cut off
  EXPECT_EQ(escape("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong '/'
  EXPECT_EQ(escape("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // surrogate
}

TEST(Escape, RandomBytesComeOutAsUtf8WithoutMarkup) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::uint32_t i = random.below(40); i > 0; --i)
      bytes += static_cast<char>(random.below(256));
    const std::string out = escape(bytes);
    EXPECT_TRUE(is_valid_utf8(out));
    EXPECT_EQ(out.find_first_of("<>\""), std::string::npos);
  }
}

TEST(Coordinate, HasNoNoise) {
  EXPECT_EQ(coordinate(12), "12");
  EXPECT_EQ(coordinate(12.34), "12.3");
  EXPECT_EQ(coordinate(-0.04), "0");
  EXPECT_EQ(coordinate(-1.25), "-1.2");
}

TEST(FitText, CutsWithAnEllipsisAtCharacters) {
  EXPECT_EQ(fit_text("short", 12, 200), "short");
  const std::string cut = fit_text("ααααααααααααααααααααααααα", 12, 60);
  EXPECT_TRUE(cut.ends_with("α…")) << cut;
  EXPECT_LE(text_width(cut, 12), 60);
  EXPECT_GT(text_width("漢字", 12), text_width("ab", 12));
}

}  // namespace
}  // namespace segue::report
