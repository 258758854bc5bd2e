// Where container engines and Kubernetes' pieces inside a container keep their
// data. They need a file system that an overlay can be mounted on, which the
// container's own root, being an overlay, is not. Finds the directories;
// make_data_root.h makes them.
#ifndef SYSBOX_MOUNTS_DATA_ROOTS_H_
#define SYSBOX_MOUNTS_DATA_ROOTS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/mounts/container_files.h"

namespace sysbox::mounts {

struct DataRoot {
  std::string path;  // inside the container; clean, symlinks not resolved
  mode_t mode = 0;   // if it has to be made
};

// The usual places of programs that the image holds or a package manager could
// bring, and those that the image's configuration files or `args`, the command
// line of the container's first process, name. None lies below another. The
// files are the image's: hostile, of which nothing worse can come than a
// directory of the container in a place of its choice.
std::vector<DataRoot> FindDataRoots(const ContainerFiles& files,
                                    const std::vector<std::string>& args);

// Where any engine might, whether its program is there or not: sorted paths.
std::vector<std::string> FindEnginePlaces(const ContainerFiles& files,
                                          const std::vector<std::string>& args);

// By which any engine, or anything else, may come later.
bool HasPackageManager(const ContainerFiles& files);

// The value of `key` in a JSON object, or in a TOML or YAML text: there, of the
// first line that begins with the key, quotes and trailing comment taken off.
// nullopt if there is none.
std::optional<std::string> FindSetting(std::string_view text,
                                       std::string_view key);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_DATA_ROOTS_H_
