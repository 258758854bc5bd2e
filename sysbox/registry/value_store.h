// The values that one container keeps for itself, by name, in memory and in a
// file: they survive the process that serves them. Thread-safe.
#ifndef SYSBOX_REGISTRY_VALUE_STORE_H_
#define SYSBOX_REGISTRY_VALUE_STORE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::registry {

// What a container may store: far more than there are knobs.
inline constexpr size_t kMaxValues = 4096;
inline constexpr size_t kMaxValueSize = size_t{16} << 10;

class ValueStore {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;

  // With what `path` holds, if it exists. It is made by the first Set; its
  // directory must be there by then.
  static absl::StatusOr<std::unique_ptr<ValueStore>> Open(std::string path);

  std::optional<std::string> Get(std::string_view name) const;
  // On disk when it returns OK; nothing is changed when it does not. ENOSPC
  // beyond the limits.
  absl::Status Set(std::string_view name, std::string value);
  Values All() const;
  // Removes the file, for good: a Set that comes later is in memory alone, for
  // the file may be another container's by then. Absent: OK.
  absl::Status RemoveFile();

 private:
  ValueStore(std::string path, Values values)
      : path_(std::move(path)), values_(std::move(values)) {}

  const std::string path_;
  // Held while the file is written, so that the last one written is the last
  // one set: a rename on tmpfs, and only this container's writers wait.
  absl::Mutex save_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  bool removed_ ABSL_GUARDED_BY(save_mu_) = false;
  mutable absl::Mutex mu_;
  Values values_ ABSL_GUARDED_BY(mu_);
};

// One line each: NAME, a tab, the value; both C-escaped.
std::string FormatValues(const ValueStore::Values& values);
absl::StatusOr<ValueStore::Values> ParseValues(std::string_view text);

}  // namespace sysbox::registry

#endif  // SYSBOX_REGISTRY_VALUE_STORE_H_
