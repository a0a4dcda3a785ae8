// How fast mails leave: the whole way from the queue to the relay and back into
// the database, against the SMTP client alone with as many connections.
//
//   notification-delivery-bench [MAILS] [LANES]
//
// Needs smtp-sink (Debian package postfix). Uses the PostgreSQL server named by
// SOCKEL_TEST_PG, which should be durable, else a private one that is not.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/notification/deliveries/delivery_worker.h"
#include "services/notification/mail/smtp_relay.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

// Postfix's sink: takes everything, keeps nothing.
class FastSink {
 public:
  FastSink() : port_(FreePort()) {
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const std::string listen = absl::StrCat("127.0.0.1:", port_);
      execl("/usr/sbin/smtp-sink", "smtp-sink", "-u", "nobody", listen.c_str(), "1000", nullptr);
      _exit(127);
    }
    absl::SleepFor(absl::Milliseconds(300));
  }
  ~FastSink() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  SmtpOptions Options() const {
    SmtpOptions options;
    options.port = port_;
    options.security = SmtpOptions::Security::kPlain;
    return options;
  }

 private:
  int port_;
  pid_t child_ = -1;
};

class CountingRelay final : public Relay {
 public:
  CountingRelay(const SmtpOptions& smtp, std::atomic<int>* sent) : relay_(smtp), sent_(sent) {}
  RelayAnswer Send(const std::string& from, const std::string& to, const std::string& mime,
                   const Patience& patience) override {
    sent_->fetch_add(1);
    return relay_.Send(from, to, mime, patience);
  }

 private:
  SmtpRelay relay_;
  std::atomic<int>* sent_;
};

Mail ExampleMail() {
  Mail mail;
  mail.message_id = "01900000-0000-7000-8000-000000000001@smi.example";
  mail.from = {"post@smi.example", "Ministerium"};
  mail.to = {"max@example.org", ""};
  mail.subject = "Hello";
  mail.text_body = "Text";
  mail.date = absl::Now();
  return mail;
}

// The limit: mails a second of the SMTP client with nothing around it.
double SmtpAlone(const SmtpOptions& smtp, int connections, absl::Duration duration) {
  const std::string mime = WriteMime(ExampleMail());
  std::atomic<int> sent{0};
  std::vector<std::thread> threads;
  const absl::Time begin = absl::Now();
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      SmtpRelay relay(smtp);
      while (absl::Now() < begin + duration) {
        const RelayAnswer answer =
            relay.Send("post@smi.example", "max@example.org", mime, [] { return true; });
        if (answer.outcome == RelayAnswer::Outcome::kAccepted) sent.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return sent / absl::ToDoubleSeconds(absl::Now() - begin);
}

class DeliveryBench : public testing::NotificationFixture {
 public:
  void TestBody() override {}

  double Accept(int mails) {
    clock_.Set(absl::Now());
    AddSender("smi");
    const absl::Time begin = absl::Now();
    for (int first = 0; first < mails; first += 1000) {
      std::vector<std::string> recipients;
      for (int i = first; i < std::min(mails, first + 1000); ++i) {
        recipients.push_back(absl::StrCat("r", i, "@example.org"));
      }
      Send(Request(recipients));
    }
    return mails / absl::ToDoubleSeconds(absl::Now() - begin);
  }

  double Deliver(int mails, int lanes, const SmtpOptions& smtp) {
    WorkerOptions options;
    options.lanes = lanes;
    const SystemClock clock;
    std::atomic<int> sent{0};
    DeliveryQueue queue(db_, clock);
    DeliveryWorker worker(
        {db_, directory_, clock, delivery_metrics_},
        [&] { return std::make_unique<CountingRelay>(smtp, &sent); }, options);
    const absl::Time begin = absl::Now();
    worker.Start();
    // The end is when everything is written down; asked only when that is near.
    while (true) {
      absl::SleepFor(absl::Milliseconds(10));
      if (sent.load() < mails) continue;
      const auto state = queue.Measure();
      if (state.ok() && state->pending + state->sending == 0) break;
    }
    return mails / absl::ToDoubleSeconds(absl::Now() - begin);
  }
};

void Print(const char* name, double value, double limit, double bar) {
  nlohmann::ordered_json line = {{"name", name}, {"value", value}, {"unit", "mails/s"}};
  if (limit > 0) {
    line["limit"] = limit;
    line["ratio"] = value / limit;
  }
  if (bar > 0) line["bar"] = bar;
  std::printf("%s\n", line.dump().c_str());
}

}  // namespace
}  // namespace sockel::notification

int main(int argc, char** argv) {
  using namespace sockel::notification;
  const int mails = argc > 1 ? std::atoi(argv[1]) : 30'000;
  const int lanes = argc > 2 ? std::atoi(argv[2]) : 4;
  FastSink sink;
  const double limit = SmtpAlone(sink.Options(), lanes, absl::Seconds(3));
  Print("smtp_client_alone", limit, 0, 0);
  DeliveryBench bench;
  Print("accept_1000_recipients_a_call", bench.Accept(mails), 0, 50'000);
  const double delivered = bench.Deliver(mails, lanes, sink.Options());
  Print("delivery", delivered, limit, 0.5);
  return 0;
}
