// main() of a foo_fuzz_test outside --config=asan: feeds every corpus file
// under the arguments (files or directories) to the fuzz target once, so that
// inputs found by libFuzzer stay fixed. Flags, which are libFuzzer's, are
// ignored. An empty corpus is an error: such a test would test nothing.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> CorpusFiles(const fs::path& root) {
  if (!fs::is_directory(root)) return {root};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

bool RunOne(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    std::fprintf(stderr, "open %s: unreadable\n", file.c_str());
    return false;
  }
  // Printed first: the last line of a crashed run names its input.
  std::printf("%s\n", file.c_str());
  std::fflush(stdout);
  const std::string input{std::istreambuf_iterator<char>(stream), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  size_t runs = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;
    for (const fs::path& file : CorpusFiles(argv[i])) {
      if (!RunOne(file)) return 1;
      ++runs;
    }
  }
  if (runs == 0) {
    std::fprintf(stderr, "no corpus file under the arguments\n");
    return 1;
  }
  return 0;
}
