#include "host/report/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace segue::report {
namespace {

constexpr double kNarrowest = 1e-9;  // an axis spans at least this share of its largest value: labels stay readable
// What is beyond is drawn as these, so that all sums, differences and logarithms stay far from the ends of double.
constexpr double kLeast = 1e-280, kMost = 1e280;

std::string with_minus_sign(std::string text) {
  return text.starts_with('-') ? "−" + text.substr(1) : text;
}

std::string superscript(int number) {
  constexpr std::array<std::string_view, 10> kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = number < 0 ? "⁻" : "";
  for (const char digit : fmt::to_string(std::abs(number)))
    out += kDigits[static_cast<std::size_t>(digit - '0')];
  return out;
}

// 1.5e-07 → 1.5×10⁻⁷, 1e+20 → 10²⁰
std::string scientific(double value, int digits) {
  const std::string text = fmt::format("{:.{}e}", value, digits);
  const std::size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.'))
      mantissa.pop_back();
  }
  const std::string power = "10" + superscript(std::stoi(text.substr(e + 1)));
  if (mantissa == "1" || mantissa == "-1")
    return with_minus_sign(mantissa.substr(0, mantissa.size() - 1) + power);
  return with_minus_sign(mantissa) + "×" + power;
}

struct Unit {
  double size;
  std::string_view suffix;
};

Unit unit_for(double largest) {
  if (largest < 1e4)
    return {1, ""};
  if (largest < 1e6)
    return {1e3, " k"};
  return largest < 1e9 ? Unit{1e6, " M"} : Unit{1e9, " G"};
}

double clamp_to_drawable(double value, Scale scale) {
  return std::clamp(value, scale == Scale::log ? kLeast : -kMost, kMost);
}

}  // namespace

double nice_step(double at_least) {
  const double power = std::pow(10.0, std::floor(std::log10(at_least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= at_least * (1 - 1e-12))
      return factor * power;
  return 10 * power;
}

std::string format_tick(double value, double step, double largest) {
  if (value == 0)
    return "0";
  if (largest >= 1e12 || largest < 1e-3) {
    const int digits = static_cast<int>(std::ceil(std::log10(std::abs(value) / step) - 1e-9));
    return scientific(value, std::clamp(digits, 0, 15));
  }
  const Unit unit = unit_for(largest);
  const int decimals = static_cast<int>(std::ceil(-std::log10(step / unit.size) - 1e-9));
  return with_minus_sign(fmt::format("{:.{}f}", value / unit.size, std::clamp(decimals, 0, 15))) +
         std::string(unit.suffix);
}

std::string format_value(double value) {
  const double size = std::abs(value);
  if (size < 1e4 && value == std::floor(value))
    return with_minus_sign(fmt::format("{:.0f}", value + 0.0));
  if (!(size >= 1e-4 && size < 1e12))
    return std::isfinite(value) ? scientific(value, 3) : fmt::format("{}", value);
  const Unit unit = unit_for(size);
  const int decimals = 3 - static_cast<int>(std::floor(std::log10(size / unit.size)));
  return with_minus_sign(fmt::format("{:.{}f}", value / unit.size, std::clamp(decimals, 0, 7))) +
         std::string(unit.suffix);
}

bool Extent::shows(double value) const {
  return std::isfinite(value) && (axis_.scale == Scale::linear || value > 0);
}

void Extent::add(double value) {
  if (!shows(value))
    return;
  value = clamp_to_drawable(value, axis_.scale);
  const bool first = empty();
  low_ = first ? value : std::min(low_, value);
  high_ = first ? value : std::max(high_, value);
}

AxisScale::AxisScale(const Axis& axis, const Extent& extent, Ends ends, int ticks) : scale_(axis.scale) {
  if (!axis.categories.empty()) {
    low_ = -0.5;
    high_ = static_cast<double>(axis.categories.size()) - 0.5;
    for (std::size_t i = 0; i < axis.categories.size(); ++i)
      ticks_.push_back({static_cast<double>(i), axis.categories[i]});
    return;
  }
  Extent wanted = extent;
  for (const std::optional<double>& end : {axis.low, axis.high})
    if (end)
      wanted.add(*end);
  low_ = wanted.empty() ? (scale_ == Scale::log ? 1 : 0) : wanted.low();
  high_ = wanted.empty() ? (scale_ == Scale::log ? 10 : 1) : wanted.high();
  widen();
  extend(ends, ticks);
  if (scale_ == Scale::log)
    add_log_ticks(ticks);
  if (ticks_.size() < 2)
    add_linear_ticks(ticks);
}

// One value, or several that no label could tell apart, get room on both sides.
void AxisScale::widen() {
  const double size = std::max(std::abs(low_), std::abs(high_));
  if (high_ - low_ > std::max(kNarrowest * size, kLeast))
    return;
  if (scale_ == Scale::log) {
    low_ /= 2;
    high_ *= 2;
  } else {
    const double room = size == 0 ? 1 : std::max(size * 0.05, 10 * kLeast);
    low_ -= room;
    high_ += room;
  }
}

void AxisScale::extend(Ends ends, int ticks) {
  if (ends == Ends::data)
    return;
  if (ends == Ends::loose) {
    constexpr double kRoom = 0.03;
    if (scale_ == Scale::log) {
      const double factor = std::exp(kRoom * (std::log(high_) - std::log(low_)));
      low_ /= factor;
      high_ *= factor;
    } else {
      const double more = (high_ - low_) * kRoom;
      low_ -= more;
      high_ += more;
    }
    return;
  }
  if (scale_ == Scale::log)
    return;
  const double step = nice_step((high_ - low_) / ticks);
  low_ = std::floor(low_ / step + 1e-9) * step;
  high_ = std::ceil(high_ / step - 1e-9) * step;
}

// Nothing where there are ticks already and these are no more: a logarithmic axis keeps its own.
void AxisScale::add_linear_ticks(int wanted) {
  double step = nice_step((high_ - low_) / wanted);
  const double slack = 1e-9;  // of a step: rounding must not lose the tick at an end
  const auto first = [&] { return std::ceil(low_ / step - slack); };
  const auto last = [&] { return std::floor(high_ / step + slack); };
  if (last() - first() < 2)
    step = nice_step(step * 0.39);  // 5 → 2 → 1 → 0.5
  const double largest = std::max(std::abs(first()), std::abs(last())) * step;
  std::vector<Tick> ticks;
  for (double i = first(); i <= last() && ticks.size() < 100; ++i)
    if (scale_ == Scale::linear || i > 0)
      ticks.push_back({i * step, format_tick(i * step, step, largest)});
  if (ticks.size() > ticks_.size())
    ticks_ = std::move(ticks);
}

// The densest of: every power of ten with 2 and 5, with 3, every power, every second, … that gives no more than wanted.
void AxisScale::add_log_ticks(int wanted) {
  const int first = static_cast<int>(std::floor(std::log10(low_))),
            last = static_cast<int>(std::ceil(std::log10(high_)));
  const auto try_ticks = [&](std::initializer_list<double> factors, int every) {
    ticks_.clear();
    for (int power = first; power <= last; ++power)
      for (const double factor : factors) {
        const double value = factor * std::pow(10.0, power);
        if (power % every == 0 && value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9))
          ticks_.push_back({value, format_tick(value, std::pow(10.0, power), value)});
      }
    return static_cast<int>(ticks_.size()) <= wanted;
  };
  if (try_ticks({1, 2, 5}, 1) || try_ticks({1, 3}, 1))
    return;
  for (int every = 1; !try_ticks({1}, every); ++every) {
  }
}

double AxisScale::position(double value) const {
  value = clamp_to_drawable(value, scale_);
  if (scale_ == Scale::log)
    return (std::log(value) - std::log(low_)) / (std::log(high_) - std::log(low_));
  return (value - low_) / (high_ - low_);
}

}  // namespace segue::report
