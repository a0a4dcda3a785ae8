#include "services/notification/mail/smtp_relay.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sockel::notification {
namespace {

using Outcome = RelayAnswer::Outcome;

constexpr std::size_t kMaxDetail = 500;

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// libcurl wants to be initialised once before threads use it.
void InitialiseOnce() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)result;
}

std::string MachineName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

// Codes that speak of the connection or of our set-up, not of this mail:
// 500-504 command unknown, 530-538 authentication. Waiting may help.
bool IsAboutTheRelay(long code) {
  return (code >= 500 && code <= 504) || (code >= 530 && code <= 538);
}

// The bytes of a mail on their way to libcurl.
struct Upload {
  std::string_view rest;
  bool finished = false;  // libcurl has taken the last byte
};

size_t ReadUpload(char* buffer, size_t size, size_t count, void* user) {
  auto* upload = static_cast<Upload*>(user);
  const size_t taken = std::min(size * count, upload->rest.size());
  std::memcpy(buffer, upload->rest.data(), taken);
  upload->rest.remove_prefix(taken);
  if (taken == 0) upload->finished = true;
  return taken;
}

// libcurl hands over every line the relay says. The last one counts, besides
// the 221 with which it answers QUIT after a failure.
size_t KeepLastLine(char* data, size_t size, size_t count, void* user) {
  auto* line = static_cast<std::string*>(user);
  if (std::string_view(data, size * count).substr(0, 3) == "221") return size * count;
  line->assign(data, std::min(size * count, kMaxDetail));
  absl::StripTrailingAsciiWhitespace(line);
  return size * count;
}

}  // namespace

class SmtpRelay::Connection {
 public:
  explicit Connection(const SmtpOptions& options) : handle_(curl_easy_init()) {
    const bool tls = options.security == SmtpOptions::Security::kTls;
    const std::string helo = options.helo_name.empty() ? MachineName() : options.helo_name;
    const std::string url =
        absl::StrCat(tls ? "smtps://" : "smtp://", options.host, ":", options.port, "/", helo);
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    const bool encrypt = options.security != SmtpOptions::Security::kPlain;
    Set(CURLOPT_USE_SSL, static_cast<long>(encrypt ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!options.ca_file.empty()) Set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.username.empty()) {
      Set(CURLOPT_USERNAME, options.username.c_str());
      Set(CURLOPT_PASSWORD, options.password.c_str());
    }
    Set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.send_timeout)));
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_NOPROXY, "*");
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &ReadUpload);
    Set(CURLOPT_HEADERFUNCTION, &KeepLastLine);
    Set(CURLOPT_HEADERDATA, &last_line_);
    Set(CURLOPT_ERRORBUFFER, error_.data());
  }

  RelayAnswer Send(const std::string& from, const std::string& to, const std::string& mime) {
    RelayAnswer answer = Try(from, to, mime);
    // A connection that the relay closed while it was idle shows only now. As
    // long as the body was not sent, trying once more cannot double the mail.
    if (answer.outcome == Outcome::kUnreachable && reused_) {
      Set(CURLOPT_FRESH_CONNECT, 1L);
      answer = Try(from, to, mime);
      Set(CURLOPT_FRESH_CONNECT, 0L);
    }
    return answer;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }

  RelayAnswer Try(const std::string& from, const std::string& to, const std::string& mime) {
    Upload upload{mime};
    std::unique_ptr<curl_slist, FreeList> recipients(curl_slist_append(nullptr, to.c_str()));
    Set(CURLOPT_MAIL_FROM, from.c_str());
    Set(CURLOPT_MAIL_RCPT, recipients.get());
    Set(CURLOPT_READDATA, &upload);
    last_line_.clear();
    error_[0] = '\0';
    const CURLcode result = curl_easy_perform(handle_.get());
    Set(CURLOPT_MAIL_RCPT, nullptr);
    long connects = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &connects);
    reused_ = connects == 0;
    return Judge(result, upload.finished);
  }

  RelayAnswer Judge(CURLcode result, bool body_was_sent) const {
    if (result == CURLE_OK) return {Outcome::kAccepted, last_line_};
    long code = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &code);
    const bool answered = result != CURLE_OPERATION_TIMEDOUT && result != CURLE_GOT_NOTHING &&
                          result != CURLE_RECV_ERROR;
    if (answered && code >= 500 && !IsAboutTheRelay(code)) return {Outcome::kRefused, last_line_};
    // 421: the relay closes the connection; another one may be welcome.
    if (answered && code >= 400 && code < 500 && code != 421) {
      return {Outcome::kDeferred, last_line_};
    }
    std::string detail = error_[0] != '\0' ? error_.data() : curl_easy_strerror(result);
    if (code >= 400 && !last_line_.empty()) detail = last_line_;
    detail.resize(std::min(detail.size(), kMaxDetail));
    return {body_was_sent && code < 400 ? Outcome::kUnknown : Outcome::kUnreachable, detail};
  }

  std::unique_ptr<CURL, FreeHandle> handle_;
  std::string last_line_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool reused_ = false;
};

SmtpRelay::SmtpRelay(const SmtpOptions& options) {
  InitialiseOnce();
  connection_ = std::make_unique<Connection>(options);
}

SmtpRelay::~SmtpRelay() = default;

RelayAnswer SmtpRelay::Send(const std::string& envelope_from, const std::string& envelope_to,
                            const std::string& mime) {
  return connection_->Send(envelope_from, envelope_to, mime);
}

}  // namespace sockel::notification
