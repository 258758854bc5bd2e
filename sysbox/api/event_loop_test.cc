#include "sysbox/api/event_loop.h"

#include <sys/epoll.h>

#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/linux/events.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::api {
namespace {

TEST_CASE("a ready descriptor calls back until it is unwatched") {
  auto loop = VALUE_OF(EventLoop::Create());
  const Fd event = VALUE_OF(MakeEventFd());
  REQUIRE_OK(SignalEventFd(event));
  int calls = 0;
  EventLoop::Token token = 0;
  token = VALUE_OF(loop->Watch(event, EPOLLIN, [&](uint32_t events) {
    CHECK((events & EPOLLIN) != 0);
    if (++calls < 3) return;  // level-triggered
    loop->Unwatch(token);
    loop->Stop();
  }));
  REQUIRE_OK(loop->Run());
  CHECK(calls == 3);
}

TEST_CASE("a callback that unwatches another one silences it at once") {
  auto loop = VALUE_OF(EventLoop::Create());
  const Fd events[2] = {VALUE_OF(MakeEventFd()), VALUE_OF(MakeEventFd())};
  EventLoop::Token tokens[2] = {};
  int calls = 0;
  for (int i = 0; i < 2; ++i) {
    REQUIRE_OK(SignalEventFd(events[i]));
    tokens[i] = VALUE_OF(loop->Watch(events[i], EPOLLIN, [&, i](uint32_t) {
      ++calls;
      loop->Unwatch(tokens[1 - i]);
      loop->Unwatch(tokens[i]);
      loop->Stop();
    }));
  }
  REQUIRE_OK(loop->Run());
  CHECK(calls == 1);
}

TEST_CASE("another thread can stop the loop, even before it runs") {
  auto loop = VALUE_OF(EventLoop::Create());
  std::thread stopper([&] { loop->Stop(); });
  REQUIRE_OK(loop->Run());
  stopper.join();
}

TEST_CASE("changing what is watched and unknown tokens") {
  auto loop = VALUE_OF(EventLoop::Create());
  const Fd event = VALUE_OF(MakeEventFd());
  const auto token =
      VALUE_OF(loop->Watch(event, EPOLLIN, [&](uint32_t) { loop->Stop(); }));
  REQUIRE_OK(loop->Change(token, EPOLLOUT));  // an eventfd is writable
  REQUIRE_OK(loop->Run());
  CHECK_FALSE(loop->Change(token + 1, EPOLLIN).ok());
  loop->Unwatch(token + 1);
}

}  // namespace
}  // namespace sysbox::api
