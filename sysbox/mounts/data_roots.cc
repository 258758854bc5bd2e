#include "sysbox/mounts/data_roots.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/strings.h"
#include "sysbox/json/document.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

constexpr size_t kMaxPath = 1024;

// layout: table
struct KnownRoot {
  std::string_view path;
  mode_t mode;
  std::array<std::string_view, 3> programs;  // that keep their data there
};
constexpr KnownRoot kUsual[] = {
    {"/var/lib/buildkit", 0710, {"buildkitd"}},
    {"/var/lib/containerd", 0711, {"containerd"}},
    {"/var/lib/containers", 0755, {"podman", "buildah", "crio"}},
    {"/var/lib/docker", 0710, {"dockerd"}},
    {"/var/lib/k0s", 0755, {"k0s"}},
    {"/var/lib/kubelet", 0750, {"kubelet"}},
    {"/var/lib/rancher", 0755, {"k3s", "rke2"}},
};
constexpr std::string_view kProgramDirectories[] = {"/usr/bin", "/usr/sbin",
                                                    "/usr/local/bin"};
constexpr std::string_view kPackageManagers[] = {
    "/usr/bin/apt-get",  "/sbin/apk",       "/usr/bin/dnf",    "/usr/bin/yum",
    "/usr/bin/microdnf", "/usr/bin/pacman", "/usr/bin/zypper",
};

struct ConfigFile {
  std::string_view path;
  std::string_view key;
  mode_t mode;
};
constexpr ConfigFile kConfigFiles[] = {
    {"/etc/docker/daemon.json", "data-root", 0710},
    {"/etc/docker/daemon.json", "graph", 0710},
    {"/etc/containerd/config.toml", "root", 0711},
    {"/etc/containers/storage.conf", "graphroot", 0755},
    {"/etc/rancher/k3s/config.yaml", "data-dir", 0755},
    {"/etc/rancher/rke2/config.yaml", "data-dir", 0755},
};

// "--data-root=X", "--data-root X" of a program of that name.
struct Option {
  std::string_view program;
  std::string_view option;
  mode_t mode;
};
constexpr Option kOptions[] = {
    {"dockerd", "--data-root", 0710}, {"dockerd", "--graph", 0710},
    {"dockerd", "-g", 0710},          {"containerd", "--root", 0711},
    {"k3s", "--data-dir", 0755},      {"k3s", "-d", 0755},
    {"rke2", "--data-dir", 0755},     {"k0s", "--data-dir", 0755},
    {"kubelet", "--root-dir", 0750},  {"buildkitd", "--root", 0710},
};

std::string_view Unquote(std::string_view value) {
  for (const char quote : {'"', '\''}) {
    if (value.size() < 2 || value.front() != quote) continue;
    const size_t end = value.find(quote, 1);
    if (end != std::string_view::npos) return value.substr(1, end - 1);
  }
  const size_t comment = value.find(" #");
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(value.substr(0, comment))));
}

// A directory that nobody inside will use is one too many in what the engine
// says has changed.
bool IsWanted(const ContainerFiles& files, const KnownRoot& root) {
  if (files.Exists(root.path)) return true;
  for (const std::string_view directory : kProgramDirectories) {
    for (const std::string_view program : root.programs) {
      if (program.empty()) continue;
      if (files.Exists(fmt::format("{}/{}", directory, program))) return true;
    }
  }
  return false;
}

bool IsUsable(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > kMaxPath ||
      path.find('\0') != std::string_view::npos) {
    return false;
  }
  const std::string clean = CleanPath(path);
  if (clean == "/") return false;
  constexpr std::string_view kNotOurs[] = {"/proc", "/sys", "/dev"};
  return std::none_of(std::begin(kNotOurs), std::end(kNotOurs),
                      [&](std::string_view directory) {
                        return clean == directory || IsBelow(clean, directory);
                      });
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

class Finder {
 public:
  void Add(std::string_view path, mode_t mode) {
    if (IsUsable(path)) found_.push_back({CleanPath(path), mode});
  }
  void AddFromConfigFiles(const ContainerFiles& files);
  void AddFromArguments(const std::vector<std::string>& args);
  std::vector<DataRoot> Take();

 private:
  std::vector<DataRoot> found_;
};

void Finder::AddFromConfigFiles(const ContainerFiles& files) {
  for (const ConfigFile& file : kConfigFiles) {
    const std::string text = files.ReadConfig(file.path);
    if (text.empty()) continue;
    Add(FindSetting(text, file.key).value_or(""), file.mode);
  }
}

// The program may come after a wrapper: "tini -- dockerd --data-root X".
void Finder::AddFromArguments(const std::vector<std::string>& args) {
  for (const Option& option : kOptions) {
    auto arg = std::find_if(args.begin(), args.end(), [&](const auto& word) {
      return BaseName(word) == option.program;
    });
    for (; arg != args.end(); ++arg) {
      std::string_view word = *arg;
      if (!word.starts_with(option.option)) continue;
      word.remove_prefix(option.option.size());
      if (word.starts_with('=')) Add(word.substr(1), option.mode);
      if (word.empty() && arg + 1 != args.end()) Add(arg[1], option.mode);
    }
  }
}

std::vector<DataRoot> Finder::Take() {
  // Stable: of two that name one path, the more telling mode comes first.
  std::stable_sort(
      found_.begin(), found_.end(),
      [](const DataRoot& a, const DataRoot& b) { return a.path < b.path; });
  std::vector<DataRoot> kept;
  for (DataRoot& root : found_) {
    const bool covered =
        std::any_of(kept.begin(), kept.end(), [&](const DataRoot& other) {
          return root.path == other.path || IsBelow(root.path, other.path);
        });
    if (!covered) kept.push_back(std::move(root));
  }
  return kept;
}

std::optional<std::string> FindInJson(std::string_view text,
                                      std::string_view key) {
  const auto document = json::Document::Parse(text);
  if (!document.ok()) return std::nullopt;
  const std::string path[] = {std::string(key)};
  const std::optional<std::string> raw = document->Get(path);
  if (!raw.has_value() || raw->size() < 2 || raw->front() != '"') {
    return std::nullopt;
  }
  // A path with escapes in it is left to who wrote it.
  if (raw->find('\\') != std::string::npos) return std::nullopt;
  return raw->substr(1, raw->size() - 2);
}

}  // namespace

std::optional<std::string> FindSetting(std::string_view text,
                                       std::string_view key) {
  if (ToStd(absl::StripLeadingAsciiWhitespace(ToAbsl(text))).starts_with('{')) {
    return FindInJson(text, key);
  }
  for (const absl::string_view piece : absl::StrSplit(ToAbsl(text), '\n')) {
    std::string_view line = ToStd(piece);
    if (!line.starts_with(key)) continue;  // deeper, or another key
    line = ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(key.size()))));
    if (line.empty() || (line.front() != ':' && line.front() != '=')) continue;
    return std::string(
        Unquote(ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(1))))));
  }
  return std::nullopt;
}

bool HasPackageManager(const ContainerFiles& files) {
  return std::any_of(
      std::begin(kPackageManagers), std::end(kPackageManagers),
      [&](std::string_view manager) { return files.Exists(manager); });
}

std::vector<DataRoot> FindDataRoots(const ContainerFiles& files,
                                    const std::vector<std::string>& args) {
  Finder finder;
  const bool all = HasPackageManager(files);
  for (const KnownRoot& root : kUsual) {
    if (all || IsWanted(files, root)) finder.Add(root.path, root.mode);
  }
  finder.AddFromConfigFiles(files);
  finder.AddFromArguments(args);
  return finder.Take();
}

std::vector<std::string> FindEnginePlaces(
    const ContainerFiles& files, const std::vector<std::string>& args) {
  Finder finder;
  finder.AddFromConfigFiles(files);
  finder.AddFromArguments(args);
  std::set<std::string> places;
  for (const DataRoot& root : finder.Take()) places.insert(root.path);
  for (const KnownRoot& root : kUsual) places.emplace(root.path);
  // Two engines that do not mind each other share this one.
  places.erase("/var/lib/rancher");
  places.insert({"/var/lib/rancher/k3s", "/var/lib/rancher/rke2"});
  return {places.begin(), places.end()};
}

}  // namespace sysbox::mounts
