#include "segue/report/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "segue/report/chart.hpp"

namespace segue::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Page, HoldsWhatWasPutInInOrder) {
  Page page("Quality");
  page.section("Metrics");
  page.paragraph("Five songs held out.");
  page.table({"By model", {"model", "ndcg@10"}, {{{"als"}, {"0.1436", true}}, {{"random"}, {"0.0003", true}}}});
  page.figure(draw(LineChart{}), "Figure 1");
  page.code("[als]\nrank = 64\n");
  const std::string html = page.html();
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">"));
  EXPECT_THAT(html, HasSubstr("<h1>Quality</h1>\n<h2>Metrics</h2>\n<p>Five songs held out.</p>\n"));
  EXPECT_THAT(html, HasSubstr("<caption>By model</caption><thead><tr><th>model</th><th class=\"number\">ndcg@10</th>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>als</td><td class=\"number\">0.1436</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>Figure 1</figcaption>"));
  EXPECT_THAT(html, HasSubstr("<pre>[als]\nrank = 64\n</pre>"));
}

TEST(Page, AColumnWithWordsIsNotAlignedAsNumbers) {
  Page page("x");
  page.table({"", {"value"}, {{{"1", true}}, {{"not run"}}}});
  EXPECT_THAT(page.html(), Not(HasSubstr("class=\"number\"")));
}

TEST(Page, AsksForNothingAndRunsNothing) {
  Page page("<script src=\"http://evil\"></script>");
  page.section("<img src=x onerror=alert(1)>");
  page.paragraph("<a href=\"javascript:x\">");
  page.table({"<b>", {"<i>"}, {{{"<svg onload=x>"}}}});
  page.figure(draw(LineChart{}), "<u>");
  page.code("</pre><script>");
  const std::string html = page.html();
  for (const char* part : {"<script", "<img", "<a ", "<b>", "<i>", "<svg onload", "<u>", "<link", "@import", "url("})
    EXPECT_THAT(html, Not(HasSubstr(part)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'; style-src 'unsafe-inline'"));
}

TEST(Page, ARowOfAnotherLengthIsRefused) {
  Page page("x");
  EXPECT_THROW(page.table({"", {"a", "b"}, {{{"1"}}}}), InvalidArgument);
}

}  // namespace
}  // namespace segue::report
