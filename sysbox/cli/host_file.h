// A text file that `sysbox install` puts on the host: a unit, a profile,
// settings. Its first line says so and, by a checksum, whether anybody changed
// it since: such a file is the administrator's, and kept.
#ifndef SYSBOX_CLI_HOST_FILE_H_
#define SYSBOX_CLI_HOST_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/cli/steps.h"

namespace sysbox::cli {

// `text`, of a syntax with "#" comments, behind the line that marks it.
std::string MarkedText(std::string_view text);

enum class Marked {
  kNot,        // not ours
  kUntouched,  // as some version of ours wrote it
  kChanged,    // ours, changed by hand
};
Marked ReadMark(std::string_view marked_text);

// Writes MarkedText(text) to `path`, 0644, unless it is there already or was
// changed by hand. True: this is (or, in a dry run, would be) a change. A file
// that is not ours is FailedPrecondition.
absl::StatusOr<bool> InstallHostFile(const std::string& path,
                                     std::string_view text, const Steps& steps);

// Removes a file of ours, changed by hand or not. True: there was one.
absl::StatusOr<bool> RemoveHostFile(const std::string& path,
                                    const Steps& steps);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_HOST_FILE_H_
