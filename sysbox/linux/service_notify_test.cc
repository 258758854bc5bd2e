#include "sysbox/linux/service_notify.h"

#include <cerrno>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

TEST_CASE("what is told is read") {
  const testing::TempDir dir;
  const std::string path = dir / "notify";
  const Fd socket = VALUE_OF(ListenForNotices(path));
  CHECK_ERRNO(EAGAIN, ReadNotice(socket));
  CHECK_OK(NotifyService("", "READY=1"));
  CHECK_OK(NotifyService(path, "READY=1"));
  CHECK(VALUE_OF(ReadNotice(socket)) == "READY=1");
  CHECK_FALSE(NotifyService(dir / "nobody", "READY=1").ok());
}

TEST_CASE("a full queue is waited for, but not for ever") {
  const testing::TempDir dir;
  const std::string path = dir / "notify";
  const Fd socket = VALUE_OF(ListenForNotices(path));
  absl::Status told;
  while (told.ok()) told = NotifyService(path, "FDSTORE=1");
  CHECK_ERRNO(EAGAIN, told);

  absl::Notification done;
  std::thread teller([&] {
    told = NotifyService(path, "READY=1");
    done.Notify();
  });
  CHECK_FALSE(done.WaitForNotificationWithTimeout(absl::Milliseconds(100)));
  std::string said;
  for (bool last = false; said != "READY=1" && !last;) {
    last = done.HasBeenNotified();
    const absl::StatusOr<std::string> notice = ReadNotice(socket);
    if (notice.ok()) {
      said = *notice;
      last = false;
    }
  }
  teller.join();
  CHECK_OK(told);
  CHECK(said == "READY=1");
}

}  // namespace
}  // namespace sysbox
