#include "sysbox/base/status.h"

#include <cstring>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

constexpr char kErrnoPayload[] = "sysbox/errno";

absl::Cord ErrnoPayload(int error_number) {
  return absl::Cord(fmt::format("{}", error_number));
}

}  // namespace

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  char buffer[128];
  // The GNU strerror_r may return a static string instead of `buffer`.
  const char* text = strerror_r(error_number, buffer, sizeof buffer);
  absl::Status status(absl::ErrnoToStatusCode(error_number),
                      ToAbsl(fmt::format("{}: {}", what, text)));
  status.SetPayload(kErrnoPayload, ErrnoPayload(error_number));
  return status;
}

int ErrnoOf(const absl::Status& status) {
  auto payload = status.GetPayload(kErrnoPayload);
  if (!payload.has_value()) return 0;
  int error_number = 0;
  if (!absl::SimpleAtoi(std::string(*payload), &error_number)) return 0;
  return error_number;
}

absl::Status RestoreStatus(int code, int error_number,
                           std::string_view message) {
  auto status_code = static_cast<absl::StatusCode>(code);
  if (status_code == absl::StatusCode::kOk) {
    status_code = absl::StatusCode::kInternal;
  }
  absl::Status status(status_code, ToAbsl(message));
  if (error_number != 0) {
    status.SetPayload(kErrnoPayload, ErrnoPayload(error_number));
  }
  return status;
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok() || context.empty()) return status;
  absl::Status annotated(
      status.code(), ToAbsl(fmt::format("{}: {}", context, MessageOf(status))));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

std::string_view MessageOf(const absl::Status& status) {
  return ToStd(status.message());
}

}  // namespace sysbox
