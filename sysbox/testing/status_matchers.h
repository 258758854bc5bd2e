// Catch2 assertions on absl::Status and StatusOr that print the message.
// Only for the test's own process and thread: in a child made by
// user_namespace.h return a status (RETURN_UNLESS).
#ifndef SYSBOX_TESTING_STATUS_MATCHERS_H_
#define SYSBOX_TESTING_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::testing {

inline std::string Describe(const absl::Status& status) {
  return status.ToString();
}
template <typename T>
std::string Describe(const absl::StatusOr<T>& result) {
  return result.status().ToString();
}

inline int ErrnoOfResult(const absl::Status& status) { return ErrnoOf(status); }
template <typename T>
int ErrnoOfResult(const absl::StatusOr<T>& result) {
  return ErrnoOf(result.status());
}

// The value, or the test fails here. Called through VALUE_OF.
template <typename T>
T ValueOrFail(absl::StatusOr<T> result, const char* expression,
              const char* file, int line) {
  if (!result.ok()) {
    FAIL(fmt::format("{}:{}: {}\n  {}", file, line, expression,
                     Describe(result)));
  }
  return *std::move(result);
}

}  // namespace sysbox::testing

// REQUIRE_OK(WriteAll(fd, "x")): stops the test with the status's message.
#define REQUIRE_OK(...) SYSBOX_ASSERT_OK_(REQUIRE, #__VA_ARGS__, __VA_ARGS__)
// Likewise, and the test goes on.
#define CHECK_OK(...) SYSBOX_ASSERT_OK_(CHECK, #__VA_ARGS__, __VA_ARGS__)
#define SYSBOX_ASSERT_OK_(assertion, text, ...)        \
  do {                                                 \
    const auto& sysbox_result_ = (__VA_ARGS__);        \
    INFO(text);                                        \
    INFO(::sysbox::testing::Describe(sysbox_result_)); \
    assertion(sysbox_result_.ok());                    \
  } while (false)

// Fd fd = VALUE_OF(Open("/", {.flags = O_RDONLY}));
// The commas of a braced initialiser are fine.
#define VALUE_OF(...)                                                   \
  ::sysbox::testing::ValueOrFail((__VA_ARGS__), #__VA_ARGS__, __FILE__, \
                                 __LINE__)

// CHECK_ERRNO(ENOENT, Open("/absent", {.flags = O_RDONLY}));
#define CHECK_ERRNO(error_number, ...)                                         \
  do {                                                                         \
    const auto& sysbox_result_ = (__VA_ARGS__);                                \
    INFO(#__VA_ARGS__);                                                        \
    INFO(::sysbox::testing::Describe(sysbox_result_));                         \
    CHECK(::sysbox::testing::ErrnoOfResult(sysbox_result_) == (error_number)); \
  } while (false)

#endif  // SYSBOX_TESTING_STATUS_MATCHERS_H_
