// One value for one cgroup file, and a writer that can put the old ones back.
// What to write is decided by v1_settings.h and v2_settings.h.
#ifndef SYSBOX_CGROUPS_SETTING_H_
#define SYSBOX_CGROUPS_SETTING_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// How a setting is written, where that is not plainly.
struct SettingOptions {
  // Written instead when the file does not exist (BFQ's names).
  std::string fallback_file = {};
  std::string fallback_value = {};
  // A kernel without the file (and fallback) is fine.
  bool optional = false;
  // EINVAL may mean "only after the next": tried again after all others
  // (cpu period against quota).
  bool retry_last = false;
  // The kernel clamps silently: read back, and differing is an error.
  bool verify = false;
  // Shown inside the container as well: written to the delegated child too,
  // where the container may read but not write it.
  bool in_child = false;
  // For files with a line per device or name: the line's key, and the value
  // that removes such a line.
  std::string key = {};
  std::string reset = {};
};

struct Setting {
  std::string controller = {};  // "memory"; "" for the core's "cgroup.*" files
  std::string file = {};        // "memory.limit_in_bytes"
  std::string value = {};
  std::string field = {};  // below linux.resources, for errors: "memory.limit"
  SettingOptions how = {};
};

// "memory memory.limit_in_bytes = 1024 (memory.limit)" lines, for tests.
std::string DescribeSettings(const std::vector<Setting>& settings);

// Writes settings. With `undoable` it first reads each old value, and puts
// them back on Rollback.
class SettingWriter {
 public:
  explicit SettingWriter(bool undoable) : undoable_(undoable) {}
  SettingWriter(const SettingWriter&) = delete;
  SettingWriter& operator=(const SettingWriter&) = delete;

  // `dir` must outlive the writer. The error starts with the field:
  // "linux.resources.memory.limit: write memory.limit_in_bytes: …".
  absl::Status Write(FdRef dir, const Setting& setting);

  // The directories that get a setting; empty when its controller is absent.
  using Directories = std::function<std::vector<FdRef>(const Setting&)>;
  // Writes all, in order, with retry_last ones at the end. A setting without
  // a directory is an error, unless it is optional.
  absl::Status WriteAll(const std::vector<Setting>& settings,
                        const Directories& directories);

  // Old values back, newest first. A value the kernel refuses now is left.
  void Rollback();

 private:
  struct Old {
    FdRef dir;
    std::string file;
    std::string value;
  };
  void Remember(FdRef dir, const std::string& file, const Setting& setting);

  bool undoable_;
  std::vector<Old> old_;
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_SETTING_H_
