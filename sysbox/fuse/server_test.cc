#include "sysbox/fuse/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/config.h"
#include "absl/synchronization/notification.h"
#include "catch2/catch.hpp"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/toy_tree.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

// A served ToyTree; its files are reached through the detached mount.
struct Served {
  explicit Served(ServiceKind kind, int threads = 4) {
    server = VALUE_OF(
        Server::Start({.threads = threads,
                       .changes = VALUE_OF(Open("/proc/sys/kernel/domainname",
                                                {.flags = O_RDONLY}))}));
    mount = Mount(kind, tree, &id);
  }
  DetachedMount Mount(ServiceKind kind, std::shared_ptr<Tree> of,
                      Server::Id* its_id) {
    FuseMount made = VALUE_OF(MakeFuseMount({}));
    *its_id = VALUE_OF(
        server->Add(std::move(made.device), std::move(of), {.kind = kind}));
    return std::move(made.mount);
  }
  std::string Read(const std::string& name) {
    return VALUE_OF(ReadFileAt(mount.fd(), name));
  }

  std::shared_ptr<ToyTree> tree = std::make_shared<ToyTree>();
  std::unique_ptr<Server> server;
  Server::Id id = 0;
  DetachedMount mount;
};

int ErrnoOfCall(long result) { return result < 0 ? errno : 0; }

TEST_CASE("a static file is read from the kernel's cache") {
  Served fs(ServiceKind::kStatic);
  CHECK(fs.Read("value") == "0\n");
  const int calls = fs.tree->calls();
  for (int i = 0; i < 100; ++i) CHECK(fs.Read("value") == "0\n");
  CHECK(fs.tree->calls() == calls);
}

TEST_CASE("a file that is opened to be written is not empty until then") {
  Served fs(ServiceKind::kStatic);
  const Fd out(memfd_create("out", MFD_CLOEXEC));
  for (int i = 0; i < 3; ++i) {
    CHECK(fs.Read("value") == "0\n");
    const Fd writer =
        VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_WRONLY | O_TRUNC}));
    // sendfile(2) asks for no attributes.
    const Fd reader =
        VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_RDONLY}));
    CHECK(sendfile(out.get(), reader.get(), nullptr, 100) == 2);
    CHECK(fs.Read("value") == "0\n");
  }
}

// The kernel tells of a name that was set anew, also if it is the same, and in
// whichever namespace: of containers, hardly any has one.
void SetDomainnameAnew() {
  char name[65] = {};
  REQUIRE(getdomainname(name, sizeof name - 1) == 0);
  REQUIRE(setdomainname(name, strlen(name)) == 0);
}

int PollNow(FdRef file, int timeout_ms) {
  pollfd one = {file.get(), POLLPRI, 0};
  REQUIRE(poll(&one, 1, timeout_ms) >= 0);
  return one.revents;
}

TEST_CASE("poll tells each open file once of a change, where the tree says") {
  constexpr int kChanged = POLLPRI | POLLERR;
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    const auto open = [&](const char* name) {
      return VALUE_OF(OpenAt(fs.mount.fd(), name, {.flags = O_RDONLY}));
    };
    const Fd waiting = open("value"), asking = open("value");
    const Fd silent = open("long");
    for (const Fd* file : {&waiting, &asking, &silent}) {
      CHECK(PollNow(*file, 0) == 0);
    }
    for (int i = 0; i < 3; ++i) {
      int told = 0;
      std::thread waiter([&] { told = PollNow(waiting, 20'000); });
      SetDomainnameAnew();
      waiter.join();
      CHECK(told == kChanged);
      CHECK(PollNow(asking, 20'000) == kChanged);
      CHECK(PollNow(asking, 0) == 0);
    }
    CHECK(PollNow(silent, 0) == 0);
    pollfd readable = {silent.get(), POLLIN | POLLOUT, 0};
    CHECK(poll(&readable, 1, 0) == 1);
  }
}

TEST_CASE("what was written to a static file is what is read next") {
  Served fs(ServiceKind::kStatic);
  const Fd open_before =
      VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_RDONLY}));
  CHECK(fs.Read("value") == "0\n");
  for (const char* text : {"1\n", "0017", "2", "3\n", "3\n", "12345\n", "4"}) {
    REQUIRE_OK(WriteExistingAt(fs.mount.fd(), "value", text));
    const std::string expected = std::to_string(std::stoi(text)) + "\n";
    CHECK(fs.Read("value") == expected);
    char buffer[16] = {};
    const ssize_t size = pread(open_before.get(), buffer, sizeof buffer, 0);
    CHECK(std::string(buffer, static_cast<size_t>(size)) == expected);
  }
}

TEST_CASE("a shell's truncating write arrives") {
  Served fs(ServiceKind::kStatic);
  CHECK(fs.Read("value") == "0\n");
  {
    const Fd file =
        VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_WRONLY | O_TRUNC}));
    CHECK(VALUE_OF(Stat(file)).st_size == 2);
    CHECK(fs.Read("value") == "0\n");
    REQUIRE_OK(WriteAll(file, "77\n"));
  }
  CHECK(fs.Read("value") == "77\n");
  CHECK(VALUE_OF(StatAt(fs.mount.fd(), "value")).st_size == 3);
}

TEST_CASE("sendfile of a live file makes its reader read") {
  Served fs(ServiceKind::kLive);
  const Fd file = VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_RDONLY}));
  int pipe_ends[2] = {};
  REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
  const Fd reading(pipe_ends[0]), writing(pipe_ends[1]);
  for (int i = 0; i < 2; ++i) {
    CHECK(ErrnoOfCall(sendfile(writing.get(), file.get(), nullptr, 4096)) ==
          EINVAL);
    CHECK(VALUE_OF(ReadAll(file)) == "0\n");
    REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
  }
}

TEST_CASE("a refused write leaves the value and tells the tree's errno") {
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    CHECK(fs.Read("value") == "0\n");
    CHECK_ERRNO(EINVAL, WriteExistingAt(fs.mount.fd(), "value", "9x"));
    CHECK(fs.Read("value") == "0\n");
    const Fd file =
        VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_WRONLY}));
    CHECK(ErrnoOfCall(pwrite(file.get(), "5", 1, 100)) == EINVAL);
    CHECK(fs.Read("value") == "0\n");
    CHECK(VALUE_OF(StatAt(fs.mount.fd(), "value")).st_size == 2);
  }
}

TEST_CASE("a static file changed by others is new once invalidated") {
  Served fs(ServiceKind::kStatic);
  CHECK(fs.Read("value") == "0\n");
  fs.tree->SetValue("8\n");
  CHECK(fs.Read("value") == "0\n");  // kept
  REQUIRE_OK(fs.server->Invalidate(fs.id, 2));
  CHECK(fs.Read("value") == "8\n");
  fs.tree->SetValue("800\n");
  REQUIRE_OK(fs.server->Invalidate(fs.id, 2));
  CHECK(fs.Read("value") == "800\n");
  CHECK_OK(fs.server->Invalidate(fs.id, 999));    // never looked up
  CHECK_OK(fs.server->Invalidate(fs.id + 1, 2));  // no such connection
  CHECK_OK(fs.server->InvalidateName(fs.id, 1, "value"));
  CHECK_OK(fs.server->InvalidateName(fs.id, 1, "absent"));
  CHECK(fs.Read("value") == "800\n");
}

TEST_CASE("a name that is not fixed comes and goes, an absent one may come") {
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    for (int i = 0; i < 3; ++i) {
      CHECK_ERRNO(ENOENT, StatAt(fs.mount.fd(), "coming"));
      fs.tree->SetPresent(true);
      CHECK(fs.Read("coming") == "here\n");
      fs.tree->SetPresent(false);
      CHECK_ERRNO(ENOENT, ReadFileAt(fs.mount.fd(), "coming"));
    }
  }
}

TEST_CASE("a live file is new each time it is opened or rewound") {
  Served fs(ServiceKind::kLive);
  CHECK(fs.Read("count") == "0\n");
  CHECK(fs.Read("count") == "1\n");
  const Fd file = VALUE_OF(OpenAt(fs.mount.fd(), "count", {.flags = O_RDONLY}));
  CHECK(VALUE_OF(ReadAll(file)) == "2\n");
  REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
  CHECK(VALUE_OF(ReadAll(file)) == "3\n");
}

TEST_CASE("a live file read in pieces is one snapshot") {
  Served fs(ServiceKind::kLive);
  const Fd file = VALUE_OF(OpenAt(fs.mount.fd(), "long", {.flags = O_RDONLY}));
  const Fd other = VALUE_OF(OpenAt(fs.mount.fd(), "long", {.flags = O_RDONLY}));
  std::string text;
  char buffer[1000];
  for (;;) {
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    REQUIRE(size >= 0);
    if (size == 0) break;
    text.append(buffer, static_cast<size_t>(size));
    REQUIRE(pread(other.get(), buffer, 1, 0) == 1);  // generates anew
  }
  REQUIRE(text.size() == ToyTree::kLineSize * ToyTree::kLongLines);
  const std::string line = text.substr(0, ToyTree::kLineSize);
  for (size_t i = 0; i < text.size(); i += ToyTree::kLineSize) {
    REQUIRE(text.compare(i, ToyTree::kLineSize, line) == 0);
  }
}

TEST_CASE("odd offsets and sizes") {
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    const Fd file =
        VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_RDONLY}));
    char buffer[8] = {};
    CHECK(pread(file.get(), buffer, 1, 1) == 1);
    CHECK(buffer[0] == '\n');
    CHECK(pread(file.get(), buffer, 8, 2) == 0);
    CHECK(pread(file.get(), buffer, 8, int64_t{1} << 60) == 0);
    CHECK(pread(file.get(), buffer, 0, 0) == 0);
    CHECK(ErrnoOfCall(pread(file.get(), buffer, 1, -1)) == EINVAL);
    std::string large(3 << 20, 'x');
    CHECK(pread(file.get(), large.data(), large.size(), 0) == 2);
    CHECK_ERRNO(EINVAL, WriteExistingAt(fs.mount.fd(), "value", large));
  }
}

TEST_CASE("a tree's errors reach the caller") {
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    CHECK_ERRNO(ENOENT, StatAt(fs.mount.fd(), "absent"));
    if (kind == ServiceKind::kLive) {
      CHECK_ERRNO(EIO, ReadFileAt(fs.mount.fd(), "broken"));
    }
    CHECK_ERRNO(ENOENT, OpenAt(fs.mount.fd(), "new",
                               {.flags = O_CREAT | O_WRONLY, .mode = 0644}));
  }
}

TEST_CASE("what emulated files cannot do fails as procfs's files do") {
  Served fs(ServiceKind::kStatic);
  const int root = fs.mount.fd().get();
  CHECK(ErrnoOfCall(mkdirat(root, "new", 0755)) == ENOENT);
  CHECK(ErrnoOfCall(unlinkat(root, "value", 0)) == EACCES);
  CHECK(ErrnoOfCall(unlinkat(root, "dir", AT_REMOVEDIR)) == EACCES);
  CHECK(ErrnoOfCall(renameat(root, "value", root, "new")) == ENOENT);
  CHECK(ErrnoOfCall(symlinkat("value", root, "new")) == ENOENT);
  CHECK(ErrnoOfCall(linkat(root, "value", root, "new", 0)) == ENOENT);
  CHECK(ErrnoOfCall(fchmodat(root, "value", 0600, 0)) == EPERM);
  CHECK(ErrnoOfCall(fchownat(root, "value", 1, 1, 0)) == EPERM);
  CHECK(ErrnoOfCall(utimensat(root, "value", nullptr, 0)) == 0);
  const Fd file = VALUE_OF(OpenAt(fs.mount.fd(), "value", {.flags = O_RDWR}));
  CHECK(ErrnoOfCall(fsync(file.get())) == EINVAL);
  CHECK(ErrnoOfCall(ioctl(file.get(), FIONREAD, nullptr)) != 0);
  CHECK(ErrnoOfCall(ioctl(file.get(), TIOCGWINSZ, nullptr)) == ENOTTY);
  CHECK(ErrnoOfCall(fallocate(file.get(), 0, 0, 10)) == EOPNOTSUPP);
  char buffer[8];
  CHECK(ErrnoOfCall(fgetxattr(file.get(), "user.x", buffer, 8)) == EOPNOTSUPP);
  CHECK(ErrnoOfCall(fsetxattr(file.get(), "user.x", "", 0, 0)) == EOPNOTSUPP);
  CHECK(flistxattr(file.get(), nullptr, 0) == 0);
  CHECK(flistxattr(file.get(), buffer, 8) == 0);
  struct statfs statistics;
  REQUIRE(fstatfs(file.get(), &statistics) == 0);
  CHECK(statistics.f_namelen == 255);
  CHECK(statistics.f_blocks == 0);
  CHECK(VALUE_OF(WaitReadable(file, 0)));  // poll
}

TEST_CASE("directories list whole, in one go and piecewise") {
  for (ServiceKind kind : {ServiceKind::kStatic, ServiceKind::kLive}) {
    Served fs(kind);
    for (int i = 0; i < 2; ++i) {
      const Fd directory = VALUE_OF(
          OpenAt(fs.mount.fd(), "dir", {.flags = O_RDONLY | O_DIRECTORY}));
      const std::vector<std::string> names = VALUE_OF(ListDirectory(directory));
      CHECK(std::set<std::string>(names.begin(), names.end()).size() == 300);
      CHECK(names.size() == 300);
    }
    CHECK(fs.Read("dir/299") == "299\n");
    CHECK_ERRNO(ENOENT, ReadFileAt(fs.mount.fd(), "dir/300"));
    CHECK(VALUE_OF(ReadLinkAt(fs.mount.fd(), "link")) == "value");
  }
}

TEST_CASE("a second look at a static directory asks nobody") {
  Served fs(ServiceKind::kStatic);
  const auto look = [&] {
    const Fd directory = VALUE_OF(
        OpenAt(fs.mount.fd(), "dir", {.flags = O_RDONLY | O_DIRECTORY}));
    for (const std::string& name : VALUE_OF(ListDirectory(directory))) {
      CHECK(VALUE_OF(ReadFileAt(directory, name)) == name + "\n");
    }
  };
  look();
  const int calls = fs.tree->calls();
  look();
  CHECK(fs.tree->calls() <= calls + 1);
}

TEST_CASE("a directory that is listed anew is, though its attributes hold") {
  Served fs(ServiceKind::kStatic);
  fs.tree->ListRootAnew();
  const auto lists_coming = [&] {
    const Fd root =
        VALUE_OF(OpenAt(fs.mount.fd(), ".", {.flags = O_RDONLY | O_DIRECTORY}));
    const std::vector<std::string> names = VALUE_OF(ListDirectory(root));
    return std::count(names.begin(), names.end(), "coming") == 1;
  };
  for (const bool present : {false, true, false, false, true}) {
    fs.tree->SetPresent(present);
    CHECK(lists_coming() == present);
    CHECK(fs.Read("value") == "0\n");
  }
  const int calls = fs.tree->calls();
  for (int i = 0; i < 10; ++i) CHECK(fs.Read("value") == "0\n");
  CHECK(fs.tree->calls() == calls);
}

TEST_CASE("a tree is told who asks, in the host's numbers") {
  Served fs(ServiceKind::kLive);
  CHECK(fs.Read("who") ==
        fmt::format("{} {} {}\n", gettid(), geteuid(), getegid()));
}

TEST_CASE("slow requests of one connection leave others threads") {
  Served fs(ServiceKind::kLive, 8);
  auto other_tree = std::make_shared<ToyTree>();
  Server::Id other_id = 0;
  const DetachedMount other =
      fs.Mount(ServiceKind::kLive, other_tree, &other_id);
  std::vector<std::thread> readers;
  for (int i = 0; i < 16; ++i) {
    readers.emplace_back([&] { (void)ReadFileAt(fs.mount.fd(), "slow"); });
  }
  while (fs.tree->slow_readers() < 2) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) {
    CHECK(VALUE_OF(ReadFileAt(other.fd(), "value")) == "0\n");
  }
  CHECK(fs.tree->slow_readers() == 2);  // a quarter of the threads
  fs.tree->LetSlow();
  for (std::thread& reader : readers) reader.join();
  CHECK(fs.tree->slow_readers() == 16);
}

TEST_CASE("a killed reader's request does no harm") {
  Served fs(ServiceKind::kLive);
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const int file = openat(fs.mount.fd().get(), "slow", O_RDONLY);
      char buffer[8];
      _exit(read(file, buffer, sizeof buffer) > 0 ? 0 : 1);
    }
    while (fs.tree->slow_readers() == 0) std::this_thread::yield();
    kill(child, SIGKILL);
    fs.tree->LetSlow();
    REQUIRE(waitpid(child, nullptr, 0) == child);
    CHECK(fs.Read("count") == fmt::format("{}\n", i));
  }
}

TEST_CASE("the end of the last mount is reported once") {
  auto server = VALUE_OF(Server::Start({}));
  FuseMount made = VALUE_OF(MakeFuseMount({}));
  const Fd keeper = VALUE_OF(Duplicate(made.device));
  absl::Notification ended;
  int ends = 0;
  const Server::Id id =
      VALUE_OF(server->Add(std::move(made.device), std::make_shared<ToyTree>(),
                           {.kind = ServiceKind::kLive, .on_end = [&] {
                              ++ends;
                              ended.Notify();
                            }}));
  CHECK(VALUE_OF(ReadFileAt(made.mount.fd(), "value")) == "0\n");
  made.mount = DetachedMount();
  ended.WaitForNotification();
  server->Remove(id);
  server.reset();
  CHECK(ends == 1);
}

TEST_CASE("a removed connection is served by who holds its device") {
  Served fs(ServiceKind::kLive);
  FuseMount made = VALUE_OF(MakeFuseMount({}));
  const Fd held = VALUE_OF(Duplicate(made.device));
  const Server::Id id = VALUE_OF(fs.server->Add(std::move(made.device), fs.tree,
                                                {.kind = ServiceKind::kLive}));
  CHECK(VALUE_OF(ReadFileAt(made.mount.fd(), "count")) == "0\n");
  fs.server->Remove(id);
  std::thread reader(
      [&] { CHECK(VALUE_OF(ReadFileAt(made.mount.fd(), "count")) == "1\n"); });
  auto successor = VALUE_OF(Server::Start({}));
  REQUIRE_OK(successor->Add(VALUE_OF(Duplicate(held)), fs.tree,
                            {.kind = ServiceKind::kLive, .resumed = true}));
  reader.join();
}

TEST_CASE("an idle server does not wake up") {
#ifdef ABSL_HAVE_THREAD_SANITIZER
  WARN("skipped: without ThreadSanitizer, whose own thread wakes up");
  return;
#endif
  Served fs(ServiceKind::kStatic);
  CHECK(fs.Read("value") == "0\n");
  const auto switches = [] {
    long sum = 0;
    for (const std::string& thread :
         VALUE_OF(ListDirectory("/proc/self/task"))) {
      const std::string text =
          VALUE_OF(ReadFile("/proc/self/task/" + thread + "/status"));
      const size_t at = text.find("\nvoluntary_ctxt_switches:");
      REQUIRE(at != std::string::npos);
      if (thread != std::to_string(gettid())) {
        sum += std::stol(text.substr(at + 25));
      }
    }
    return sum;
  };
  Fd never = VALUE_OF(MakeEventFd());
  CHECK_FALSE(VALUE_OF(WaitReadable(never, 100)));  // let them go to sleep
  const long before = switches();
  CHECK_FALSE(VALUE_OF(WaitReadable(never, 300)));
  CHECK(switches() == before);
}

}  // namespace
}  // namespace sysbox::fuse
