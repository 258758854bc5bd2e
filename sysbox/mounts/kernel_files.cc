#include "sysbox/mounts/kernel_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/data_roots.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

// "/usr/src/linux-headers-6.1", "/usr/src/kernels/6.1" or
// "/usr/lib/linux-kbuild-6.1", of a path in it; "" for others.
std::string_view PackageOf(std::string_view path) {
  constexpr std::string_view kParents[] = {"/usr/src/kernels/", "/usr/src/",
                                           "/usr/lib/linux-"};
  for (const std::string_view parent : kParents) {
    if (!path.starts_with(parent) || path.size() == parent.size()) continue;
    return path.substr(0, path.find('/', parent.size()));
  }
  return "";
}

class Finder {
 public:
  explicit Finder(FdRef root) : root_(root), files_(root) {}
  bool Add(const std::string& target, const std::string& path);
  void AddHeaders(const std::string& path);
  std::vector<KernelDirectory> Take() { return std::move(found_); }

 private:
  bool IsCovered(const std::string& path) const;
  std::vector<std::string> LinksIn(const std::string& path) const;

  FdRef root_;
  ContainerFiles files_;
  std::vector<KernelDirectory> found_;
};

bool Finder::IsCovered(const std::string& path) const {
  return std::any_of(found_.begin(), found_.end(), [&](const auto& other) {
    return path == other.source || IsBelow(path, other.source);
  });
}

// At `target`, or where it is on the host if that is "".
bool Finder::Add(const std::string& target, const std::string& path) {
  const auto kind = KindInRoot(root_, path);
  if (!kind.ok() || *kind != RootedKind::kDirectory) return false;
  if (IsCovered(path)) return false;
  found_.push_back({target.empty() ? path : target, path});
  return true;
}

std::vector<std::string> Finder::LinksIn(const std::string& path) const {
  std::vector<std::string> links;
  const auto directory =
      OpenInRoot(root_, path, {.flags = O_RDONLY | O_DIRECTORY});
  if (!directory.ok()) return links;
  for (const std::string& name :
       ListDirectory(*directory).value_or(std::vector<std::string>())) {
    const auto found = StatAt(*directory, name, AT_SYMLINK_NOFOLLOW);
    if (found.ok() && S_ISLNK(found->st_mode)) links.push_back(name);
  }
  std::sort(links.begin(), links.end());
  return links;
}

void Finder::AddHeaders(const std::string& path) {
  const std::string package(PackageOf(files_.Resolve(path)));
  if (package.empty() || !Add("", package)) return;
  for (const std::string& link : LinksIn(package)) {
    const std::string real =
        files_.Resolve(fmt::format("{}/{}", package, link));
    const std::string part(PackageOf(real));
    if (!part.empty()) Add("", part);
  }
}

constexpr std::string_view kRedHats[] = {
    "almalinux", "amzn", "centos", "fedora", "rhel", "rocky", "redhat", "ol"};
constexpr std::string_view kBelowModules[] = {"arch", "flatcar"};

}  // namespace

std::vector<KernelDirectory> FindKernelFiles(FdRef host_root,
                                             std::string_view release) {
  Finder finder(host_root);
  const std::string modules = fmt::format("/lib/modules/{}", release);
  const ContainerFiles host(host_root);
  if (finder.Add(modules, host.Resolve(modules))) {
    finder.AddHeaders(modules + "/build");
    finder.AddHeaders(modules + "/source");
  }
  finder.AddHeaders(fmt::format("/usr/src/linux-headers-{}", release));
  finder.AddHeaders(fmt::format("/usr/src/kernels/{}", release));
  return finder.Take();
}

bool WantsKernelFiles(const ContainerFiles& files) {
  constexpr std::string_view kUsers[] = {"/lib/modules", "/usr/bin/kmod",
                                         "/bin/kmod", "/usr/src"};
  return std::any_of(
             std::begin(kUsers), std::end(kUsers),
             [&](std::string_view user) { return files.Exists(user); }) ||
         HasPackageManager(files);
}

std::string HeadersPath(const ContainerFiles& files, std::string_view release) {
  std::string text = files.ReadConfig("/etc/os-release");
  if (text.empty()) text = files.ReadConfig("/usr/lib/os-release");
  const std::string names =
      fmt::format("{} {}", FindSetting(text, "ID").value_or(""),
                  FindSetting(text, "ID_LIKE").value_or(""));
  for (const absl::string_view name : absl::StrSplit(ToAbsl(names), ' ')) {
    const auto is = [&](std::string_view known) {
      return known == ToStd(name);
    };
    if (std::any_of(std::begin(kRedHats), std::end(kRedHats), is)) {
      return fmt::format("/usr/src/kernels/{}", release);
    }
    if (std::any_of(std::begin(kBelowModules), std::end(kBelowModules), is)) {
      return "";
    }
  }
  return fmt::format("/usr/src/linux-headers-{}", release);
}

}  // namespace sysbox::mounts
