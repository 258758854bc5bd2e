// The headers that nearly every file of this project includes, compiled once
// and read back by every compilation of a test, and under a sanitizer of the
// rest, too (prelude.bzl): parsing them took half of the time of such a build.
// It is no interface: a file still includes what it uses, as --config=clang
// sees to.
#ifndef TOOLS_PRELUDE_PRELUDE_H_
#define TOOLS_PRELUDE_PRELUDE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"

#endif  // TOOLS_PRELUDE_PRELUDE_H_
