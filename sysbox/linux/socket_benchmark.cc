// A request and its answer between two threads, as runtime and daemon speak.
#include <thread>

#include "benchmark/benchmark.h"
#include "sysbox/linux/socket.h"

namespace sysbox {
namespace {

void RoundTrip(benchmark::State& state, SocketKind kind, bool with_fd) {
  auto pair = SocketPair(kind);
  if (!pair.ok()) return state.SkipWithError("socketpair");
  const std::string data(200, 'x');
  std::thread server([fd = std::move(pair->second), &data] {
    while (true) {
      const auto message = ReceiveMessage(fd, 65536, 16);
      if (!message.ok() || message->end_of_file) return;
      if (!SendMessage(fd, data, {}).ok()) return;
    }
  });
  Fd client = std::move(pair->first);
  const std::vector<FdRef> fds(with_fd ? 1 : 0, FdRef(client));
  for (auto _ : state) {
    if (!SendMessage(client, data, fds).ok() ||
        !ReceiveMessage(client, 65536, 16).ok()) {
      state.SkipWithError("round trip");
      break;
    }
  }
  client.Reset();
  server.join();
}

BENCHMARK_CAPTURE(RoundTrip, seqpacket, SocketKind::kSeqPacket, false);
BENCHMARK_CAPTURE(RoundTrip, seqpacket_fd, SocketKind::kSeqPacket, true);
BENCHMARK_CAPTURE(RoundTrip, stream, SocketKind::kStream, false);

}  // namespace
}  // namespace sysbox

BENCHMARK_MAIN();
