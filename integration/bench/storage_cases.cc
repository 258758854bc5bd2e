#include "integration/bench/storage_cases.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <functional>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::bench {
namespace {

constexpr int kFilesPerDirectory = 1000;
constexpr int kRoundsTimes = 2;  // to tell tenths of a millisecond

using Edit = std::function<void(oci::Spec&)>;
// Prepares what the variant of that size needs, and says what to change.
using Vary = absl::StatusOr<Edit> (*)(const Participant& participant, int size);

absl::StatusOr<Edit> VaryBinds(const Participant& participant, int size) {
  std::vector<oci::Mount> binds;
  for (int i = 0; i < size; ++i) {
    oci::Mount bind;
    bind.source = fmt::format("{}/sources/{}", participant.directory, i);
    bind.destination = fmt::format("/mnt/{}", i);
    bind.type = "bind";
    bind.options = {"rbind", "rprivate"};
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(bind.source, 0755));
    SYSBOX_RETURN_IF_ERROR(
        MakeDirectories(participant.spec.root->path + bind.destination, 0755));
    binds.push_back(std::move(bind));
  }
  return [binds](oci::Spec& spec) {
    spec.mounts.insert(spec.mounts.end(), binds.begin(), binds.end());
  };
}

// An overlay as a container engine mounts it; busybox is the lowest layer.
absl::StatusOr<Edit> VaryLayers(const Participant& participant, int size) {
  const std::string base =
      fmt::format("{}/layers{}", participant.directory, size);
  std::string lower;
  for (int i = 1; i < size; ++i) {
    const std::string layer = fmt::format("{}/{}", base, i);
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(layer, 0755));
    lower += layer + ":";
  }
  lower += participant.spec.root->path;
  for (const char* name : {"upper", "work", "merged"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(base + "/" + name, 0755));
  }
  const std::string merged = base + "/merged";
  const std::string options = fmt::format(
      "lowerdir={0},upperdir={1}/upper,"
      "workdir={1}/work",
      lower, base);
  if (mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0) {
    return ErrnoStatus(errno, fmt::format("mount {} layers", size));
  }
  return [merged](oci::Spec& spec) { spec.root->path = merged; };
}

absl::StatusOr<Edit> VaryFiles(const Participant& participant, int size) {
  const std::string root =
      fmt::format("{}/files{}", participant.directory, size);
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(root + "/bin", 0755));
  SYSBOX_ASSIGN_OR_RETURN(
      std::string busybox,
      ReadFile(participant.spec.root->path + "/bin/busybox"));
  SYSBOX_RETURN_IF_ERROR(
      ReplaceVolatileFile(root + "/bin/busybox", busybox, 0755));
  SYSBOX_RETURN_IF_ERROR(Symlink("busybox", root + "/bin/true"));
  for (int i = 0; i < size; ++i) {
    const std::string directory =
        fmt::format("{}/files/{}", root, i / kFilesPerDirectory);
    if (i % kFilesPerDirectory == 0) {
      SYSBOX_RETURN_IF_ERROR(MakeDirectories(directory, 0755));
    }
    SYSBOX_RETURN_IF_ERROR(MakeNodeAt(
        FdRef::Cwd(), fmt::format("{}/{}", directory, i), S_IFREG | 0644, 0));
  }
  return [root](oci::Spec& spec) { spec.root->path = root; };
}

absl::Status MeasureSizes(Session& session, const std::string& what,
                          std::initializer_list<int> sizes, Vary vary) {
  std::vector<Session::Task> tasks;
  for (Participant& participant : session.participants) {
    if (participant.subject.kind != Kind::kSysbox) continue;
    if (participant.out) continue;
    for (int size : sizes) {
      SYSBOX_ASSIGN_OR_RETURN(Edit edit, vary(participant, size));
      const std::string line = fmt::format("{}-{}", what, size);
      SYSBOX_ASSIGN_OR_RETURN(
          Launch launch,
          session.MakeLaunch(participant, line, {"/bin/true"}, edit));
      tasks.push_back(
          {&participant, [&session, &participant, launch, line] {
             return session.Take(participant, "run", launch, line).status();
           }});
    }
  }
  session.Interleave(std::move(tasks), kRoundsTimes * session.runs);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureBinds(Session& session) {
  return MeasureSizes(session, "binds", {0, 20}, VaryBinds);
}
absl::Status MeasureLayers(Session& session) {
  return MeasureSizes(session, "layers", {10, 50}, VaryLayers);
}
absl::Status MeasureFiles(Session& session) {
  return MeasureSizes(session, "files", {10, 100000}, VaryFiles);
}

}  // namespace sysbox::bench
