// The config.json behind `sysbox run`: a system container from a directory
// with a root filesystem, as its flags say. Pure.
#ifndef SYSBOX_CLI_BOX_SPEC_H_
#define SYSBOX_CLI_BOX_SPEC_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cli {

struct BoxOptions {
  std::string name;
  std::string rootfs;                // absolute
  std::string hostname;              // empty: the name
  std::vector<std::string> env;      // "NAME=VALUE"; "NAME": the caller's
  std::vector<std::string> volumes;  // "SRC:DST[:ro]"
  std::string cwd;                   // empty: "/"
  std::string user;                  // "UID[:GID]"; empty: root
  bool terminal = false;
  std::vector<std::string> args;          // empty: "sh"
  std::vector<std::string> capabilities;  // the caller's
};

// What a name alone in --env takes its value from.
using Environment = std::optional<std::string> (*)(const std::string& name);

absl::StatusOr<oci::Spec> BoxSpec(const BoxOptions& options,
                                  Environment environment);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_SPEC_H_
