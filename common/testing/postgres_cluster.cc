#include "common/testing/postgres_cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <pqxx/pqxx>

#include "absl/time/clock.h"

namespace sockel::testing {
namespace {

namespace fs = std::filesystem;

// Short: a socket's path has at most 107 characters.
constexpr char kPrefix[] = "sockel-pg-";

// Of the newest PostgreSQL installed.
fs::path BinFolder() {
  fs::path newest;
  int version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int found = std::atoi(entry.path().filename().c_str());
    if (found > version && fs::exists(entry.path() / "bin/initdb")) {
      version = found;
      newest = entry.path() / "bin";
    }
  }
  if (newest.empty()) throw std::runtime_error("tests need PostgreSQL: apt-get install postgresql");
  return newest;
}

// Whoever runs the server: it refuses root.
const passwd* ServerUser() {
  if (geteuid() != 0) return getpwuid(geteuid());
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("tests as root need the user postgres");
  return user;
}

// Starts a program that does not outlive this process.
pid_t Spawn(const std::vector<std::string>& command, const fs::path& log) {
  const passwd* user = ServerUser();
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  // Between fork and exec: only async-signal-safe calls.
  if (getuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(gid) != 0 || setuid(uid) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  setsid();
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out >= 0) {
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
  }
  execv(argv[0], argv.data());
  _exit(127);
}

void WaitFor(pid_t pid, const fs::path& log) {
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  throw std::runtime_error("initdb failed: " + text.str());
}

// Folders of test processes that were killed.
void RemoveLeftovers() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/tmp", ignored)) {
    const std::string name = entry.path().filename();
    if (name.rfind(kPrefix, 0) != 0) continue;
    const int pid = std::atoi(name.c_str() + sizeof(kPrefix) - 1);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

std::string NewFolder() {
  RemoveLeftovers();
  std::string folder = "/tmp/" + std::string(kPrefix) + std::to_string(getpid()) + "-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  const passwd* user = ServerUser();
  if (chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot give the temporary folder to the server's user");
  }
  return folder;
}

}  // namespace

PostgresCluster::PostgresCluster() : folder_(NewFolder()) {
  const fs::path log = fs::path(folder_) / "log";
  WaitFor(Spawn({BinFolder() / "initdb", "--pgdata=" + folder_ + "/data", "--auth=trust",
                 "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                 "--no-instructions"},
                log),
          log);
  Start();
}

PostgresCluster::~PostgresCluster() {
  End(SIGQUIT);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string PostgresCluster::conninfo(std::string_view database) const {
  return "host=" + folder_ + " user=postgres dbname=" + std::string(database);
}

void PostgresCluster::Start() {
  server_ = Spawn({BinFolder() / "postgres", "-D", folder_ + "/data", "-k", folder_, "-h", "", "-c",
                   "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c",
                   "shared_buffers=32MB", "-c", "jit=off"},
                  fs::path(folder_) / "log");
  WaitUntilReady();
}

void PostgresCluster::WaitUntilReady() const {
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (true) {
    try {
      pqxx::connection connection(conninfo());
      return;
    } catch (const pqxx::broken_connection& e) {
      if (absl::Now() > give_up) throw std::runtime_error(std::string("no server: ") + e.what());
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
}

void PostgresCluster::End(int signal) {
  if (server_ < 0) return;
  kill(server_, signal);
  waitpid(server_, nullptr, 0);
  server_ = -1;
}

void PostgresCluster::Crash() { End(SIGQUIT); }

void PostgresCluster::Stop() { End(SIGINT); }

const std::string& SharedServer() {
  static const char* const given = std::getenv("SOCKEL_TEST_PG");
  if (given != nullptr) {
    static const std::string conninfo = given;
    return conninfo;
  }
  static PostgresCluster cluster;
  static const std::string conninfo = cluster.conninfo();
  return conninfo;
}

}  // namespace sockel::testing
