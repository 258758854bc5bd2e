// The least that anybody does who mounts a procfs and puts files over it: new,
// each file cloned and moved there, then moved to its place. fsopen(2),
// open_tree(2), move_mount(2).
#ifndef INTEGRATION_BENCH_DRESSED_FLOOR_H_
#define INTEGRATION_BENCH_DRESSED_FLOOR_H_

#include <string>
#include <vector>

namespace sysbox::bench {

// What is put over each.
class DressedFloor {
 public:
  // Mounts a procfs at `origin` and covers each of `names`, paths below it that
  // it has, with an empty file or directory of the file system there; what it
  // has not, is left out. False, with errno: failed.
  bool Prepare(const std::string& origin,
               const std::vector<std::string>& names);
  // At `target`. 0 or -errno.
  int Mount(const char* target) const;

 private:
  std::vector<std::string> names_;
  int origin_ = -1;  // open as long as the process lives
};

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_DRESSED_FLOOR_H_
