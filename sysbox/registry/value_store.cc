#include "sysbox/registry/value_store.h"

#include <cerrno>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::registry {

std::string FormatValues(const ValueStore::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += fmt::format("{}\t{}\n", absl::CEscape(ToAbsl(name)),
                        absl::CEscape(ToAbsl(value)));
  }
  return text;
}

absl::StatusOr<ValueStore::Values> ParseValues(std::string_view text) {
  ValueStore::Values values;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    if (line.empty()) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, '\t');
    std::string name, value;
    if (parts.size() != 2 || !absl::CUnescape(parts[0], &name) ||
        !absl::CUnescape(parts[1], &value)) {
      return absl::DataLossError(
          fmt::format("stored value \"{}\"", ToStd(line)));
    }
    values[std::move(name)] = std::move(value);
  }
  return values;
}

absl::StatusOr<std::unique_ptr<ValueStore>> ValueStore::Open(std::string path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  Values values;
  if (text.ok()) {
    SYSBOX_ASSIGN_OR_RETURN(values, ParseValues(*text), "{}", path);
  } else if (ErrnoOf(text.status()) != ENOENT) {
    return text.status();
  }
  return std::unique_ptr<ValueStore>(
      new ValueStore(std::move(path), std::move(values)));
}

std::optional<std::string> ValueStore::Get(std::string_view name) const {
  absl::MutexLock lock(&mu_);
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

absl::Status ValueStore::Set(std::string_view name, std::string value) {
  absl::MutexLock saving(&save_mu_);
  Values changed = All();
  if (value.size() > kMaxValueSize ||
      (changed.size() >= kMaxValues && !changed.contains(name))) {
    return ErrnoStatus(ENOSPC, fmt::format("store {}", name));
  }
  changed[std::string(name)] = std::move(value);
  if (!removed_) {
    SYSBOX_RETURN_IF_ERROR(
        ReplaceVolatileFile(path_, FormatValues(changed), 0600));
  }
  absl::MutexLock lock(&mu_);
  values_.swap(changed);
  return absl::OkStatus();
}

ValueStore::Values ValueStore::All() const {
  absl::MutexLock lock(&mu_);
  return values_;
}

absl::Status ValueStore::RemoveFile() {
  absl::MutexLock saving(&save_mu_);
  removed_ = true;
  const absl::Status status = Unlink(path_);
  if (ErrnoOf(status) == ENOENT) return absl::OkStatus();
  return status;
}

}  // namespace sysbox::registry
