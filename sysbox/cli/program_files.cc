#include "sysbox/cli/program_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr char kProgram[] = "sysbox";
constexpr std::array<const char*, 3> kLinks = {"sysbox-fs", "sysbox-mgr",
                                               "sysbox-runc"};
constexpr size_t kMaxProgram = size_t{256} << 20;

std::string BinDirectory(const std::string& prefix) { return prefix + "/bin"; }
std::string ListPath(const std::string& prefix) {
  return prefix + "/share/sysbox/installed";
}

// Absolute paths of what is ours to remove.
absl::StatusOr<std::set<std::string>> ReadList(const std::string& prefix) {
  absl::StatusOr<std::string> text = ReadFile(ListPath(prefix));
  if (ErrnoOf(text.status()) == ENOENT) return std::set<std::string>();
  SYSBOX_RETURN_IF_ERROR(text.status());
  std::set<std::string> paths;
  for (absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    std::string path(line);
    // Nothing else than what we write is believed.
    if (!absl::StartsWith(path, BinDirectory(prefix) + "/sysbox") ||
        absl::StrContains(path, "..")) {
      return InvalidArgument("{}: unexpected line \"{}\"", ListPath(prefix),
                             path);
    }
    paths.insert(std::move(path));
  }
  return paths;
}

absl::Status WriteList(const std::string& prefix,
                       const std::set<std::string>& paths) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(prefix + "/share/sysbox", 0755));
  return ReplaceFile(ListPath(prefix), absl::StrJoin(paths, "\n") + "\n", 0644);
}

absl::StatusOr<bool> AreSameFile(const std::string& a, const std::string& b) {
  SYSBOX_ASSIGN_OR_RETURN(struct stat stat_a, StatAt(FdRef::Cwd(), a));
  absl::StatusOr<struct stat> stat_b = StatAt(FdRef::Cwd(), b);
  if (ErrnoOf(stat_b.status()) == ENOENT) return false;
  SYSBOX_RETURN_IF_ERROR(stat_b.status());
  if (stat_a.st_dev == stat_b->st_dev && stat_a.st_ino == stat_b->st_ino) {
    return true;
  }
  if (stat_a.st_size != stat_b->st_size) return false;
  SYSBOX_ASSIGN_OR_RETURN(std::string text_a, ReadFile(a, kMaxProgram));
  SYSBOX_ASSIGN_OR_RETURN(std::string text_b, ReadFile(b, kMaxProgram));
  return text_a == text_b;
}

// Listed first, made second: what is on the list need not exist.
absl::Status Make(const std::string& prefix, const std::string& path,
                  absl::FunctionRef<absl::Status()> make) {
  SYSBOX_ASSIGN_OR_RETURN(std::set<std::string> paths, ReadList(prefix));
  paths.insert(path);
  SYSBOX_RETURN_IF_ERROR(WriteList(prefix, paths));
  return make();
}

absl::StatusOr<bool> InstallProgram(const std::string& prefix,
                                    const Steps& steps) {
  constexpr char kSelf[] = "/proc/self/exe";
  std::string path = ProgramPathBelow(prefix);
  SYSBOX_ASSIGN_OR_RETURN(bool same, AreSameFile(kSelf, path));
  if (same) {
    SYSBOX_RETURN_IF_ERROR(
        steps.Say(fmt::format("{}: is there already", path)));
    return false;
  }
  SYSBOX_ASSIGN_OR_RETURN(std::string from, ReadLink(kSelf));
  SYSBOX_RETURN_IF_ERROR(
      steps.Do(fmt::format("copy {} to {}", from, path), [&] {
        return Make(prefix, path, [&]() -> absl::Status {
          SYSBOX_ASSIGN_OR_RETURN(std::string text,
                                  ReadFile(kSelf, kMaxProgram));
          SYSBOX_RETURN_IF_ERROR(MakeDirectories(BinDirectory(prefix), 0755));
          return ReplaceFile(path, text, 0755);
        });
      }));
  return true;
}

absl::Status InstallLink(const std::string& prefix, std::string_view name,
                         const Steps& steps) {
  std::string path = fmt::format("{}/{}", BinDirectory(prefix), name);
  absl::StatusOr<std::string> target = ReadLink(path);
  if (target.ok() && *target == kProgram) {
    return steps.Say(fmt::format("{}: is there already", path));
  }
  if (target.ok() || ErrnoOf(target.status()) != ENOENT) {
    return FailedPrecondition(
        "{} exists and is not ours; remove it, or choose another --prefix",
        path);
  }
  return steps.Do(fmt::format("link {} to {}", path, kProgram), [&] {
    return Make(prefix, path, [&] { return Symlink(kProgram, path); });
  });
}

}  // namespace

std::string ProgramPathBelow(const std::string& prefix) {
  return fmt::format("{}/{}", BinDirectory(prefix), kProgram);
}

std::string RuntimePathBelow(const std::string& prefix) {
  return fmt::format("{}/sysbox-runc", BinDirectory(prefix));
}

absl::StatusOr<bool> InstallProgramFiles(const std::string& prefix,
                                         const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(const bool renewed, InstallProgram(prefix, steps));
  for (const char* name : kLinks) {
    SYSBOX_RETURN_IF_ERROR(InstallLink(prefix, name, steps));
  }
  return renewed;
}

absl::Status RemoveProgramFiles(const std::string& prefix, const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(std::set<std::string> paths, ReadList(prefix));
  if (paths.empty()) {
    return steps.Say(fmt::format("{}: nothing of ours is there", prefix));
  }
  for (const std::string& path : paths) {
    SYSBOX_RETURN_IF_ERROR(steps.Do(fmt::format("remove {}", path), [&] {
      absl::Status removed = Unlink(path);
      return ErrnoOf(removed) == ENOENT ? absl::OkStatus() : removed;
    }));
  }
  if (steps.dry_run()) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(Unlink(ListPath(prefix)));
  // Somebody else's files may be there, too.
  (void)RemoveDirectory(prefix + "/share/sysbox");
  return absl::OkStatus();
}

}  // namespace sysbox::cli
