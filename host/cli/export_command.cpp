#include <algorithm>
#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_arguments.hpp"
#include "host/pipeline/manifest.hpp"
#include "segue/core/file.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/version.hpp"
#include "segue/data/export.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::string run, format, which, out;
  std::string storage = "float32";
};

data::ExportResult export_factors(const ExportArguments& arguments, Session& session) {
  if (arguments.format == "word2vec" && arguments.storage != "float32")
    throw InvalidArgument("--storage float16: word2vec is text; npy and safetensors take it");
  const pipeline::Run run(arguments.run);
  const data::FactorTable& table = arguments.which == "users"     ? run.users()
                                   : arguments.which == "artists" ? run.artists()
                                                                  : run.songs();
  const data::Storage storage = arguments.storage == "float16" ? data::Storage::float16 : data::Storage::float32;
  if (arguments.format == "npy")
    return data::export_npy(arguments.out, table, storage, session.progress());
  if (arguments.format == "word2vec")
    return data::export_word2vec(arguments.out, table, session.progress());
  return data::export_safetensors(arguments.out, arguments.which, table, storage,
                                  {{"segue", version()},
                                   {"run", pipeline::read_manifest(run.directory()).key},
                                   {"options", read_file(run.directory() / "segue.toml")}},
                                  session.progress());
}

data::ExportResult export_interactions(const ExportArguments& arguments, Session& session) {
  const pipeline::Run run(arguments.run);
  const pipeline::Listening& listening = run.listening();
  const bool plays = arguments.which == "plays";
  const data::LabelledMatrix matrix{
      plays ? listening.interactions.plays.view() : listening.interactions.strength.view(), listening.users,
      listening.songs};
  if (arguments.format == "libsvm")
    return data::export_libsvm(arguments.out, matrix, session.progress());
  if (arguments.format == "matrix-market")
    return data::export_matrix_market(arguments.out, matrix, session.progress());
  if (arguments.format == "npz")
    return data::export_npz(arguments.out, matrix, session.progress());
  return data::export_recbole(arguments.out, matrix, plays ? "count" : "weight", listening.catalogue,
                              listening.follows.view(), session.progress());
}

data::ExportResult export_lists(const ExportArguments& arguments, Session& session) {
  const pipeline::Manifest manifest = pipeline::read_manifest(arguments.run);
  const bool weekly = arguments.which == "discover-weekly";
  const std::optional<Date> date = weekly ? manifest.monday : manifest.friday;
  if (!date)
    throw BadInput(fmt::format("{} has no lists; `segue playlists {} --run {} --out DIR` makes them", arguments.run,
                               arguments.which, arguments.run));
  const fs::path stem = fs::path(arguments.run) / "playlists" / arguments.which;
  if (arguments.format == "trec")
    return data::export_trec(arguments.out, stem.native() + ".jsonl",
                             fmt::format("segue-{}-{}", arguments.which, format_date(*date)), session.progress());
  const fs::path published = stem.native() + "." + arguments.format;
  if (!fs::exists(published))
    throw BadInput(fmt::format("{} is not there (output.csv = false when the run was made?); export jsonl or trec",
                               published.string()));
  return data::export_copy(arguments.out, published, session.progress());
}

/// A run is published and never changed; its files are shared with the cache.
void require_outside_run(const ExportArguments& arguments) {
  const fs::path run = fs::weakly_canonical(arguments.run);
  const fs::path folder = fs::weakly_canonical(fs::absolute(arguments.out).parent_path());
  if (std::ranges::mismatch(run, folder).in1 == run.end())
    throw InvalidArgument(fmt::format("--out {} is within the run; name a place outside it", arguments.out));
}

using Export = data::ExportResult (*)(const ExportArguments&, Session&);

ExitCode run_export(Export make, const ExportArguments& arguments, Session& session) {
  require_outside_run(arguments);
  const data::ExportResult result = make(arguments, session);
  const fs::path folder = fs::path(arguments.out).parent_path();
  if (folder == "/dev" || folder == "/dev/fd")
    return ExitCode::ok;  // standard output, most often, which takes nothing but the export
  Json files = Json::array();
  for (const fs::path& path : result.files) {
    const std::uintmax_t bytes = fs::file_size(path);
    session.say(fmt::format("{}: {}", path.string(), format_bytes(static_cast<std::int64_t>(bytes))));
    files.push_back({{"path", path.string()}, {"bytes", bytes}});
  }
  session.answer({{"which", arguments.which}, {"format", arguments.format}, {"rows", result.rows}, {"files", files}});
  return ExitCode::ok;
}

struct What {
  const char* name;
  const char* help;
  const char* examples;
  Export make;
  std::vector<std::string> formats, choices;
};

const std::vector<What>& kinds() {
  static const std::vector<What> kinds{
      {"factors",
       "The vectors of songs, users or artists",
       "Examples:\n  segue export factors --format safetensors --storage float16 --out songs.safetensors\n"
       "  segue export factors --which users --format npy --out users.npy\n"
       "  segue export factors --which artists --format word2vec --out artists.txt",
       export_factors,
       {"npy", "safetensors", "word2vec"},
       {"songs", "users", "artists"}},
      {"interactions",
       "The matrix listeners × songs: what was trained on, or plays",
       "Examples:\n  segue export interactions --format matrix-market --out strength.mtx\n"
       "  segue export interactions --which plays --format npz --out plays.npz\n"
       "  segue export interactions --format recbole --out dataset/mine   (dataset/mine/mine.inter)",
       export_interactions,
       {"recbole", "libsvm", "matrix-market", "npz"},
       {"strength", "plays"}},
      {"lists",
       "Everybody's lists, as a night published them",
       "Examples:\n  segue export lists --format csv --out weekly.csv\n"
       "  segue export lists --which release-radar --format trec --out radar.trec",
       export_lists,
       {"csv", "jsonl", "trec"},
       {"discover-weekly", "release-radar"}}};
  return kinds;
}

void add_kind(CLI::App& parent, const What& what, Command& chosen) {
  auto arguments = std::make_shared<ExportArguments>();
  arguments->which = what.choices[0];
  CLI::App* command = parent.add_subcommand(what.name, what.help);
  command->footer(what.examples);
  command->add_option("--format", arguments->format, "Of the file")->required()->check(CLI::IsMember(what.formats));
  command->add_option("--out", arguments->out, "File to write (recbole: folder); what is there is replaced")
      ->required()
      ->type_name("PATH");
  command->add_option("--which", arguments->which, "Of the run")
      ->check(CLI::IsMember(what.choices))
      ->capture_default_str();
  if (what.make == export_factors)
    command->add_option("--storage", arguments->storage, "Of npy and safetensors")
        ->check(CLI::IsMember({"float32", "float16"}))
        ->capture_default_str();
  add_run_option(*command, arguments->run);
  command->callback([arguments, make = what.make, &chosen] {
    chosen = [arguments, make](Session& session) { return run_export(make, *arguments, session); };
  });
}

}  // namespace

void add_export(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("export", "A run's vectors, matrices and lists for other tools");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->footer(
      "Formats, and what reads them: docs/formats.md\nExample: segue export factors --format npy --out songs.npy");
  for (const What& what : kinds())
    add_kind(*parent, what, chosen);
}

}  // namespace segue::cli
