#include "sysbox/runtime/state_dir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::runtime {
namespace {

constexpr char kStateFile[] = "state.json";
constexpr char kFifo[] = "exec.fifo";
constexpr char kSeccomp[] = "seccomp.bpf";
constexpr size_t kMaxId = 1024;

std::string Join(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

bool IsIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '+' || c == '-' || c == '.';
}

}  // namespace

absl::Status ValidateContainerId(std::string_view id) {
  if (id.empty() || id.size() > kMaxId || id == "." || id == ".." ||
      !std::all_of(id.begin(), id.end(), IsIdCharacter)) {
    return InvalidArgument("invalid container ID format: \"{}\"", id);
  }
  return absl::OkStatus();
}

absl::StatusOr<StateDir> StateDir::Create(const std::string& root,
                                          const std::string& id) {
  SYSBOX_RETURN_IF_ERROR(ValidateContainerId(id));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(root, 0700));
  std::string path = Join(root, id);
  absl::Status made = MakeDirectory(path, 0711);
  if (ErrnoOf(made) == EEXIST) {
    return absl::AlreadyExistsError("container with given ID already exists");
  }
  SYSBOX_RETURN_IF_ERROR(made);
  return StateDir(std::move(path));
}

absl::StatusOr<StateDir> StateDir::Open(const std::string& root,
                                        const std::string& id) {
  SYSBOX_RETURN_IF_ERROR(ValidateContainerId(id));
  std::string path = Join(root, id);
  if (!Exists(path)) return NotFound("container does not exist");
  return StateDir(std::move(path));
}

absl::Status StateDir::Save(const oci::StateFile& state) {
  // Means nothing after a reboot: not worth an fsync a start.
  return ReplaceVolatileFile(Join(path_, kStateFile),
                             oci::WriteStateFile(state), 0600);
}

absl::StatusOr<oci::StateFile> StateDir::Load() const {
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadFile(Join(path_, kStateFile)));
  return oci::ParseStateFile(text);
}

// The flags, then the instructions; never read by another architecture.
absl::Status StateDir::SaveSeccomp(const SeccompProgram& program) {
  std::vector<uint64_t> words = {program.flags};
  words.insert(words.end(), program.instructions.begin(),
               program.instructions.end());
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()),
                               words.size() * sizeof(uint64_t));
  return ReplaceVolatileFile(Join(path_, kSeccomp), bytes, 0600);
}

absl::StatusOr<StateDir::SeccompProgram> StateDir::LoadSeccomp() const {
  SYSBOX_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadFile(Join(path_, kSeccomp)));
  const size_t count = bytes.size() / sizeof(uint64_t);
  if (count == 0 || bytes.size() % sizeof(uint64_t) != 0) {
    return absl::DataLossError(
        fmt::format("{}: {} bytes are no program", kSeccomp, bytes.size()));
  }
  std::vector<uint64_t> words(count);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  SeccompProgram program;
  program.flags = static_cast<unsigned int>(words[0]);
  program.instructions.assign(words.begin() + 1, words.end());
  return program;
}

absl::StatusOr<Fd> StateDir::MakeFifo() {
  std::string path = Join(path_, kFifo);
  SYSBOX_RETURN_IF_ERROR(MakeNodeAt(FdRef::Cwd(), path, S_IFIFO | 0600, 0));
  return sysbox::Open(path, {.flags = O_RDWR});
}

bool StateDir::HasFifo() const { return Exists(Join(path_, kFifo)); }

absl::Status StateDir::ReleaseFifo() {
  std::string path = Join(path_, kFifo);
  std::string claimed = path + ".started";
  if (!Rename(path, claimed).ok()) {
    return FailedPrecondition("cannot start an already running container");
  }
  absl::StatusOr<Fd> fifo =
      sysbox::Open(claimed, {.flags = O_WRONLY | O_NONBLOCK});
  (void)Unlink(claimed);  // the directory's removal takes it at the latest
  if (!fifo.ok()) {
    return FailedPrecondition("cannot start a container that has stopped");
  }
  return WriteAll(*fifo, "0");
}

absl::Status StateDir::Remove() { return RemoveTree(path_); }

absl::StatusOr<std::vector<std::string>> ListContainerIds(
    const std::string& root) {
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(root);
  if (!names.ok()) {
    if (ErrnoOf(names.status()) == ENOENT) return std::vector<std::string>();
    return names;
  }
  std::sort(names->begin(), names->end());
  return names;
}

}  // namespace sysbox::runtime
