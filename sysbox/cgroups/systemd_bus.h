// org.freedesktop.systemd1.Manager on the system bus, through libdbus: only
// what scope units need. One connection, private to the object; blocking.
#ifndef SYSBOX_CGROUPS_SYSTEMD_BUS_H_
#define SYSBOX_CGROUPS_SYSTEMD_BUS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/systemd_unit.h"

struct DBusConnection;
struct DBusMessage;

namespace sysbox::cgroups {

class SystemdBus {
 public:
  // The error reads "systemd cgroup driver: connect to system bus: …".
  static absl::StatusOr<SystemdBus> Connect();

  // Both return when systemd has done it: the job has ended.
  absl::Status StartTransientUnit(const std::string& name,
                                  const std::vector<UnitProperty>& properties);
  // OK when there is no such unit.
  absl::Status StopUnit(const std::string& name);
  absl::Status SetUnitProperties(const std::string& name,
                                 const std::vector<UnitProperty>& properties);

 private:
  struct Close {
    void operator()(DBusConnection* connection) const;
  };
  using Connection = std::unique_ptr<DBusConnection, Close>;

  explicit SystemdBus(Connection connection)
      : connection_(std::move(connection)) {}
  // Sends a call that answers with a job, and awaits the job's end.
  absl::Status RunJob(DBusMessage* call, const std::string& unit);
  absl::Status AwaitJob(const std::string& job, const std::string& what);

  Connection connection_;
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_SYSTEMD_BUS_H_
