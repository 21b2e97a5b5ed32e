// Runs a fuzzer without libFuzzer: every file of the corpus, then mutations of them, the same ones each time.
//   csv_fuzzer CORPUS_DIRECTORY   or   csv_fuzzer FILE   to replay one input
// The input that is running lies in <program>.input until the end, so that a crash leaves it there.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Input = std::string;

constexpr int kMutations = 4000;
constexpr std::size_t kLongest = 1 << 16;

Input read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Input(std::istreambuf_iterator<char>(file), {});
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& corpus) : corpus_(corpus) {}

  Input next() {
    Input input = any();
    for (std::size_t step = 1 + below(4); step > 0; --step)
      change(input);
    input.resize(std::min(input.size(), kLongest));
    return input;
  }

 private:
  // Of the engine itself: the standard distributions differ between libraries.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  const Input& any() { return corpus_[below(corpus_.size())]; }

  void change(Input& input) {
    const std::size_t at = below(input.size() + 1);
    const Input& other = any();
    switch (below(6)) {
      case 0:  // flip a bit
        if (at < input.size())
          input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:  // cut the end
        input.resize(at);
        break;
      case 2:  // a byte from the same file elsewhere: quotes and delimiters where they do not belong
        if (!input.empty())
          input.insert(at, 1, input[below(input.size())]);
        break;
      case 3:  // leave a piece out
        input.erase(at, below(16));
        break;
      case 4:  // the head of one with the tail of another
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      default:  // any bytes
        for (std::size_t i = 1 + below(8); i > 0; --i)
          input.insert(at, 1, static_cast<char>(below(256)));
    }
  }

  const std::vector<Input>& corpus_;
  std::mt19937_64 random_{2008};
};

// The file that holds the input that is running. One descriptor throughout: to truncate a file to nothing and close it,
// thousands of times, makes ext4 wait for the disk each time.
class Current {
 public:
  explicit Current(const fs::path& program)
      : path_(program.filename().string() + ".input"), descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT, 0666)) {
    if (descriptor_ < 0)
      throw std::system_error(errno, std::generic_category(), path_);
  }
  ~Current() {
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
  void set(const Input& input) {
    if (::pwrite(descriptor_, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size()) ||
        ::ftruncate(descriptor_, static_cast<off_t>(input.size())) != 0)
      throw std::system_error(errno, std::generic_category(), path_);
  }

 private:
  std::string path_;
  int descriptor_;
};

void run(const Input& input, Current& current) {
  current.set(input);
  // A copy of exactly this size: reading past it is an error that ASan sees.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

int replay(const fs::path& program, const fs::path& corpus_path) {
  Current current(program);
  if (fs::is_regular_file(corpus_path)) {
    run(read(corpus_path), current);
    return 0;
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus_path))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Input> corpus;
  std::transform(files.begin(), files.end(), std::back_inserter(corpus), read);
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", corpus_path.c_str());
    return 1;
  }
  for (const Input& input : corpus)
    run(input, current);
  run({}, current);
  Mutator mutator(corpus);
  for (int i = 0; i < kMutations; ++i)
    run(mutator.next(), current);
  std::printf("%zu files and %d mutations\n", corpus.size(), kMutations);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY|FILE\n", argv[0]);
    return 2;
  }
  try {
    return replay(argv[0], argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
