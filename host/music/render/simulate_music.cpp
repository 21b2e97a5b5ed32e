#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <vector>

#include "host/music/render/excerpt_folder.hpp"
#include "segue/core/error.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"
#include "segue/music/renderer.hpp"

namespace segue::music {
namespace {

constexpr std::int64_t kMostExcerpts = 10'000'000;
constexpr int kAttempts = 20;

void require_memory(const SimulateMusicOptions& options) {
  MemoryPlan plan("simulate music");
  std::int64_t fonts = 0;
  for (const SoundFont& font : options.fonts) {
    std::error_code missing;  // the renderer says so
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(font.path, missing));
    constexpr int kVorbis = 10;  // an SF3's samples against their file
    if (!missing)
      fonts += font.path.extension() == ".sf3" ? kVorbis * bytes : bytes;
  }
  constexpr int kBuffers = 12;  // stems, their channels, what the codec holds
  const auto samples = static_cast<std::int64_t>(options.render.seconds * options.render.sample_rate);
  plan.add("soundfonts", fonts);
  plan.add("excerpts being rendered",
           checked_product({thread_count(), kBuffers, samples, static_cast<std::int64_t>(sizeof(float))}));
  plan.require(available_memory_bytes(), "name fewer --fonts, or set fewer --threads");
}

// What all excerpts of a folder's split have in common, for a run that goes on to compare.
std::string describe(const Corpus& corpus, const SimulateMusicOptions& options) {
  std::vector<std::string> fonts;
  for (const SoundFont& font : options.fonts)
    fonts.push_back(font.name);
  return fmt::format(
      "seed {}, {} s at {} Hz, fonts {}, {} scores, {} grooves, procedural share {}, keyless share {}, metre shares "
      "{}, "
      "detuning limit {} cents",
      options.seed, options.render.seconds, options.render.sample_rate, fmt::join(fonts, " "), corpus.scores.size(),
      corpus.grooves.size(), options.arrange.procedural_share, options.arrange.keyless_share,
      fmt::join(options.arrange.metre_shares, " "), options.render.detuning_limit_cents);
}

// One renderer a thread, made one after the other.
class Renderers {
 public:
  explicit Renderers(const SimulateMusicOptions& options) : options_(options) {}

  Renderer& local() {
    std::unique_ptr<Renderer>& mine = renderers_.local();
    if (mine == nullptr) {
      const std::lock_guard lock(making_);
      mine = std::make_unique<Renderer>(options_.fonts, options_.render);
    }
    return *mine;
  }

 private:
  const SimulateMusicOptions& options_;
  std::mutex making_;
  PerThread<std::unique_ptr<Renderer>> renderers_;
};

Excerpt make_excerpt(Renderer& renderer, const Corpus& corpus, const SimulateMusicOptions& options,
                     std::int64_t number) {
  const auto stream = static_cast<std::uint64_t>(options.split) << 56 | static_cast<std::uint64_t>(number);
  Random random(options.seed, stream);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Arrangement arrangement = arrange(corpus, options.split, options.arrange, random);
    if (std::optional<Excerpt> excerpt = renderer.render(arrangement, random))
      return std::move(*excerpt);
  }
  throw Error(
      fmt::format("simulate music: excerpt {}: {} arrangements in a row gave no sound: General MIDI soundfonts "
                  "expected",
                  number, kAttempts));
}

}  // namespace

SimulateMusicResult simulate_music(const std::filesystem::path& directory, const Corpus& corpus,
                                   const SimulateMusicOptions& options, Progress& progress) {
  if (options.count < 1 || options.count > kMostExcerpts)
    throw InvalidArgument(fmt::format("simulate music: count: {} is not in 1–{}", options.count, kMostExcerpts));
  require_memory(options);
  Renderers renderers(options);
  make_excerpt(renderers.local(), corpus, options, 0);  // wrong options show before anything is written
  ExcerptFolder folder(directory, options.split, describe(corpus, options));
  std::vector<std::int64_t> missing;
  for (std::int64_t number = 0; number < options.count; ++number)
    if (!folder.has(number))
      missing.push_back(number);

  ProgressTask task(progress, "simulate music", std::ssize(missing), "excerpts");
  parallel_tasks(std::ssize(missing), [&](std::int64_t i) {
    const std::int64_t number = missing[static_cast<std::size_t>(i)];
    const Excerpt excerpt = make_excerpt(renderers.local(), corpus, options, number);
    folder.add(number, excerpt, options.render.sample_rate);
    task.advance(1);
  });
  folder.sort();

  SimulateMusicResult result;
  result.excerpts = options.count;
  result.seconds_of_audio = static_cast<double>(options.count) * options.render.seconds;
  for (std::int64_t number = 0; number < options.count; ++number)
    result.bytes += static_cast<std::int64_t>(std::filesystem::file_size(folder.audio_path(number)));
  return result;
}

}  // namespace segue::music
