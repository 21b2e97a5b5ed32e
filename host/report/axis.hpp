#pragma once

#include <span>
#include <string>
#include <vector>

#include "segue/report/chart.hpp"

namespace segue::report {

struct Tick {
  double value;
  std::string label;
};

/// Smallest and largest of the values that an axis can show.
class Extent {
 public:
  explicit Extent(const Axis& axis) : axis_(axis) {}
  bool shows(double value) const;
  void add(double value);
  bool empty() const { return !(low_ <= high_); }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  const Axis& axis_;
  double low_ = 1, high_ = 0;
};

enum class Ends {
  ticks,  ///< the axis begins and ends at a tick
  data,   ///< where the data do
  loose,  ///< a little outside the data, so that points do not stand on the frame
};

/// From values to [0, 1], with ticks.
class AxisScale {
 public:
  /// @param extent  empty: 0 to 1, or 1 to 10 on a logarithmic axis
  /// @param ticks   wanted, about
  AxisScale(const Axis& axis, const Extent& extent, Ends ends, int ticks);

  double position(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  void widen();
  void extend(Ends ends, int ticks);
  void add_linear_ticks(int wanted);
  void add_log_ticks(int wanted);

  Scale scale_;
  double low_, high_;
  std::vector<Tick> ticks_;
};

/// The smallest of 1, 2, 5 times a power of ten that is at least so much.
/// @param at_least  above 0, and a normal number
double nice_step(double at_least);

/// "0.15", "−20", "35 k", "2×10⁻⁷", as a tick at multiples of `step` needs it. All of an axis's ticks get the unit
/// of the largest.
std::string format_tick(double value, double step, double largest);

/// Four significant digits, for values in text; whole numbers up to 9999 as they are.
std::string format_value(double value);

}  // namespace segue::report
