#include "sysbox/cgroups/systemd_bus.h"

#include <dbus/dbus.h>

#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::cgroups {
namespace {

constexpr char kService[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kInterface[] = "org.freedesktop.systemd1.Manager";
constexpr char kDriver[] = "systemd cgroup driver";
constexpr int kCallTimeoutMs = 25'000;
constexpr absl::Duration kJobLimit = absl::Seconds(30);

struct Unref {
  void operator()(DBusMessage* message) const { dbus_message_unref(message); }
};
using Message = std::unique_ptr<DBusMessage, Unref>;

// libdbus's errors by value.
class Error {
 public:
  Error() { dbus_error_init(&error_); }
  ~Error() { dbus_error_free(&error_); }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  DBusError* get() { return &error_; }
  bool Is(std::string_view name) const {
    return error_.name != nullptr && name == error_.name;
  }
  absl::Status ToStatus(std::string_view what) const {
    const char* text = error_.message != nullptr ? error_.message : "no answer";
    return absl::UnavailableError(
        fmt::format("{}: {}: {}", kDriver, what, text));
  }

 private:
  DBusError error_;
};

// Appends one value inside a variant. libdbus only fails for want of memory,
// where it, like us, may end the process.
class ValueWriter {
 public:
  explicit ValueWriter(DBusMessageIter* to) : to_(to) {}

  void operator()(const std::string& value) {
    const char* text = value.c_str();
    Basic("s", DBUS_TYPE_STRING, &text);
  }
  void operator()(bool value) {
    const dbus_bool_t flag = value ? 1 : 0;
    Basic("b", DBUS_TYPE_BOOLEAN, &flag);
  }
  void operator()(uint64_t value) {
    const dbus_uint64_t number = value;
    Basic("t", DBUS_TYPE_UINT64, &number);
  }
  void operator()(const std::vector<std::string>& values) {
    Array("as", "s", [&](DBusMessageIter* array) {
      for (const std::string& value : values) {
        const char* text = value.c_str();
        dbus_message_iter_append_basic(array, DBUS_TYPE_STRING, &text);
      }
    });
  }
  void operator()(const std::vector<uint32_t>& values) {
    Array("au", "u", [&](DBusMessageIter* array) {
      for (uint32_t value : values) {
        dbus_message_iter_append_basic(array, DBUS_TYPE_UINT32, &value);
      }
    });
  }
  void operator()(const std::vector<uint8_t>& values) {
    Array("ay", "y", [&](DBusMessageIter* array) {
      for (uint8_t value : values) {
        dbus_message_iter_append_basic(array, DBUS_TYPE_BYTE, &value);
      }
    });
  }
  void operator()(
      const std::vector<std::pair<std::string, std::string>>& values) {
    Array("a(ss)", "(ss)", [&](DBusMessageIter* array) {
      for (const auto& [first, second] : values) {
        DBusMessageIter pair;
        dbus_message_iter_open_container(array, DBUS_TYPE_STRUCT, nullptr,
                                         &pair);
        const char* text = first.c_str();
        dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &text);
        text = second.c_str();
        dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &text);
        dbus_message_iter_close_container(array, &pair);
      }
    });
  }

 private:
  void Basic(const char* signature, int type, const void* value) {
    DBusMessageIter variant;
    dbus_message_iter_open_container(to_, DBUS_TYPE_VARIANT, signature,
                                     &variant);
    dbus_message_iter_append_basic(&variant, type, value);
    dbus_message_iter_close_container(to_, &variant);
  }
  template <typename Fill>
  void Array(const char* signature, const char* element, Fill fill) {
    DBusMessageIter variant;
    DBusMessageIter array;
    dbus_message_iter_open_container(to_, DBUS_TYPE_VARIANT, signature,
                                     &variant);
    dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, element,
                                     &array);
    fill(&array);
    dbus_message_iter_close_container(&variant, &array);
    dbus_message_iter_close_container(to_, &variant);
  }

  DBusMessageIter* to_;
};

Message NewCall(const char* method) {
  return Message(
      dbus_message_new_method_call(kService, kPath, kInterface, method));
}

void AppendString(DBusMessageIter* to, const std::string& value) {
  const char* text = value.c_str();
  dbus_message_iter_append_basic(to, DBUS_TYPE_STRING, &text);
}

// a(sv)
void AppendProperties(DBusMessageIter* to,
                      const std::vector<UnitProperty>& properties) {
  DBusMessageIter array;
  dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "(sv)", &array);
  for (const UnitProperty& property : properties) {
    DBusMessageIter entry;
    dbus_message_iter_open_container(&array, DBUS_TYPE_STRUCT, nullptr, &entry);
    AppendString(&entry, property.name);
    std::visit(ValueWriter(&entry), property.value);
    dbus_message_iter_close_container(&array, &entry);
  }
  dbus_message_iter_close_container(to, &array);
}

// a(sa(sv)), empty
void AppendNoAuxiliaryUnits(DBusMessageIter* to) {
  DBusMessageIter array;
  dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "(sa(sv))", &array);
  dbus_message_iter_close_container(to, &array);
}

// The result of `job` if `message` tells it: JobRemoved(u, o, s, s).
bool JobResult(DBusMessage* message, const std::string& job,
               std::string* result) {
  if (!dbus_message_is_signal(message, kInterface, "JobRemoved")) return false;
  dbus_uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* text = nullptr;
  if (!dbus_message_get_args(message, nullptr, DBUS_TYPE_UINT32, &id,
                             DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_STRING,
                             &unit, DBUS_TYPE_STRING, &text,
                             DBUS_TYPE_INVALID) ||
      job != path) {
    return false;
  }
  *result = text;
  return true;
}

}  // namespace

void SystemdBus::Close::operator()(DBusConnection* connection) const {
  dbus_connection_close(connection);  // private, so ours to close
  dbus_connection_unref(connection);
}

absl::StatusOr<SystemdBus> SystemdBus::Connect() {
  Error error;
  Connection connection(dbus_bus_get_private(DBUS_BUS_SYSTEM, error.get()));
  if (connection == nullptr) return error.ToStatus("connect to system bus");
  dbus_connection_set_exit_on_disconnect(connection.get(), 0);
  // Before any job is started, so that its end cannot be missed.
  dbus_bus_add_match(connection.get(),
                     "type='signal',sender='org.freedesktop.systemd1',"
                     "interface='org.freedesktop.systemd1.Manager',"
                     "member='JobRemoved'",
                     error.get());
  if (dbus_error_is_set(error.get())) return error.ToStatus("watch jobs");
  Message subscribe = NewCall("Subscribe");
  Message answer(dbus_connection_send_with_reply_and_block(
      connection.get(), subscribe.get(), kCallTimeoutMs, error.get()));
  if (answer == nullptr) return error.ToStatus("subscribe to systemd");
  return SystemdBus(std::move(connection));
}

absl::Status SystemdBus::StartTransientUnit(
    const std::string& name, const std::vector<UnitProperty>& properties) {
  Message call = NewCall("StartTransientUnit");
  DBusMessageIter arguments;
  dbus_message_iter_init_append(call.get(), &arguments);
  AppendString(&arguments, name);
  AppendString(&arguments, "replace");
  AppendProperties(&arguments, properties);
  AppendNoAuxiliaryUnits(&arguments);
  return RunJob(call.get(), name);
}

absl::Status SystemdBus::StopUnit(const std::string& name) {
  Message call = NewCall("StopUnit");
  DBusMessageIter arguments;
  dbus_message_iter_init_append(call.get(), &arguments);
  AppendString(&arguments, name);
  AppendString(&arguments, "replace");
  absl::Status status = RunJob(call.get(), name);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status SystemdBus::SetUnitProperties(
    const std::string& name, const std::vector<UnitProperty>& properties) {
  Message call = NewCall("SetUnitProperties");
  DBusMessageIter arguments;
  dbus_message_iter_init_append(call.get(), &arguments);
  AppendString(&arguments, name);
  const dbus_bool_t runtime = 1;  // not written to disk
  dbus_message_iter_append_basic(&arguments, DBUS_TYPE_BOOLEAN, &runtime);
  AppendProperties(&arguments, properties);
  Error error;
  Message answer(dbus_connection_send_with_reply_and_block(
      connection_.get(), call.get(), kCallTimeoutMs, error.get()));
  if (answer == nullptr) return error.ToStatus("set properties of " + name);
  return absl::OkStatus();
}

absl::Status SystemdBus::RunJob(DBusMessage* call, const std::string& unit) {
  const std::string what =
      fmt::format("{} {}", dbus_message_get_member(call), unit);
  Error error;
  Message answer(dbus_connection_send_with_reply_and_block(
      connection_.get(), call, kCallTimeoutMs, error.get()));
  if (answer == nullptr) {
    if (error.Is("org.freedesktop.systemd1.NoSuchUnit")) {
      return NotFound("{}: {}: no such unit", kDriver, what);
    }
    return error.ToStatus(what);
  }
  const char* job = nullptr;
  if (!dbus_message_get_args(answer.get(), error.get(), DBUS_TYPE_OBJECT_PATH,
                             &job, DBUS_TYPE_INVALID)) {
    return error.ToStatus(what);
  }
  return AwaitJob(job, what);
}

absl::Status SystemdBus::AwaitJob(const std::string& job,
                                  const std::string& what) {
  const absl::Time deadline = absl::Now() + kJobLimit;
  for (;;) {
    // What came with an answer is queued already; then wait on the socket.
    while (Message message{dbus_connection_pop_message(connection_.get())}) {
      std::string result;
      if (!JobResult(message.get(), job, &result)) continue;
      if (result == "done" || result == "skipped") return absl::OkStatus();
      return Internal("{}: {}: job ended as \"{}\"", kDriver, what, result);
    }
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0) {
      return absl::DeadlineExceededError(
          fmt::format("{}: {}: job did not end", kDriver, what));
    }
    if (!dbus_connection_read_write(connection_.get(),
                                    static_cast<int>(left))) {
      return absl::UnavailableError(
          fmt::format("{}: {}: system bus closed", kDriver, what));
    }
  }
}

}  // namespace sysbox::cgroups
