#include "sysbox/cli/docker_config.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/json/codec.h"
#include "sysbox/json/document.h"

namespace sysbox::cli {
namespace {

// Vectors made on use: nothing is constructed at start-up.
std::vector<std::string> RuntimesPath() { return {"runtimes"}; }
std::vector<std::string> RuntimePath() { return {"runtimes", kRuntimeName}; }

absl::StatusOr<json::Document> ParseConfig(std::string_view text) {
  // dockerd takes an empty file for no settings.
  if (absl::StripAsciiWhitespace(ToAbsl(text)).empty()) return json::Document();
  return json::Document::Parse(text);
}

}  // namespace

absl::StatusOr<std::string> AddRuntime(std::string_view text,
                                       std::string_view runtime_path) {
  SYSBOX_ASSIGN_OR_RETURN(json::Document config, ParseConfig(text));
  std::string wanted = json::Write(std::string(runtime_path));
  std::vector<std::string> path = RuntimePath();
  path.emplace_back("path");
  if (config.Get(path) == wanted) return std::string(text);
  SYSBOX_RETURN_IF_ERROR(config.Set(path, wanted));
  return config.Write();
}

absl::StatusOr<std::string> RemoveRuntime(std::string_view text,
                                          EmptyRuntimes empty) {
  SYSBOX_ASSIGN_OR_RETURN(json::Document config, ParseConfig(text));
  std::vector<std::string> runtimes = RuntimesPath();
  if (!config.Get(RuntimePath()).has_value()) return std::string(text);
  const std::vector<std::string> chosen = {"default-runtime"};
  if (config.Get(chosen) == json::Write(std::string(kRuntimeName))) {
    return FailedPrecondition(
        "{} is the default-runtime; choose another one first", kRuntimeName);
  }
  config.Remove(RuntimePath());
  if (empty == EmptyRuntimes::kRemoved && config.Keys(runtimes).empty()) {
    config.Remove(runtimes);
  }
  return config.Write();
}

}  // namespace sysbox::cli
