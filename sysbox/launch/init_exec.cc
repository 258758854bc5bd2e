#include "sysbox/launch/init_exec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/launch/passwd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/rooted_path.h"

namespace sysbox::launch {
namespace {

// 0 if `path` is a file the real user may execute, else the errno.
int CheckExecutable(const std::string& path) {
  absl::StatusOr<struct stat> status = StatAt(FdRef::Cwd(), path);
  if (!status.ok()) return ErrnoOf(status.status());
  // runc says "permission denied" of directories too: Docker's code 126.
  if (S_ISDIR(status->st_mode) || (status->st_mode & 0111) == 0) return EACCES;
  // access(2) leaves capabilities that the program will not have out of the
  // account when the real user is not root.
  return access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// Go's errno texts, which Docker matches, are glibc's in lower case.
std::string Text(int error_number) {
  absl::Status status = ErrnoStatus(error_number, "");
  std::string_view text = MessageOf(status);
  text.remove_prefix(sizeof ": " - 1);
  return absl::AsciiStrToLower(ToAbsl(text));
}

absl::Status ExecError(const std::string& name, int error_number) {
  std::string reason = error_number == EACCES ? "permission denied"
                                              : fmt::format("stat {}: {}", name,
                                                            Text(error_number));
  return RestoreStatus(static_cast<int>(absl::ErrnoToStatusCode(error_number)),
                       error_number,
                       fmt::format("exec: \"{}\": {}", name, reason));
}

std::string PathOf(const std::vector<std::string>& env) {
  std::string path;
  for (const std::string& entry : env) {
    if (absl::StartsWith(entry, "PATH=")) path = entry.substr(5);
  }
  return path;
}

}  // namespace

absl::Status EnterWorkingDirectory(const ProcessPlan& plan, FdRef root) {
  absl::StatusOr<Fd> cwd =
      OpenInRoot(root, plan.cwd, {.flags = O_PATH | O_DIRECTORY});
  if (plan.make_cwd && ErrnoOf(cwd.status()) == ENOENT) {
    cwd = MakeDirectoriesInRoot(root, plan.cwd, 0755);
  }
  SYSBOX_RETURN_IF_ERROR(cwd, "process.cwd \"{}\"", plan.cwd);
  return Annotate(ChangeDirectory(*cwd), "process.cwd");
}

std::vector<std::string> BuildEnvironment(const ProcessPlan& plan, FdRef root) {
  std::vector<std::string> env = plan.env;
  auto home = std::find_if(env.begin(), env.end(), [](const auto& entry) {
    return absl::StartsWith(entry, "HOME=");
  });
  if (home == env.end()) {
    env.push_back("HOME=" + HomeInRoot(plan.uid, root));
  } else if (*home == "HOME=") {
    *home += HomeInRoot(plan.uid, root);
  }
  return env;
}

absl::StatusOr<std::string> FindProgram(const std::string& name,
                                        const std::vector<std::string>& env) {
  if (absl::StrContains(name, '/')) {
    int error = CheckExecutable(name);
    if (error != 0) return ExecError(name, error);
    return name;
  }
  int error = ENOENT;
  std::string path = PathOf(env);
  if (!path.empty() && !name.empty()) {
    for (absl::string_view directory : absl::StrSplit(path, ':')) {
      std::string candidate = fmt::format(
          "{}/{}", directory.empty() ? "." : ToStd(directory), name);
      int found = CheckExecutable(candidate);
      if (found == 0) return candidate;
      if (found == EACCES) error = EACCES;
    }
  }
  if (error == EACCES) return ExecError(name, EACCES);
  return RestoreStatus(
      static_cast<int>(absl::StatusCode::kNotFound), ENOENT,
      fmt::format("exec: \"{}\": executable file not found in $PATH", name));
}

}  // namespace sysbox::launch
