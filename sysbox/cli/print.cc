#include "sysbox/cli/print.h"

#include <unistd.h>

#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {

absl::Status Print(std::string_view text) {
  return Annotate(WriteAll(FdRef(STDOUT_FILENO), text), "standard output");
}

}  // namespace sysbox::cli
