#include "integration/bench/options.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::bench {
namespace {

constexpr int kQuickRuns = 8;
constexpr uint64_t kMaxRuns = 100000;
constexpr std::string_view kLines[] = {"run", "life",  "version", "at-once",
                                       "rss", "binds", "layers",  "files"};

absl::Status SetRuns(const std::string& value, Options* options) {
  const auto runs = ParseUint64(value);
  if (!runs || *runs == 0 || *runs > kMaxRuns) {
    return InvalidArgument("--runs: not a count: \"{}\"", value);
  }
  options->runs = static_cast<int>(*runs);
  return absl::OkStatus();
}

absl::Status SetOnly(const std::string& value, Options* options) {
  options->only = absl::StrSplit(value, ',', absl::SkipEmpty());
  for (const std::string& line : options->only) {
    if (std::find(std::begin(kLines), std::end(kLines), line) ==
        std::end(kLines)) {
      return InvalidArgument("--only: no line \"{}\"", line);
    }
  }
  return absl::OkStatus();
}

absl::Status AddRuntime(const std::string& value, Options* options) {
  const size_t equals = value.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return InvalidArgument("--runtime: not NAME=PATH: \"{}\"", value);
  }
  options->runtimes[value.substr(0, equals)] = value.substr(equals + 1);
  return absl::OkStatus();
}

absl::Status SetJson(const std::string& value, Options* options) {
  options->json = value;
  return absl::OkStatus();
}

absl::Status SetProfile(const std::string& value, Options* options) {
  options->profile = value;
  return absl::OkStatus();
}

struct Row {
  std::string_view name;
  absl::Status (*set)(const std::string& value, Options* options);
};
constexpr Row kRows[] = {{"--json", SetJson},
                         {"--only", SetOnly},
                         {"--profile", SetProfile},
                         {"--runs", SetRuns},
                         {"--runtime", AddRuntime}};

const Row* Find(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

const char kUsage[] =
    R"(usage: integration/bench/start [--quick] [--runs N] [--only LINE,...]
                               [--runtime NAME=PATH]... [--json FILE]

  --quick              fewer rounds, and no line that takes long to prepare
  --runs N             rounds per line (default: 40)
  --only LINE,...      of run, life, version, at-once, rss, binds, layers, files
  --runtime NAME=PATH  another program for sysbox, runc or crun; or one more:
                       named sysbox-… it is run as sysbox is, else as runc is
  --profile FILE       a config.json whose seccomp profile to use
  --json FILE          write all values there, too
)";

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args) {
  Options options;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--help") {
      options.help = true;
      continue;
    }
    if (args[i] == "--quick") {
      options.quick = true;
      options.runs = kQuickRuns;
      continue;
    }
    const size_t equals = args[i].find('=');
    const Row* row = Find(std::string_view(args[i]).substr(0, equals));
    if (row == nullptr) return InvalidArgument("unknown flag {}", args[i]);
    if (equals == std::string::npos && ++i == args.size()) {
      return InvalidArgument("{} needs a value", row->name);
    }
    SYSBOX_RETURN_IF_ERROR(row->set(
        equals == std::string::npos ? args[i] : args[i].substr(equals + 1),
        &options));
  }
  return options;
}

}  // namespace sysbox::bench
