#include "services/notification/testing/smtp_sink.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace sockel::notification::testing {
namespace {

const char* NameOf(SmtpSink::Mood mood) {
  switch (mood) {
    case SmtpSink::Mood::kTurnsAway:
      return "turns-away";
    case SmtpSink::Mood::kKnowsNobody:
      return "knows-nobody";
    case SmtpSink::Mood::kFriendly:
      break;
  }
  return "friendly";
}

pid_t Start(const std::string& folder, const char* mood) {
  // Set by CMake: __FILE__ may be relative to the build folder.
  const std::string script = SOCKEL_SMTP_SINK;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // The system's Python: the module is a Debian package.
  execl("/usr/bin/python3", "python3", script.c_str(), folder.c_str(), mood, nullptr);
  _exit(127);
}

}  // namespace

std::string ReceivedMail::Header(const std::string& name) const {
  std::string value;
  bool found = false;
  const std::vector<std::string> lines = absl::StrSplit(data, "\r\n");
  for (const std::string& line : lines) {
    if (line.empty()) break;
    if (found && (line[0] == ' ' || line[0] == '\t')) {
      value += line;
    } else if (found) {
      break;
    } else if (absl::StartsWithIgnoreCase(line, name + ":")) {
      found = true;
      value = std::string(absl::StripLeadingAsciiWhitespace(line.substr(name.size() + 1)));
    }
  }
  return value;
}

SmtpSink::SmtpSink(Mood mood) {
  std::string pattern = (std::filesystem::temp_directory_path() / "smtp-sink-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  process_ = Start(folder_, NameOf(mood));
  const absl::Time until = absl::Now() + absl::Seconds(20);
  while (port_ == 0) {
    std::ifstream(folder_ + "/port") >> port_;
    if (absl::Now() > until) throw std::runtime_error("the SMTP sink does not start");
    if (port_ == 0) absl::SleepFor(absl::Milliseconds(10));
  }
}

SmtpSink::~SmtpSink() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<ReceivedMail> SmtpSink::Mails() const {
  std::vector<ReceivedMail> mails;
  std::ifstream file(folder_ + "/mails");
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    mails.push_back({json.at("from"), json.at("to"), json.at("data")});
  }
  return mails;
}

int SmtpSink::Connections() const {
  std::ifstream file(folder_ + "/connections");
  int count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

}  // namespace sockel::notification::testing
