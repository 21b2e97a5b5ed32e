#include "segue/pipeline/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"

namespace segue::pipeline {
namespace {

struct Range {
  double low;
  double high;
};

template <class Enum>
using Names = std::vector<std::pair<std::string_view, Enum>>;

/// The one table of keys: reading, printing and fingerprinting all walk it.
template <class Visitor>
void visit_keys(Config& c, Visitor& v) {
  constexpr double kMany = 1e9;
  constexpr double kLargestSeed = 9e15;  // a double holds it exactly
  v.section("input");
  v.number("reject_limit", c.input.reject_limit, {0, 1}, "fraction of a table's rows that may be rejected");
  v.choice("layout", c.input.layout, Names<data::Layout>(data::layout_names().begin(), data::layout_names().end()),
           "how the log lies in its files; auto: told by the content");
  v.text("user", c.input.user, "whose log it is, where it does not say; \"\": the name of its folder");
  v.number("min_rating", c.input.min_rating, {-1e9, 1e9}, "in a log of ratings, lower ones are left out");
  v.section("input.columns");
  v.text("user", c.input.columns.user, "listens: the listener's id");
  v.text("song", c.input.columns.song, "listens: the song's id");
  v.text("timestamp", c.input.columns.timestamp, "listens: time, ISO 8601 or epoch s or ms; may be missing");
  v.text("ms_played", c.input.columns.ms_played, "listens: milliseconds played; without it every row is a stream");
  v.text("count", c.input.columns.count, "listens: plays in the row; without it one");
  v.text("rating", c.input.columns.rating, "listens: a rating; those below min_rating are left out");

  v.section("interactions");
  v.number("stream_ms", c.interactions.stream_ms, {0, 86400000},
           "ms; a listen this long is a stream, a shorter one a skip");
  v.number("skip_weight", c.interactions.skip_weight, {0, 1000}, "streams that a skip takes away");
  v.number("half_life_days", c.interactions.half_life_days, {0, 1e6},
           "days after which a listen counts half; 0: never");
  v.choice("confidence", c.interactions.confidence,
           Names<data::Confidence>{{"linear", data::Confidence::linear}, {"log", data::Confidence::log}},
           "c = 1 + alpha r, or r replaced by log(1 + r/log_epsilon)");
  v.number("log_epsilon", c.interactions.log_epsilon, {1e-6, 1e6}, "streams; for confidence = \"log\"");
  v.number("min_user_streams", c.interactions.min_user_streams, {0, kMany}, "users with fewer are not trained on");
  v.number("min_song_listeners", c.interactions.min_song_listeners, {0, kMany}, "songs with fewer are not trained on");

  als::Options& als = c.als.als;
  v.section("als");
  v.number("rank", als.rank, {1, 1024}, "latent factors");
  v.number("iterations", als.iterations, {1, 10000}, "one solves users, then songs");
  v.number("alpha", als.alpha, {1e-6, 1e6}, "confidence of one stream: c = 1 + alpha r");
  v.number("regularization", als.regularization, {0, 1e9}, "lambda");
  v.number("regularization_exponent", als.regularization_exponent, {0, 1}, "0: the same for all; 1: by frequency");
  v.choice(
      "method", als.method,
      Names<als::Method>{{"conjugate-gradient", als::Method::conjugate_gradient}, {"cholesky", als::Method::cholesky}},
      "cholesky is exact, and slow from rank 64 on");
  v.number("cg_steps", als.cg_steps, {1, 100}, "conjugate-gradient steps a row and iteration");
  v.choice("preconditioner", als.preconditioner,
           Names<als::Preconditioner>{{"none", als::Preconditioner::none}, {"gram", als::Preconditioner::gram}},
           "of the conjugate gradient");
  v.choice(
      "gather_storage", als.gather_storage,
      Names<als::Storage>{
          {"float32", als::Storage::float32}, {"float16", als::Storage::float16}, {"bfloat16", als::Storage::bfloat16}},
      "of the vectors read at random; sums are float32");
  v.number("init_scale", als.init_scale, {1e-6, 1000}, "first vectors are normal with this deviation over sqrt(rank)");
  v.number("seed", als.seed, {0, kLargestSeed}, "of the first vectors");
  v.number("checkpoint_every", c.als.checkpoint_every, {0, 10000}, "iterations; 0: never");

  v.section("groups");
  v.number("clusters", c.groups.clusters, {0, kMany}, "groups of listeners; 0: sqrt(listeners / 2)");
  v.number("iterations", c.groups.iterations, {1, 10000}, "at most");
  v.number("seed", c.groups.seed, {0, kLargestSeed}, "of the first centroids");

  playlist::DiscoverWeeklyOptions& weekly = c.discover_weekly;
  v.section("discover_weekly");
  v.number("length", weekly.length, {1, 500}, "songs");
  v.number("per_artist", weekly.per_artist, {1, 500}, "songs of one artist at most");
  v.number("known_artists", weekly.known_artists, {0, 1}, "largest share by artists the listener streams already");
  v.number("artist_songs", weekly.artist_songs, {0, 500}, "seats kept for unheard songs of those artists");
  v.number("candidates", weekly.candidates, {1, 2048}, "asked of each source");
  v.number("weight_als", weekly.weight_als, {0, 1000}, "of the user's vector against the songs' in the blend");
  v.number("weight_similar_songs", weekly.weight_similar_songs, {0, 1000}, "of songs near those streamed most");
  v.number("weight_group", weekly.weight_group, {0, 1000}, "of songs that the listener's group streams");
  v.number("weight_similar_users", weekly.weight_similar_users, {0, 1000},
           "of songs that the nearest listeners stream");
  v.number("weight_artist", weekly.weight_artist, {0, 1000}, "of unheard songs by artists the listener streams");
  v.number("block_users", weekly.block_users, {1, 1e6}, "worked on at a time; bounds the memory");

  playlist::ReleaseRadarOptions& radar = c.release_radar;
  v.section("release_radar");
  v.number("window_days", radar.window_days, {1, 3650}, "days up to and including the Friday");
  v.number("length", radar.length, {1, 500}, "songs at most");
  v.number("per_artist", radar.per_artist, {1, 500}, "songs at most of an artist that is not followed");
  v.number("min_listeners", radar.min_listeners, {0, kMany}, "of an artist that is not followed");
  v.number("similar_artists", radar.similar_artists, {0, 2048}, "closest artists looked at");
  v.number("min_similarity", radar.min_similarity, {-1, 1}, "cosine of listener and artist");
  v.number("block_users", radar.block_users, {1, 1e6}, "worked on at a time; bounds the memory");

  v.section("output");
  v.flag("csv", c.output.csv, "playlists as CSV beside the JSON Lines");
  v.flag("m3u8", c.output.m3u8, "playlists as one M3U8 file a listener");
}

std::string format_number(double value) {
  return std::floor(value) == value && std::fabs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                               : fmt::format("{}", value);
}

template <class Number>
std::string toml_number(Number value) {
  if constexpr (std::integral<Number>)
    return fmt::format("{}", value);
  const std::string text = fmt::format("{}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\')
      out += '\\';
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(character));
    else
      out += character;
  }
  return out + "\"";
}

/// Writes the table as TOML, with or without comments.
class Printer {
 public:
  Printer(bool comments, std::vector<std::string_view> sections)
      : comments_(comments), sections_(std::move(sections)) {}

  void section(std::string_view name) {
    wanted_ = sections_.empty() || std::find(sections_.begin(), sections_.end(), name) != sections_.end();
    if (wanted_)
      out_ += fmt::format("{}[{}]\n", out_.empty() ? "" : "\n", name);
  }
  template <class Number>
  void number(std::string_view name, Number& value, Range range, std::string_view meaning) {
    line(name, toml_number(value),
         fmt::format("{} ({} to {})", meaning, format_number(range.low), format_number(range.high)));
  }
  void text(std::string_view name, std::string& value, std::string_view meaning) {
    line(name, toml_string(value), meaning);
  }
  void flag(std::string_view name, bool& value, std::string_view meaning) {
    line(name, value ? "true" : "false", meaning);
  }
  template <class Enum>
  void choice(std::string_view name, Enum& value, const Names<Enum>& names, std::string_view meaning) {
    std::string options;
    std::string_view chosen;
    for (const auto& [word, meant] : names) {
      options += fmt::format("{}{}", options.empty() ? "" : " or ", word);
      if (meant == value && chosen.empty())  // a layout has several names
        chosen = word;
    }
    line(name, toml_string(chosen), fmt::format("{} ({})", meaning, options));
  }
  std::string take() { return std::move(out_); }

 private:
  void line(std::string_view name, std::string_view value, std::string_view meaning) {
    if (!wanted_)
      return;
    const std::string assignment = fmt::format("{} = {}", name, value);
    out_ += comments_ ? fmt::format("{:<36} # {}\n", assignment, meaning) : assignment + "\n";
  }

  bool comments_;
  std::vector<std::string_view> sections_;
  bool wanted_ = true;
  std::string out_;
};

/// Takes what a parsed TOML table has, and refuses the rest.
class Reader {
 public:
  /// @param fail  throws, given where in the document and what is wrong
  using Fail = std::function<void(const toml::source_region&, const std::string&)>;
  Reader(const toml::table& document, Fail fail) : document_(document), fail_(std::move(fail)) {}

  void section(std::string_view name) {
    known_[std::string(name)];
    section_ = name;
    const toml::node* node = document_.at_path(name).node();
    table_ = node != nullptr ? node->as_table() : nullptr;
    if (node != nullptr && table_ == nullptr)
      fail_(node->source(), fmt::format("{} is not a section: write [{}]", name, name));
  }
  template <class Number>
  void number(std::string_view name, Number& value, Range range, std::string_view) {
    const toml::node* node = find(name);
    if (node == nullptr)
      return;
    const std::optional<double> number =
        std::integral<Number> ? to_double(node->value_exact<std::int64_t>()) : node->value<double>();
    if (!number || !(*number >= range.low && *number <= range.high))
      fail_(node->source(), fmt::format("{}: {} is not {} from {} to {}", full(name), print(*node),
                                        std::integral<Number> ? "a whole number" : "a number", format_number(range.low),
                                        format_number(range.high)));
    value = static_cast<Number>(*number);
  }
  void text(std::string_view name, std::string& value, std::string_view) {
    if (const toml::node* node = find(name))
      value = typed<std::string>(name, *node, "a string in quotes");
  }
  void flag(std::string_view name, bool& value, std::string_view) {
    if (const toml::node* node = find(name))
      value = typed<bool>(name, *node, "true or false");
  }
  template <class Enum>
  void choice(std::string_view name, Enum& value, const Names<Enum>& names, std::string_view) {
    const toml::node* node = find(name);
    if (node == nullptr)
      return;
    const std::optional<std::string> word = node->value_exact<std::string>();
    std::string options;
    for (const auto& [option, meant] : names) {
      if (word == option) {
        value = meant;
        return;
      }
      options += fmt::format("{}\"{}\"", options.empty() ? "" : " or ", option);
    }
    fail_(node->source(), fmt::format("{}: {} is not {}", full(name), print(*node), options));
  }

  void refuse_unknown_keys() const { refuse_unknown_keys(document_, ""); }

 private:
  static std::optional<double> to_double(const std::optional<std::int64_t>& value) {
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
  }
  static std::string print(const toml::node& node) {
    std::ostringstream text;
    node.visit([&](const auto& value) { text << value; });
    return text.str();
  }
  std::string full(std::string_view name) const { return fmt::format("{}.{}", section_, name); }
  const toml::node* find(std::string_view name) {
    known_[section_].push_back(name);
    return table_ != nullptr ? table_->get(name) : nullptr;
  }
  template <class T>
  T typed(std::string_view name, const toml::node& node, std::string_view expected) {
    const std::optional<T> value = node.value_exact<T>();
    if (!value)
      fail_(node.source(), fmt::format("{}: {} is not {}", full(name), print(node), expected));
    return *value;
  }

  void refuse_unknown_keys(const toml::table& table, const std::string& prefix) const {
    for (const auto& [key, node] : table) {
      const std::string name = prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
      if (node.is_table() && known_.contains(name))
        refuse_unknown_keys(*node.as_table(), name);
      else if (!knows_key(prefix, key.str()))
        fail_(key.source(), fmt::format("unknown key {}{}", name, suggestion(name)));
    }
  }
  bool knows_key(std::string_view section, std::string_view key) const {
    const auto found = known_.find(section);
    return found != known_.end() && std::find(found->second.begin(), found->second.end(), key) != found->second.end();
  }
  std::string suggestion(const std::string& name) const {
    std::vector<std::string> all;
    for (const auto& [section, keys] : known_)
      for (const std::string_view key : keys)
        all.push_back(fmt::format("{}.{}", section, key));
    const std::vector<std::string_view> views(all.begin(), all.end());
    const std::vector<std::string> near = nearest_words(name, views, 1);
    return near.empty() ? "; `segue config` lists them" : fmt::format("; did you mean {}?", near[0]);
  }

  const toml::table& document_;
  Fail fail_;
  std::string section_;
  const toml::table* table_ = nullptr;
  std::map<std::string, std::vector<std::string_view>, std::less<>> known_;
};

void read_table(Config& config, const toml::table& document, const Reader::Fail& fail) {
  Reader reader(document, fail);
  visit_keys(config, reader);
  reader.refuse_unknown_keys();
}

void read_setting(Config& config, const std::string& setting) {
  const auto fail = [&](const toml::source_region&, const std::string& what) {
    throw InvalidArgument(fmt::format("--set {}: {}", setting, what));
  };
  const std::size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    fail({}, "section.key=value expected, such as als.rank=64");
  try {
    read_table(config, toml::parse(setting), fail);
  } catch (const toml::parse_error&) {
    // A bare word is a string: als.method=cholesky
    const std::string quoted = setting.substr(0, equals + 1) + toml_string(setting.substr(equals + 1));
    try {
      read_table(config, toml::parse(quoted), fail);
    } catch (const toml::parse_error& error) {
      fail({}, std::string(error.description()));
    }
  }
}

}  // namespace

Config parse_config(std::string_view toml, const std::string& name) {
  Config config;
  const auto fail = [&](const toml::source_region& where, const std::string& what) {
    throw BadInput(fmt::format("{}:{}: {}", name, where.begin.line, what));
  };
  try {
    read_table(config, toml::parse(toml, name), fail);
  } catch (const toml::parse_error& error) {
    fail(error.source(), std::string(error.description()));
  }
  return config;
}

Config load_config(const std::filesystem::path& file, std::span<const std::string> settings, std::int64_t seed) {
  Config config = file.empty() ? Config{} : parse_config(read_file(file), file.string());
  for (const std::string& setting : settings)
    read_setting(config, setting);
  if (seed >= 0)
    config.als.als.seed = config.groups.seed = static_cast<std::uint64_t>(seed);
  als::check_options(config.als.als);
  if (config.discover_weekly.candidates < config.discover_weekly.length)
    throw InvalidArgument(fmt::format("discover_weekly.candidates: {} is less than discover_weekly.length, {}",
                                      config.discover_weekly.candidates, config.discover_weekly.length));
  return config;
}

std::string to_toml(const Config& config) {
  Printer printer(true, {});
  Config copy = config;
  visit_keys(copy, printer);
  return printer.take();
}

std::string fingerprint(const Config& config, std::initializer_list<std::string_view> sections) {
  Printer printer(false, sections);
  Config copy = config;
  visit_keys(copy, printer);
  return printer.take();
}

}  // namespace segue::pipeline
