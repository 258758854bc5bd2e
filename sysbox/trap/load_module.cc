#include "sysbox/trap/load_module.h"

#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::trap {
namespace {

constexpr size_t kMaxName = 55;  // MODULE_NAME_LEN
// Where modules keep .modinfo varies; few are larger than this.
constexpr size_t kMaxImage = size_t{8} << 20;
// What is held of an image at a time: many may be asked about at once.
constexpr size_t kPiece = size_t{256} << 10;
constexpr std::string_view kElf = "\177ELF";
constexpr std::string_view kNameKey = std::string_view("\0name=", 6);
constexpr std::string_view kSuffixes[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst"};

bool IsModuleName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_';
         });
}

std::optional<std::string> AsModuleName(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  if (!IsModuleName(result)) return std::nullopt;
  return result;
}

// A built-in module has a directory there only if it has parameters or a
// version, so the kernel's list of them is asked, too.
bool HostHas(const std::string& name) {
  if (Exists(fmt::format("/sys/module/{}", name))) return true;
  absl::StatusOr<std::string> release = ReadFile("/proc/sys/kernel/osrelease");
  if (!release.ok()) return false;
  while (!release->empty() && release->back() == '\n') release->pop_back();
  absl::StatusOr<std::string> builtin =
      ReadFile(fmt::format("/lib/modules/{}/modules.builtin", *release));
  if (!builtin.ok()) return false;
  std::replace(builtin->begin(), builtin->end(), '-', '_');
  return absl::StrContains(*builtin, fmt::format("/{}.ko\n", name));
}

std::optional<std::string> FindModuleName(std::string_view bytes) {
  for (size_t at = bytes.find(kNameKey); at != std::string_view::npos;
       at = bytes.find(kNameKey, at + 1)) {
    const std::string_view rest = bytes.substr(at + kNameKey.size());
    const size_t end = rest.substr(0, kMaxName + 1).find('\0');
    if (end == std::string_view::npos) continue;
    if (auto name = AsModuleName(rest.substr(0, end))) return name;
  }
  return std::nullopt;
}

std::optional<std::string> NameInMemory(const Caller& caller) {
  // A name that begins in one piece may end in the next.
  constexpr size_t kOverlap = kNameKey.size() + kMaxName + 1;
  const size_t size = std::min<uint64_t>(caller.arg(1), kMaxImage);
  for (size_t at = 0; at < size; at += kPiece) {
    const absl::StatusOr<std::string> piece =
        caller.Read(caller.arg(0) + at, std::min(kPiece + kOverlap, size - at));
    if (!piece.ok()) return std::nullopt;
    if (at == 0 && !absl::StartsWith(*piece, ToAbsl(kElf))) return std::nullopt;
    if (auto name = FindModuleName(*piece)) return name;
  }
  return std::nullopt;
}

std::optional<std::string> NameOf(const TrappedCall& call) {
  const Caller& caller = call.caller;
  if (call.row.name != "finit_module") return NameInMemory(caller);
  absl::StatusOr<Fd> file = caller.File(static_cast<int>(caller.arg(0)));
  if (!file.ok()) return std::nullopt;
  absl::StatusOr<std::string> path = ReadLink(ProcPath(*file));
  return path.ok() ? ModuleNameOfPath(*path) : std::nullopt;
}

}  // namespace

std::optional<std::string> ModuleNameOfPath(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  for (std::string_view suffix : kSuffixes) {
    if (!absl::EndsWith(ToAbsl(name), ToAbsl(suffix))) continue;
    return AsModuleName(name.substr(0, name.size() - suffix.size()));
  }
  return std::nullopt;
}

std::optional<std::string> ModuleNameOfImage(std::string_view image) {
  if (!absl::StartsWith(ToAbsl(image), ToAbsl(kElf))) return std::nullopt;
  return FindModuleName(image);
}

Verdict LoadModule(const TrappedCall& call) {
  absl::StatusOr<CapabilitySet> capabilities = call.caller.Capabilities();
  if (!capabilities.ok()) return Fail(capabilities.status(), EPERM);
  if (!Contains(*capabilities, CAP_SYS_MODULE)) return Fail(EPERM);
  const std::optional<std::string> name = NameOf(call);
  return name && HostHas(*name) ? Return(0) : Fail(EPERM);
}

}  // namespace sysbox::trap
