// The cgroups of one container, or of a container inside it, held open: where
// its limits stand and its usage is counted. Opens directories only; their
// files are read when asked for. Keeps what the views must remember between
// two readings. Thread-safe.
#ifndef SYSBOX_EMU_VIEWS_RESOURCE_GROUP_H_
#define SYSBOX_EMU_VIEWS_RESOURCE_GROUP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/emu/views/cpu_history.h"
#include "sysbox/emu/views/load_history.h"
#include "sysbox/emu/views/shared_texts.h"
#include "sysbox/linux/fd.h"

namespace sysbox::emu::views {

enum class Controller {
  kBlkio,  // "io" of the unified hierarchy
  kCpu,
  kCpuacct,
  kCpuset,
  kDevices,
  kFreezer,
  kMemory,
  kPids,
  kUnified,  // the unified hierarchy itself, on hybrid hosts too
};
inline constexpr size_t kControllerCount = 9;

enum class Nesting { kContainer, kInner };

class ResourceGroup {
 public:
  // One without any cgroup: no limits, no usage.
  ResourceGroup() { index_.fill(kAbsent); }
  // The directories with the limits of the process whose /proc/PID/cgroup is
  // given, as one of the container itself or of a container inside it
  // (LimitedPath). Controllers that no v1 hierarchy has are the unified one's.
  // A hierarchy where the container's directory is not found counts as absent;
  // ENOENT when an inner container's is gone. Called once, before all else.
  absl::Status Open(const cgroups::Hierarchies& hierarchies,
                    std::string_view proc_cgroup, Nesting nesting);

  bool Has(Controller controller) const;
  // Whether the controller's files are cgroup v2's.
  bool Unified(Controller controller) const;
  FdRef Directory(Controller controller) const;

  // "" when there is no such controller or file.
  absl::StatusOr<std::string> Read(Controller controller,
                                   std::string_view file) const;
  struct FileAbove {
    std::string up;    // the way to its directory: "", "../", "../../"...
    std::string text;  // "" where it is missing
  };
  // The file here and in all ancestors but the hierarchy's root, from here up;
  // if there are very many, in the nearest and the highest.
  absl::StatusOr<std::vector<FileAbove>> ReadUpwards(
      Controller controller, std::string_view file) const;
  // The lowest limit, kUnlimited ("max" included) if there is none.
  absl::StatusOr<uint64_t> LowestLimit(Controller controller,
                                       std::string_view file) const;

  // Paths below the mount points, which tell whether two are the same.
  const std::string& name() const { return name_; }

  CpuHistory& cpu_history() { return cpu_history_; }
  LoadHistory& load_history() { return load_history_; }
  SharedTexts& shared_texts() { return shared_texts_; }

 private:
  static constexpr int8_t kAbsent = -1;
  struct HeldDirectory {
    Fd fd;
    int levels = 0;  // directories from here up to below the root, at least 1
    bool unified = false;
  };
  absl::Status OpenIn(const cgroups::Hierarchy& hierarchy,
                      std::string_view proc_cgroup, Nesting nesting);
  const HeldDirectory* Held(Controller controller) const;

  std::vector<HeldDirectory> held_;
  std::array<int8_t, kControllerCount> index_;
  std::string name_;
  CpuHistory cpu_history_;
  LoadHistory load_history_;
  SharedTexts shared_texts_;
};

// The directory with the limits of the container whose process 1 is in `path`:
// what is above the first "syscont-cgroup-root" or above a last "init.scope".
// For a container inside it, what lies below that first one is looked at in
// the same way. Pure.
std::string_view LimitedPath(std::string_view path, Nesting nesting);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_RESOURCE_GROUP_H_
