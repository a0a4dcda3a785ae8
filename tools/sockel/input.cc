#include "tools/sockel/input.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <termios.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "tools/sockel/local_file.h"

namespace sockel::cli {
namespace {

// Switches off that the terminal shows what is typed, as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    tcgetattr(fd_, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~NoEcho() { tcsetattr(fd_, TCSAFLUSH, &before_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
};

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

absl::StatusOr<std::string> AskTerminal(const std::string& prompt, const std::string& option) {
  const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat("there is no terminal to ask; use --", option,
                                                      "-file or --", option, "-stdin"));
  }
  std::string line;
  {
    const NoEcho quiet(fd);
    if (write(fd, prompt.data(), prompt.size()) < 0) line.clear();
    char c = 0;
    while (read(fd, &c, 1) == 1 && c != '\n') line.push_back(c);
  }
  if (write(fd, "\n", 1) < 0) line.clear();
  close(fd);
  return line;
}

// Written out, with every alias in full. What people write is far below.
constexpr int kMostLevels = 100;
constexpr int kMostNodes = 100'000;
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

struct Size {
  int nodes = 0;
  std::size_t bytes = 0;
};

absl::Status CheckSize(const YAML::Node& node, int level, Size& size) {
  if (level > kMostLevels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "nested deeper than ", kMostLevels, " levels, or an alias inside of its own anchor"));
  }
  if (++size.nodes > kMostNodes) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMostNodes, " values"));
  }
  if (node.IsScalar()) size.bytes += node.Scalar().size();
  if (size.bytes > kMostBytes) return absl::InvalidArgumentError("more than 16 MiB of texts");
  if (!node.IsSequence() && !node.IsMap()) return absl::OkStatus();
  for (const auto& child : node) {
    absl::Status status;
    if (node.IsSequence()) {
      status = CheckSize(child, level + 1, size);
    } else {
      status = CheckSize(child.first, level + 1, size);
      if (status.ok()) status = CheckSize(child.second, level + 1, size);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// A tree that can be walked through: aliases may make a short text endless.
absl::StatusOr<YAML::Node> Parse(const std::string& text, const std::string& path) {
  try {
    YAML::Node node = YAML::Load(text);
    Size size;
    const absl::Status status = CheckSize(node, 1, size);
    if (status.ok()) return node;
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", e.what()));
  }
}

nlohmann::json ToJson(const YAML::Node& node) {
  if (node.IsSequence()) {
    nlohmann::json list = nlohmann::json::array();
    for (const YAML::Node& child : node) list.push_back(ToJson(child));
    return list;
  }
  if (node.IsMap()) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = ToJson(entry.second);
    return object;
  }
  if (node.IsNull()) return nullptr;
  // A quoted scalar carries the tag "!": it is text whatever it looks like.
  if (node.Tag() != "!") {
    bool boolean = false;
    std::int64_t integer = 0;
    double number = 0;
    const std::string& text = node.Scalar();
    if ((text == "true" || text == "false") && YAML::convert<bool>::decode(node, boolean)) {
      return boolean;
    }
    // 007 and 1_000 are text; so is everything that would not be written so.
    if (YAML::convert<std::int64_t>::decode(node, integer) && std::to_string(integer) == text) {
      return integer;
    }
    if (text.find_first_not_of("0123456789.-") == std::string::npos &&
        text.find('.') != std::string::npos && YAML::convert<double>::decode(node, number)) {
      return number;
    }
  }
  return node.Scalar();
}

}  // namespace

absl::StatusOr<std::string> ReadSecret(const SecretSource& source, const std::string& prompt) {
  if (!source.file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(source.file);
    if (!text.ok()) return text;
    return FirstLine(*text);
  }
  if (source.stdin) {
    std::string line;
    if (std::getline(std::cin, line)) return FirstLine(line);
    return absl::InvalidArgumentError(
        absl::StrCat("standard input has no line for --", source.option, "-stdin"));
  }
  return AskTerminal(prompt, source.option);
}

absl::StatusOr<YAML::Node> ReadYaml(const std::string& path) {
  if (path == "-") {
    std::ostringstream text;
    text << std::cin.rdbuf();
    return Parse(text.str(), path);
  }
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::Status Fill(const YAML::Node& node, google::protobuf::Message& message) {
  if (!node.IsMap()) return absl::InvalidArgumentError("expected fields: `name: value` lines");
  try {
    const auto status = google::protobuf::util::JsonStringToMessage(ToJson(node).dump(), &message);
    if (status.ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("does not fit ", message.GetDescriptor()->name(),
                                                   ": ", std::string(status.message())));
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(e.what());
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("holds what is no text (UTF-8)");
  }
}

absl::StatusOr<google::type::Date> ParseDate(const std::string& text) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a date looks like 2026-01-31, not \"", text, "\""));
  }
  google::type::Date date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

}  // namespace sockel::cli
