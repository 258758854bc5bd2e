#include "sysbox/linux/events.h"

#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("epoll reports the keys of what is ready") {
  Epoll epoll = *Epoll::Create();
  const Fd quiet = *MakeEventFd();
  const Fd loud = *MakeEventFd();
  REQUIRE_OK(epoll.Add(quiet, EPOLLIN, 1));
  REQUIRE_OK(epoll.Add(loud, EPOLLIN, uint64_t{1} << 63));
  CHECK(epoll.Wait(0)->empty());
  REQUIRE_OK(SignalEventFd(loud));
  const auto ready = epoll.Wait(-1);
  REQUIRE(ready->size() == 1);
  CHECK((*ready)[0].key == uint64_t{1} << 63);
  CHECK((*ready)[0].events == EPOLLIN);
}

TEST_CASE("threads that share an epoll can take one event each") {
  Epoll epoll = *Epoll::Create();
  CHECK(*epoll.WaitOne(0) == std::nullopt);
  const Fd first = *MakeEventFd();
  const Fd second = *MakeEventFd();
  REQUIRE_OK(epoll.Add(first, EPOLLIN | EPOLLONESHOT, 1));
  REQUIRE_OK(epoll.Add(second, EPOLLIN | EPOLLONESHOT, 2));
  REQUIRE_OK(SignalEventFd(first));
  REQUIRE_OK(SignalEventFd(second));
  CHECK((*epoll.WaitOne(-1))->key == 1);
  CHECK((*epoll.WaitOne(-1))->key == 2);
  CHECK(*epoll.WaitOne(0) == std::nullopt);
}

TEST_CASE("an epoll entry changes and goes away") {
  Epoll epoll = *Epoll::Create();
  const Fd fd = *MakeEventFd();
  REQUIRE_OK(epoll.Add(fd, EPOLLIN, 1));
  CHECK_ERRNO(EEXIST, epoll.Add(fd, EPOLLIN, 1));
  REQUIRE_OK(epoll.Modify(fd, EPOLLOUT, 2));
  CHECK((*epoll.Wait(0))[0].key == 2);
  REQUIRE_OK(epoll.Remove(fd));
  CHECK(epoll.Wait(0)->empty());
  CHECK_ERRNO(ENOENT, epoll.Remove(fd));
}

TEST_CASE("an event descriptor drains, even when empty") {
  const Fd fd = *MakeEventFd();
  CHECK_OK(DrainEventFd(fd));
  CHECK_FALSE(*WaitReadable(fd, 0));
  REQUIRE_OK(SignalEventFd(fd));
  REQUIRE_OK(SignalEventFd(fd));
  CHECK(*WaitReadable(fd, 0));
  CHECK_OK(DrainEventFd(fd));
  CHECK_FALSE(*WaitReadable(fd, 0));
}

TEST_CASE("waiting for a closed peer ends, for a bad descriptor fails") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd read_end(ends[0]);
  Fd(ends[1]).Reset();
  CHECK(*WaitReadable(read_end, -1));
  CHECK_ERRNO(EBADF, WaitReadable(FdRef(1 << 20), 0));
}

TEST_CASE("a signal with a handler neither ends nor prolongs a wait") {
  struct sigaction action = {}, before = {};
  action.sa_handler = [](int) {};
  REQUIRE(sigaction(SIGALRM, &action, &before) == 0);
  const itimerval every_10_ms = {{0, 10000}, {0, 10000}};
  REQUIRE(setitimer(ITIMER_REAL, &every_10_ms, nullptr) == 0);
  const Fd fd = *MakeEventFd();
  Epoll epoll = *Epoll::Create();
  REQUIRE_OK(epoll.Add(fd, EPOLLIN, 1));
  const auto begin = std::chrono::steady_clock::now();
  const auto readable = WaitReadable(fd, 100);
  const auto ready = epoll.Wait(100);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  const itimerval off = {};
  REQUIRE(setitimer(ITIMER_REAL, &off, nullptr) == 0);
  REQUIRE(sigaction(SIGALRM, &before, nullptr) == 0);
  REQUIRE_OK(readable);
  CHECK_FALSE(*readable);
  REQUIRE_OK(ready);
  CHECK(ready->empty());
  CHECK(elapsed >= std::chrono::milliseconds(200));
  CHECK(elapsed < std::chrono::seconds(30));
}

TEST_CASE("a blocked signal arrives through its descriptor with its sender") {
  sigset_t before;
  REQUIRE(sigprocmask(SIG_BLOCK, nullptr, &before) == 0);
  const auto fd = MakeSignalFd({SIGUSR1, SIGCHLD});
  REQUIRE_OK(fd);
  CHECK_ERRNO(EAGAIN, ReadSignal(*fd));
  REQUIRE(kill(getpid(), SIGUSR1) == 0);
  CHECK(*WaitReadable(*fd, 10000));
  const auto info = ReadSignal(*fd);
  REQUIRE_OK(info);
  CHECK(info->signal == SIGUSR1);
  CHECK(info->sender == getpid());
  REQUIRE(sigprocmask(SIG_SETMASK, &before, nullptr) == 0);
  CHECK_FALSE(MakeSignalFd({1000}).ok());
}

TEST_CASE("resetting signals undoes masks, handlers and ignoring") {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
    if (!ResetSignals().ok()) _exit(1);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, nullptr, &mask);
    if (!sigisemptyset(&mask)) _exit(2);
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action = {};
      if (sigaction(number, nullptr, &action) != 0) continue;
      if (action.sa_handler != SIG_DFL) _exit(3);
    }
    raise(SIGTERM);
    _exit(4);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("a signal is known by name, short name, number, in any case") {
  for (const char* name : {"SIGTERM", "TERM", "term", "sigterm", "15"}) {
    CHECK(SignalNumber(name) == SIGTERM);
  }
  CHECK(SignalNumber("KILL") == SIGKILL);
  CHECK(SignalNumber("SIGCLD") == SIGCHLD);
  CHECK(SignalNumber("SIGXFSZ") == SIGXFSZ);
  CHECK(SignalNumber("0") == 0);
  CHECK(SignalNumber("64") == 64);
}

TEST_CASE("every signal that glibc names is known") {
  for (int number = 1; number < 32; ++number) {
    const char* name = sigabbrev_np(number);
    if (name == nullptr) continue;
    INFO(name);
    CHECK(SignalNumber(name) == number);
  }
}

TEST_CASE("realtime signals are known by their distance to an end") {
  CHECK(SignalNumber("RTMIN") == SIGRTMIN);
  CHECK(SignalNumber("SIGRTMIN+3") == SIGRTMIN + 3);
  CHECK(SignalNumber("rtmin+30") == SIGRTMAX);
  CHECK(SignalNumber("SIGRTMAX") == SIGRTMAX);
  CHECK(SignalNumber("RTMAX-14") == SIGRTMAX - 14);
}

TEST_CASE("what is no signal is not taken for one") {
  for (const char* name :
       {"", "SIG", "SIGSIGTERM", "NOPE", "65", "-1", "+15", "15 ", " TERM",
        "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+", "RTMIN+x",
        "RTMIN3", "99999999999999999999", "RTMIN+99999999999999999999"}) {
    INFO(name);
    CHECK_FALSE(SignalNumber(name).has_value());
  }
}

}  // namespace
}  // namespace sysbox
