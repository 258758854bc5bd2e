#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/module.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "probe.h"

namespace probe {
namespace {

constexpr int kSyslogClear = 5;

long SetTimeToItself() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return clock_settime(CLOCK_REALTIME, &now);
}

long SetTimeOfDayToItself() {
  timeval now = {};
  gettimeofday(&now, nullptr);
  return settimeofday(&now, nullptr);
}

int ConnectTo(const std::string& address) {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  const bool abstract = address[0] == '@';
  memcpy(to.sun_path, address.data(), address.size());
  if (abstract) to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                           address.size() + (abstract ? 0 : 1));
  for (int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), size) == 0) return fd;
    if (errno != EPROTOTYPE) return -1;
  }
  return -1;
}

}  // namespace

// What only the host's root may do. Where it worked it would change nothing.
int CallKernel(const Arguments&) {
  Report("init_module", syscall(SYS_init_module, "", 0, ""));
  Report("finit_module", syscall(SYS_finit_module, 0, "", 0));
  Report("delete_module", syscall(SYS_delete_module, "none", O_NONBLOCK));
  Report("kexec_load", syscall(SYS_kexec_load, 0, 0, nullptr, 0));
  Report("swapon", swapon("/none", 0));
  Report("swapoff", swapoff("/none"));
  Report("clock_settime", SetTimeToItself());
  Report("settimeofday", SetTimeOfDayToItself());
  Report("syslog clear", klogctl(kSyslogClear, nullptr, 0));
  Report("acct", acct("/none"));
  Report("iopl", iopl(3));
  Report("ioperm", ioperm(0x80, 1, 1));
  Report("quotactl", syscall(SYS_quotactl, 0x80000300, "/dev/vda", 0, nullptr));
  Report("lookup_dcookie", syscall(SYS_lookup_dcookie, 0, nullptr, 0));
  return 0;
}

// `arguments`: serials of keys that the host has.
int TryKeys(const Arguments& arguments) {
  std::array<char, 256> text = {};
  const long session =
      syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, session, text.data(), text.size()) >
      0) {
    Print("session " + std::to_string(session) + " " + text.data());
  }
  for (const std::string& argument : arguments) {
    const long serial = atol(argument.c_str());
    for (const auto& [name, operation] :
         {std::pair("describe", KEYCTL_DESCRIBE),
          std::pair("read", KEYCTL_READ)}) {
      Report(name,
             syscall(SYS_keyctl, operation, serial, text.data(), text.size()));
    }
    Report("link",
           syscall(SYS_keyctl, KEYCTL_LINK, serial, KEY_SPEC_SESSION_KEYRING));
    Report("revoke", syscall(SYS_keyctl, KEYCTL_REVOKE, serial));
  }
  for (const char* name : {"_ses", "sysbox_probe_ring"}) {
    Report("join", syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
    for (const char* key : {"sysbox_probe_key"}) {
      Report("search", syscall(SYS_keyctl, KEYCTL_SEARCH,
                               KEY_SPEC_SESSION_KEYRING, "user", key, 0));
    }
  }
  return 0;
}

int TryIpc(const Arguments& arguments) {
  const auto key = static_cast<key_t>(atol(arguments.at(0).c_str()));
  Report("shmget", shmget(key, 0, 0));
  return 0;
}

int TryNamespaces(const Arguments&) {
  for (const std::string& name : Names("/proc/self/ns")) {
    const int ns = open(("/proc/self/ns/" + name).c_str(), O_RDONLY);
    if (ns < 0) continue;
    const int owner = ioctl(ns, NS_GET_USERNS);
    Report("owner " + name, owner);
    if (owner >= 0) Report("owner's parent", ioctl(owner, NS_GET_PARENT));
    if (name == "user" || name == "pid") {
      Report("parent " + name, ioctl(ns, NS_GET_PARENT));
    }
  }
  return 0;
}

// Says something, and what was answered: nothing, or a frame's payload.
int Connect(const Arguments& arguments) {
  for (const std::string& address : arguments) {
    const int fd = ConnectTo(address);
    Report("connect " + address, fd);
    if (fd < 0) continue;
    timeval patience = {2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::array<char, 4096> text = {};
    // A frame of the manager's protocol that asks for the list.
    (void)send(fd, text.data(), 12, MSG_NOSIGNAL);
    const ssize_t size = recv(fd, text.data(), text.size(), 0);
    constexpr size_t kHeader = 12;  // sysbox/wire/frame.h
    const std::string answer(text.data(), size > 0 ? size : 0);
    Print("answer " + answer.substr(std::min(kHeader, answer.size())));
    close(fd);
  }
  return 0;
}

// As sd_notify(3) does.
int Notify(const Arguments& arguments) {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr) return Print("no NOTIFY_SOCKET"), 1;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const std::string& state : arguments) {
    if (state == "pause") pause();
    const ssize_t sent =
        sendto(fd, state.data(), state.size(), 0,
               reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (sent < 0) Report(state, sent);
  }
  return 0;
}

}  // namespace probe
