#include "host/cli/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <thread>

namespace segue::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

/// A pseudo-terminal: `stream()` is what a program writes to, `text()` all that a person's terminal was sent.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    termios raw{};
    ::cfmakeraw(&raw);  // newlines arrive as they were written
    if (::openpty(&ours_, &theirs_, nullptr, &raw, &size) != 0)
      throw std::runtime_error("openpty failed");
    stream_ = ::fdopen(theirs_, "w");
    text_ = std::async(std::launch::async, [this] { return read_all(); });
  }
  ~PseudoTerminal() {
    close();
    ::close(ours_);
  }

  std::FILE* stream() const { return stream_; }
  void resize(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::ioctl(ours_, TIOCSWINSZ, &size), 0);
  }
  std::string text() {
    close();
    return text_.get();
  }

 private:
  void close() {
    if (stream_ != nullptr)
      std::fclose(std::exchange(stream_, nullptr));
  }
  std::string read_all() const {
    std::string all;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ours_, buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(size));
    return all;
  }

  int ours_ = -1, theirs_ = -1;
  std::FILE* stream_ = nullptr;
  std::future<std::string> text_;
};

// What was drawn, redraw by redraw.
std::vector<std::string> frames(const std::string& text) {
  static const std::string kErase = "\r\x1b[K";
  std::vector<std::string> frames;
  for (std::size_t at = text.find(kErase); at != std::string::npos;) {
    const std::size_t next = text.find(kErase, at + 1);
    frames.push_back(text.substr(at + kErase.size(), next == std::string::npos ? next : next - at - kErase.size()));
    at = next;
  }
  return frames;
}

std::string written_to_file(const std::function<void(std::FILE*)>& write) {
  std::FILE* file = std::tmpfile();
  write(file);
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

void wait_for_redraw() {
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width(""), 0);
  EXPECT_EQ(display_width("Étude"), 5);
  EXPECT_EQ(display_width("さくら"), 6);
  EXPECT_EQ(display_width("e\u0301"), 1);  // combining accent
  EXPECT_EQ(display_width("a\xff\tb"), 4);
}

TEST(FitToWidth, CutsWithAnEllipsisAtWholeCharacters) {
  EXPECT_EQ(fit_to_width("Nocturne", 8), "Nocturne");
  EXPECT_EQ(fit_to_width("Nocturne", 7), "Noctur…");
  EXPECT_EQ(fit_to_width("さくら", 6), "さくら");
  EXPECT_EQ(fit_to_width("さくら", 5), "さく…");
  EXPECT_EQ(fit_to_width("さくら", 4), "さ…");
  EXPECT_EQ(fit_to_width("Nocturne", 1), "…");
  EXPECT_EQ(fit_to_width("Nocturne", 0), "");
}

TEST(FitToWidth, KeepsEscapesFromTheTerminal) {
  EXPECT_EQ(fit_to_width("a\x1b[2Jb\n\xc3", 80), "a\uFFFD[2Jb\uFFFD\uFFFD");
  EXPECT_EQ(fit_to_width(std::string_view("a\0b", 3), 80), "a\uFFFDb");
}

TEST(Format, Counts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(99'999), "99999");
  EXPECT_EQ(format_count(100'000), "100 k");
  EXPECT_EQ(format_count(635'403), "635 k");
  EXPECT_EQ(format_count(999'499), "999 k");
  EXPECT_EQ(format_count(999'500), "1.00 M");
  EXPECT_EQ(format_count(1'239'000'000), "1.24 G");
  EXPECT_EQ(format_count(INT64_MAX), "9.22 E");
}

TEST(Format, Durations) {
  EXPECT_EQ(format_duration(0), "0 ms");
  EXPECT_EQ(format_duration(0.0994), "99 ms");
  EXPECT_EQ(format_duration(0.0996), "0.10 s");
  EXPECT_EQ(format_duration(0.424), "0.42 s");
  EXPECT_EQ(format_duration(0.996), "1.0 s");
  EXPECT_EQ(format_duration(8.26), "8.3 s");
  EXPECT_EQ(format_duration(59.96), "1:00 min");
  EXPECT_EQ(format_duration(125), "2:05 min");
  EXPECT_EQ(format_duration(3599.6), "1:00 h");
  EXPECT_EQ(format_duration(11'250), "3:07 h");
}

TEST(TerminalProgress, DrawsAndLeavesOneLine) {
  PseudoTerminal terminal(100);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("train als", 20, "iterations");
    progress.note("loss 0.123");
    wait_for_redraw();
    progress.advance(9);
    progress.advance(11);
    progress.finish();
  }
  const std::vector<std::string> drawn = frames(terminal.text());
  ASSERT_GE(drawn.size(), 3u);  // at the start, after the wait, at the end
  EXPECT_THAT(drawn[0], AllOf(StartsWith("train als  [>"), HasSubstr("]    0%  0/20 iterations")));
  EXPECT_THAT(drawn[1],
              AllOf(HasSubstr("[=================>"), HasSubstr(" 45%  9/20 iterations"), EndsWith("  loss 0.123")));
  EXPECT_THAT(drawn.back(), MatchesRegex("train als: 20 iterations in .* s, loss 0.123\n"));
}

TEST(TerminalProgress, ShowsRateAndTimeLeft) {
  PseudoTerminal terminal(100);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("read", 4'000'000, "bytes");
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    progress.advance(1'000'000);
  }
  const std::vector<std::string> drawn = frames(terminal.text());
  ASSERT_EQ(drawn.size(), 3u);  // the destructor ends the task
  EXPECT_THAT(drawn[1], ContainsRegex(" 25%  1 MB/4 MB  [0-9.]+ [kM]B/s  [0-9.]+ s left"));
  EXPECT_THAT(drawn[2], StartsWith("read: 1 MB in "));
}

TEST(TerminalProgress, AnUnknownTotalHasNoBar) {
  PseudoTerminal terminal(100);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("read", 0, "rows");
    wait_for_redraw();
    progress.advance(250'000);
  }
  const std::vector<std::string> drawn = frames(terminal.text());
  ASSERT_EQ(drawn.size(), 3u);
  EXPECT_EQ(drawn[1], "read  250 k rows");
}

TEST(TerminalProgress, FitsAnyWidthAndFollowsResizes) {
  PseudoTerminal terminal(20);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("simulate さくら listeners", 1000, "users");
    terminal.resize(50);
    wait_for_redraw();
    progress.advance(500);
    terminal.resize(120);
    wait_for_redraw();
    progress.advance(1);
  }
  const std::vector<std::string> drawn = frames(terminal.text());
  ASSERT_EQ(drawn.size(), 4u);
  EXPECT_EQ(drawn[0], "simulate さくら li…");
  EXPECT_EQ(drawn[1], "simulate さくら listeners   50%  500/1000 users");  // no room for a bar
  EXPECT_THAT(drawn[2], HasSubstr("listeners  [===================>"));
  EXPECT_LT(display_width(drawn[2]), 120);
}

TEST(TerminalProgress, RedrawsAtMostTenTimesASecondFromAnyThread) {
  constexpr int kThreads = 8, kAdvances = 100'000;
  PseudoTerminal terminal(100);
  const auto started = std::chrono::steady_clock::now();
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("count", kThreads * kAdvances, "steps");
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&progress] {
        for (int step = 0; step < kAdvances; ++step)
          progress.advance(1);
      });
    threads.clear();
    progress.finish();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const std::vector<std::string> drawn = frames(terminal.text());
  EXPECT_LE(static_cast<double>(drawn.size()), 2 + 10 * seconds);
  EXPECT_THAT(drawn.back(), StartsWith("count: 800 k steps in "));
}

TEST(TerminalProgress, ANewTaskEndsTheOneBefore) {
  PseudoTerminal terminal(100);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.start("first", 1, "steps");
    progress.start("second", 1, "steps");
    progress.finish();
    progress.finish();
  }
  const std::vector<std::string> drawn = frames(terminal.text());
  ASSERT_EQ(drawn.size(), 4u);
  EXPECT_THAT(drawn[1], StartsWith("first: 0 steps in "));
  EXPECT_THAT(drawn[3], StartsWith("second: 0 steps in "));
}

TEST(TerminalProgress, PrintsAboveTheBar) {
  PseudoTerminal terminal(100);
  {
    TerminalProgress progress(/*quiet=*/false, terminal.stream());
    progress.print_above("before");
    progress.start("work", 2, "steps");
    progress.print_above("3 rows rejected");
  }
  const std::string text = terminal.text();
  EXPECT_THAT(text, StartsWith("before\n"));
  const std::vector<std::string> drawn = frames(text);
  ASSERT_EQ(drawn.size(), 4u);
  EXPECT_EQ(drawn[1], "3 rows rejected\n");
  EXPECT_THAT(drawn[2], StartsWith("work  ["));
}

TEST(TerminalProgress, IsSilentWithoutATerminalOrWhenQuiet) {
  const auto work = [](bool quiet, std::FILE* stream) {
    TerminalProgress progress(quiet, stream);
    progress.start("work", 2, "steps");
    progress.advance(1);
    progress.note("halfway");
    progress.finish();
  };
  EXPECT_EQ(written_to_file([&](std::FILE* file) { work(false, file); }), "");
  PseudoTerminal terminal(100);
  work(true, terminal.stream());
  EXPECT_THAT(terminal.text(), IsEmpty());
}

Table songs() {
  Table table({"#", "title", "artist", "score"});
  table.add({{"1", true}, {"さくらとほし"}, {"Gísli Fürst & the Śliwiński Philharmonic"}, {"0.71", true}});
  table.add({{"12", true}, {"Étude"}, {"Brook"}, {"0.5", true}});
  return table;
}

TEST(Table, AlignsByDisplayWidthAndNumbersRight) {
  EXPECT_EQ(songs().to_string(0, false),
            " #  title         artist                                    score\n"
            " 1  さくらとほし  Gísli Fürst & the Śliwiński Philharmonic   0.71\n"
            "12  Étude         Brook                                       0.5\n");
}

TEST(Table, CutsTheWidestTextColumnToFit) {
  EXPECT_EQ(songs().to_string(45, false),
            " #  title         artist                score\n"
            " 1  さくらとほし  Gísli Fürst & the Ś…   0.71\n"
            "12  Étude         Brook                   0.5\n");
}

TEST(Table, NeverCutsNumbersNorTextBelowEightColumns) {
  EXPECT_EQ(songs().to_string(5, false),
            " #  title     artist    score\n"
            " 1  さくら…   Gísli F…   0.71\n"
            "12  Étude     Brook       0.5\n");
}

TEST(Table, AnyWidthDownToTheLeastIsKept) {
  for (int columns = 29; columns <= 70; ++columns) {
    const std::string text = songs().to_string(columns, false);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(display_width(text.substr(at, end - at)), columns) << text;
      at = end + 1;
    }
  }
}

TEST(Table, HeadersAloneAndTrailingBlanks) {
  Table table({"name", "note"});
  EXPECT_EQ(table.to_string(0, false), "name  note\n");
  table.add({{"x"}, {""}});
  EXPECT_EQ(table.to_string(0, false), "name  note\nx\n");
}

TEST(Table, IsPlainInAFileAndUnderNoColor) {
  const std::string plain = songs().to_string(0, false);
  EXPECT_EQ(written_to_file([](std::FILE* file) { songs().print(file); }), plain);

  ::unsetenv("NO_COLOR");
  PseudoTerminal coloured(45);
  songs().print(coloured.stream());
  EXPECT_THAT(coloured.text(), AllOf(StartsWith("\x1b[1m #  title"), HasSubstr("score\x1b[0m\n"), HasSubstr("…")));

  ::setenv("NO_COLOR", "1", 1);
  PseudoTerminal uncoloured(100);
  songs().print(uncoloured.stream());
  ::unsetenv("NO_COLOR");
  EXPECT_EQ(uncoloured.text(), plain);
}

}  // namespace
}  // namespace segue::cli
