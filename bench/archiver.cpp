// What PostgreSQL does with archive_command and restore_command, without PostgreSQL: it calls a
// program for one segment after the other. Called without words it does nothing, which is what the
// start of a process costs. bench/compare_archive compiles it.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

int call(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int why = ::posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ);
      why != 0) {
    std::fprintf(stderr, "cannot start %s: %s\n", argv[0], std::strerror(why));
    return -1;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// As the archiver: what was taken is not waited for any more.
bool push(const std::string& wal, const std::string& name, std::vector<std::string> words) {
  words.push_back(wal + "/" + name);
  if (call(words) != 0)
    return false;
  const auto status = wal + "/archive_status/" + name;
  return std::rename((status + ".ready").c_str(), (status + ".done").c_str()) == 0;
}

/// As recovery, which has no use for the file any more when it asks for the next one.
bool get(const std::string& wal, const std::string& name, std::vector<std::string> words) {
  const auto target = wal + "/RECOVERYXLOG";
  words.insert(words.end(), {name, target});
  return call(words) == 0 && ::unlink(target.c_str()) == 0;
}

} // namespace

/// archiver push|get <file with the names> <pg_wal> <program> <words...>
int main(int argc, char** argv) {
  if (argc < 5)
    return 0;
  const std::string what = argv[1];
  const std::string wal = argv[3];
  const std::vector<std::string> words(argv + 4, argv + argc);
  std::ifstream names(argv[2]);
  for (std::string name; names >> name;) {
    if (!(what == "push" ? push(wal, name, words) : get(wal, name, words))) {
      std::fprintf(stderr, "%s failed for %s\n", what.c_str(), name.c_str());
      return 1;
    }
  }
  return 0;
}
