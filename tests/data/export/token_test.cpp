#include "host/data/export/token.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace segue::data {
namespace {

std::string token(std::string_view id) {
  std::string out;
  append_token(out, id);
  return out;
}

template <class Number>
std::string digits(Number value) {
  std::string out;
  append_number(out, value);
  return out;
}

TEST(Token, LeavesOrdinaryIdsAlone) {
  EXPECT_EQ(token("spotify:track:4uLU6hMCjMI75M1A2tKUQC"), "spotify:track:4uLU6hMCjMI75M1A2tKUQC");
  EXPECT_EQ(token("a,b;c\\d/e'f#"), "a,b;c\\d/e'f#");
  EXPECT_EQ(token("Мария 東京"), "Мария%20東京");
  EXPECT_EQ(token("\xE2\x80\x93\xE2\x80\x8B\xE2\x80"),
            "\xE2\x80\x93\xE2\x80\x8B\xE2\x80");  // dash, zero-width space, a stump
}

TEST(Token, EscapesWhatReadersCutAt) {
  EXPECT_EQ(token(" a\tb\nc\rd\x1f\x7f"), "%20a%09b%0Ac%0Dd%1F%7F");
  EXPECT_EQ(token("say \"hi\" 50%"), "say%20%22hi%22%2050%25");
}

// The code points for which Python's str.isspace() is true, beyond ASCII.
TEST(Token, EscapesAllOfUnicodesWhiteSpace) {
  for (const auto& [space, escaped] :
       std::initializer_list<std::pair<const char*, const char*>>{{"\u0085", "%C2%85"},
                                                                  {"\u00a0", "%C2%A0"},
                                                                  {"\u1680", "%E1%9A%80"},
                                                                  {"\u2000", "%E2%80%80"},
                                                                  {"\u2005", "%E2%80%85"},
                                                                  {"\u200a", "%E2%80%8A"},
                                                                  {"\u2028", "%E2%80%A8"},
                                                                  {"\u2029", "%E2%80%A9"},
                                                                  {"\u202f", "%E2%80%AF"},
                                                                  {"\u205f", "%E2%81%9F"},
                                                                  {"\u3000", "%E3%80%80"}})
    EXPECT_EQ(token(std::string("x") + space + "y"), std::string("x") + escaped + "y");
}

TEST(Number, IsShortestAndReadsBack) {
  EXPECT_EQ(digits(1.0f), "1");
  EXPECT_EQ(digits(-0.1f), "-0.1");
  EXPECT_EQ(digits(1e-20f), "1e-20");
  EXPECT_EQ(digits(16777217.0), "16777217");
  EXPECT_EQ(digits(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(std::strtof(digits(std::numeric_limits<float>::denorm_min()).c_str(), nullptr),
            std::numeric_limits<float>::denorm_min());
}

}  // namespace
}  // namespace segue::data
