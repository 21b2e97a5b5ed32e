#include "segue/core/progress.hpp"

namespace segue {
namespace {

class NoProgress final : public Progress {
 public:
  void start(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t) override {}
  void note(std::string_view) override {}
  void finish() override {}
};

}  // namespace

Progress& no_progress() {
  static NoProgress progress;
  return progress;
}

}  // namespace segue
