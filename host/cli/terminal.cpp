#include "host/cli/terminal.hpp"

#include <fmt/format.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cwchar>

namespace segue::cli {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

// mbrtowc() and wcwidth() follow the thread's locale, whatever the user's is: UTF-8 for the length of a scope.
class Utf8Scope {
 public:
  Utf8Scope() {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    previous_ = ::uselocale(utf8);
  }
  ~Utf8Scope() { ::uselocale(previous_); }
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;

 private:
  locale_t previous_;
};

struct Character {
  std::string_view bytes;  // as it is to be printed
  int columns = 1;
};

// Takes the first character off `text`. Call in a Utf8Scope.
Character take_character(std::string_view& text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
  const bool valid = length >= 1 && length <= text.size();  // 0: a NUL; else −1 or −2
  const int columns = valid ? ::wcwidth(wide) : -1;
  const std::string_view bytes = text.substr(0, valid ? length : 1);
  text.remove_prefix(bytes.size());
  return columns < 0 ? Character{kReplacement, 1} : Character{bytes, columns};
}

}  // namespace

bool is_terminal(std::FILE* stream) {
  return ::isatty(::fileno(stream)) == 1;
}

int terminal_width(std::FILE* stream) {
  if (!is_terminal(stream))
    return 0;
  winsize size{};
  const bool known = ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

int display_width(std::string_view text) {
  const Utf8Scope scope;
  int columns = 0;
  while (!text.empty())
    columns += take_character(text).columns;
  return columns;
}

std::string fit_to_width(std::string_view text, int columns) {
  const Utf8Scope scope;
  std::string fitted;
  std::size_t cut = 0;  // length of what leaves a column for the ellipsis
  int used = 0;
  while (!text.empty()) {
    const Character character = take_character(text);
    used += character.columns;
    if (used > columns) {
      fitted.resize(cut);
      return columns > 0 ? fitted + "…" : fitted;
    }
    fitted += character.bytes;
    if (used < columns)
      cut = fitted.size();
  }
  return fitted;
}

std::string format_count(std::int64_t count) {
  if (count < 100'000)
    return std::to_string(count);
  double value = static_cast<double>(count) / 1e3;
  std::size_t unit = 0;
  static constexpr std::string_view kUnits[] = {"k", "M", "G", "T", "P", "E"};
  for (; value >= 999.5; value /= 1e3)
    ++unit;
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string format_duration(double seconds) {
  if (seconds < 0.0995)
    return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 0.995)
    return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95)
    return fmt::format("{:.1f} s", seconds);
  const std::int64_t whole = std::llround(seconds);
  return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60)
                      : fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

}  // namespace segue::cli
