#include "services/notification/mail/smtp_relay.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/notification/mail/address.h"

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

long MillisecondsOf(absl::Duration duration) {
  return static_cast<long>(absl::ToInt64Milliseconds(duration));
}

// Codes that speak of the connection or of our set-up, not of this mail:
// 500-504 command unknown, 530-538 authentication. Waiting may help.
bool IsAboutTheRelay(long code) {
  return (code >= 500 && code <= 504) || (code >= 530 && code <= 538);
}

// No code belongs to this end of a transfer: one that is known is older.
bool EndedWithoutAnswer(CURLcode result) {
  return result == CURLE_OPERATION_TIMEDOUT || result == CURLE_GOT_NOTHING ||
         result == CURLE_RECV_ERROR || result == CURLE_ABORTED_BY_CALLBACK;
}

// One mail on its way, as libcurl's callbacks see it.
struct Trial {
  std::string_view rest;  // of the mail: what libcurl has not taken yet
  const Patience& patience;
  absl::Duration answer_timeout;
  absl::Time end;           // of what is being done now: sending, or waiting for the answer
  bool sent = false;        // libcurl has taken the last byte
  std::string last_line{};  // of the relay
};

size_t ReadMail(char* buffer, size_t size, size_t count, void* user) {
  auto* trial = static_cast<Trial*>(user);
  const size_t taken = std::min(size * count, trial->rest.size());
  std::memcpy(buffer, trial->rest.data(), taken);
  trial->rest.remove_prefix(taken);
  if (taken == 0 && !trial->sent) {
    trial->sent = true;
    trial->end = absl::Now() + trial->answer_timeout;
  }
  return taken;
}

// libcurl hands over every line the relay says. The last one counts, besides
// the 221 with which it answers QUIT after a failure. Relays pass on the words
// of others: anything may stand there.
size_t KeepLastLine(char* data, size_t size, size_t count, void* user) {
  std::string line(data, size * count);
  if (line.compare(0, 3, "221") == 0) return size * count;
  absl::StripTrailingAsciiWhitespace(&line);
  static_cast<Trial*>(user)->last_line = ToOneLine(line, kMaxDetail);
  return size * count;
}

// libcurl asks at least once a second, whatever it waits for: also for the
// answer to QUIT, which its own time limits leave out.
int GoOn(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* trial = static_cast<const Trial*>(user);
  return absl::Now() < trial->end && trial->patience() ? 0 : 1;
}

}  // namespace

class SmtpRelay::Connection {
 public:
  explicit Connection(const SmtpOptions& options)
      : handle_(curl_easy_init()),
        send_timeout_(options.send_timeout),
        answer_timeout_(options.answer_timeout) {
    SetPeer(options);
    SetLimits(options);
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_NOPROXY, "*");
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &ReadMail);
    Set(CURLOPT_HEADERFUNCTION, &KeepLastLine);
    Set(CURLOPT_XFERINFOFUNCTION, &GoOn);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_ERRORBUFFER, error_.data());
  }

  // libcurl says QUIT and waits two minutes for the answer, without asking
  // GoOn(). It shall find the end of the connection instead.
  ~Connection() { Shut(SHUT_RD); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  RelayAnswer Send(const std::string& from, const std::string& to, const std::string& mime,
                   const Patience& patience) {
    RelayAnswer answer = Try(from, to, mime, patience);
    // A connection that the relay closed while it was idle shows only now. As
    // long as the body was not sent, trying once more cannot double the mail.
    if (answer.outcome == Outcome::kUnreachable && reused_ && patience()) {
      Set(CURLOPT_FRESH_CONNECT, 1L);
      answer = Try(from, to, mime, patience);
      Set(CURLOPT_FRESH_CONNECT, 0L);
    }
    return answer;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }

  // Of the connection, if there is one. libcurl notices and opens a new one.
  void Shut(int directions) const {
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    curl_easy_getinfo(handle_.get(), CURLINFO_ACTIVESOCKET, &descriptor);
    if (descriptor != CURL_SOCKET_BAD) shutdown(descriptor, directions);
  }

  void SetPeer(const SmtpOptions& options) {
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
  }

  // The limits that GoOn() keeps, for the case that nobody asks it; and no
  // limit of libcurl's own (120 s an answer) before them.
  void SetLimits(const SmtpOptions& options) {
    Set(CURLOPT_CONNECTTIMEOUT_MS, MillisecondsOf(options.connect_timeout));
    const absl::Duration whole = options.send_timeout + options.answer_timeout;
    Set(CURLOPT_TIMEOUT_MS, MillisecondsOf(whole));
    Set(CURLOPT_SERVER_RESPONSE_TIMEOUT,
        static_cast<long>(absl::ToInt64Seconds(absl::Ceil(whole, absl::Seconds(1)))));
  }

  RelayAnswer Try(const std::string& from, const std::string& to, const std::string& mime,
                  const Patience& patience) {
    Trial trial{mime, patience, answer_timeout_, absl::Now() + send_timeout_};
    std::unique_ptr<curl_slist, FreeList> recipients(curl_slist_append(nullptr, to.c_str()));
    Set(CURLOPT_MAIL_FROM, from.c_str());
    Set(CURLOPT_MAIL_RCPT, recipients.get());
    Set(CURLOPT_READDATA, &trial);
    Set(CURLOPT_HEADERDATA, &trial);
    Set(CURLOPT_XFERINFODATA, &trial);
    error_[0] = '\0';
    const CURLcode result = curl_easy_perform(handle_.get());
    // libcurl may keep the connection. What the relay says late would then be
    // taken for its answer to the next mail.
    if (EndedWithoutAnswer(result)) Shut(SHUT_RDWR);
    Set(CURLOPT_MAIL_RCPT, nullptr);
    long connects = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &connects);
    reused_ = connects == 0;
    return Judge(result, trial);
  }

  RelayAnswer Judge(CURLcode result, const Trial& trial) const {
    if (result == CURLE_OK) return {Outcome::kAccepted, trial.last_line};
    long code = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &code);
    // libcurl's word for a refusal of MAIL, RCPT or DATA is CURLE_SEND_ERROR.
    // What is said instead of a greeting, or to EHLO, is not about the mail:
    // a relay in maintenance must not destroy the whole queue.
    const bool about_the_mail =
        !EndedWithoutAnswer(result) && (result == CURLE_SEND_ERROR || trial.sent);
    if (about_the_mail && code >= 500 && !IsAboutTheRelay(code)) {
      return {Outcome::kRefused, trial.last_line};
    }
    // 421: the relay closes the connection; another one may be welcome.
    if (about_the_mail && code >= 400 && code < 500 && code != 421) {
      return {Outcome::kDeferred, trial.last_line};
    }
    std::string detail = error_[0] != '\0' ? error_.data() : curl_easy_strerror(result);
    if (code >= 400 && !trial.last_line.empty()) detail = trial.last_line;
    return {trial.sent && code < 400 ? Outcome::kUnknown : Outcome::kUnreachable,
            ToOneLine(detail, kMaxDetail)};
  }

  const std::unique_ptr<CURL, FreeHandle> handle_;
  const absl::Duration send_timeout_;
  const absl::Duration answer_timeout_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool reused_ = false;
};

SmtpRelay::SmtpRelay(const SmtpOptions& options) {
  InitialiseOnce();
  connection_ = std::make_unique<Connection>(options);
}

SmtpRelay::~SmtpRelay() = default;

RelayAnswer SmtpRelay::Send(const std::string& envelope_from, const std::string& envelope_to,
                            const std::string& mime, const Patience& patience) {
  return connection_->Send(envelope_from, envelope_to, mime, patience);
}

}  // namespace sockel::notification
