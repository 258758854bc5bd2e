#include "sysbox/cli/host_file.h"

#include <cerrno>
#include <cstdint>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr std::string_view kMarkBegin = "# Made by `sysbox install` (";
constexpr std::string_view kMarkEnd =
    "). `sysbox uninstall` removes it; once changed, it is not replaced.\n";

// FNV-1a: no defence against anybody, only a trace of an editor.
uint64_t Checksum(std::string_view text) {
  uint64_t sum = 0xcbf29ce484222325;
  for (const char c : text) {
    sum = (sum ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  return sum;
}

// "" if there is none; no file of ours is empty.
absl::StatusOr<std::string> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (ErrnoOf(text.status()) == ENOENT) return std::string();
  return text;
}

}  // namespace

std::string MarkedText(std::string_view text) {
  return fmt::format("{}{:016x}{}{}", kMarkBegin, Checksum(text), kMarkEnd,
                     text);
}

Marked ReadMark(std::string_view marked_text) {
  if (!marked_text.starts_with(kMarkBegin)) return Marked::kNot;
  const size_t end = marked_text.find('\n');
  if (end == std::string_view::npos) return Marked::kChanged;
  return marked_text == MarkedText(marked_text.substr(end + 1))
             ? Marked::kUntouched
             : Marked::kChanged;
}

absl::StatusOr<bool> InstallHostFile(const std::string& path,
                                     std::string_view text,
                                     const Steps& steps) {
  const std::string wanted = MarkedText(text);
  SYSBOX_ASSIGN_OR_RETURN(const std::string found, ReadIfThere(path));
  if (found == wanted) {
    SYSBOX_RETURN_IF_ERROR(
        steps.Say(fmt::format("{}: is there already", path)));
    return false;
  }
  const Marked mark = ReadMark(found);
  if (!found.empty() && mark == Marked::kNot) {
    return FailedPrecondition("{} exists and is not ours; remove it first",
                              path);
  }
  if (mark == Marked::kChanged) {
    SYSBOX_RETURN_IF_ERROR(
        steps.Say(fmt::format("{}: kept, it was changed by hand", path)));
    return false;
  }
  SYSBOX_RETURN_IF_ERROR(
      steps.Do(fmt::format("write {}", path), [&]() -> absl::Status {
        SYSBOX_RETURN_IF_ERROR(
            MakeDirectories(path.substr(0, path.rfind('/')), 0755));
        return ReplaceFile(path, wanted, 0644);
      }));
  return true;
}

absl::StatusOr<bool> RemoveHostFile(const std::string& path,
                                    const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string found, ReadIfThere(path));
  if (ReadMark(found) == Marked::kNot) return false;
  SYSBOX_RETURN_IF_ERROR(
      steps.Do(fmt::format("remove {}", path), [&] { return Unlink(path); }));
  return true;
}

}  // namespace sysbox::cli
