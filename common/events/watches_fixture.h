#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/error/error.h"
#include "common/events/testing_fixture.h"
#include "common/events/watches.h"

// What the tests of watching share.
namespace sockel::events {

using v1::WatchEventsRequest;
using v1::WatchEventsResponse;

// A watch as a client sees it.
class Reader {
 public:
  Reader(Watches& watches, const WatchEventsRequest& request, const std::string& tenant = "smi") {
    auto source = watches.WatchEvents(testing::MakeCaller(tenant), request);
    EXPECT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
  }

  // The next answer, or nothing when the stream would wait.
  std::optional<WatchEventsResponse> Next() {
    woken_ = std::make_shared<absl::Notification>();
    WatchEventsResponse out;
    auto pull = source_->Next(out, [woken = woken_] { woken->Notify(); });
    EXPECT_TRUE(pull.ok()) << pull.status();
    if (!pull.ok() || *pull != rpc::Pull::kMessage) return std::nullopt;
    cursor_ = out.cursor();
    return out;
  }

  // The next answer, waiting as the dispatcher does.
  WatchEventsResponse Await() {
    while (true) {
      if (auto out = Next()) return *out;
      woken_->WaitForNotification();
    }
  }

  // After Next() gave nothing.
  void AwaitWake() { woken_->WaitForNotification(); }

  // Types of the events there are now.
  std::vector<std::string> Types() {
    std::vector<std::string> types;
    while (true) {
      auto out = Next();
      if (!out.has_value()) return types;
      if (out->has_event()) types.push_back(out->event().type());
    }
  }

  const std::string& cursor() const { return cursor_; }

 private:
  std::shared_ptr<absl::Notification> woken_;
  std::unique_ptr<rpc::Source<WatchEventsResponse>> source_;
  std::string cursor_;
};

class WatchesFixture : public EventsFixture {
 protected:
  static WatchEventsRequest From(const std::string& cursor) {
    WatchEventsRequest request;
    request.set_parent("tenants/smi");
    request.set_cursor(cursor);
    return request;
  }

  std::string ReasonOfResuming(const std::string& cursor) {
    return error::ReasonOf(watches_.WatchEvents(testing::MakeCaller("smi"), From(cursor)).status());
  }

  std::string LastCursor() {
    Reader reader(watches_, From(""));
    reader.Types();
    return reader.cursor();
  }
  void AsSuperuser(const std::string& sql) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction(connection).exec(sql);
  }

  WakeHub hub_;
  Watches watches_{db_, hub_, clock_, "efile", {.poll = absl::Hours(1)}};
};

}  // namespace sockel::events
