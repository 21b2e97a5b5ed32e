#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "segue/report/drawing.hpp"

namespace segue::report {

struct Cell {
  std::string text;
  bool numeric = false;
};

struct Table {
  std::string caption;
  std::vector<std::string> headers;
  std::vector<std::vector<Cell>> rows;  ///< as many cells as headers; a column of numbers only is aligned right
};

/// One HTML page that needs nothing but itself: no script, no font, no request; light or dark as the reader has it, and
/// fit to print. It is well-formed XML as well. All text is escaped: titles and names may hold anything.
class Page {
 public:
  explicit Page(std::string_view title);

  /// What follows, up to the next section, stands under this heading.
  void section(std::string_view heading);
  void paragraph(std::string_view text);
  /// @throws InvalidArgument  a row with another number of cells than there are headers
  void table(const Table& table);
  void figure(const Drawing& drawing, std::string_view caption);
  /// Text in a fixed-width font, lines as they are: a configuration, a command.
  void code(std::string_view text);

  std::string html() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace segue::report
