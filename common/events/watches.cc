#include "common/events/watches.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/events/event_store.h"
#include "common/events/position.h"

namespace sockel::events {
namespace {

// Pages without anything for the reader that are skipped in one go, before it
// is told where we are.
constexpr int kMostSilentPages = 10;

absl::Status CursorExpired() {
  return error::Make(absl::StatusCode::kOutOfRange, error::CommonReason::CURSOR_EXPIRED,
                     "events behind cursor are no longer kept; read the resources anew and watch "
                     "from an empty cursor");
}

// What belongs to another service would be waited for in silence.
absl::Status CheckTypes(std::string_view service, const v1::WatchEventsRequest& request) {
  const std::string prefix = std::string(service) + ".";
  for (int i = 0; i < request.types_size(); ++i) {
    if (absl::StartsWith(request.types(i), prefix)) continue;
    return error::InvalidField(
        absl::StrCat("types[", i, "]"),
        absl::StrCat("must be a type of this service's events, ", prefix, "<resource>.<happened>"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Mark> StartOf(pg::Database& database, const Caller& caller, const Origin& origin,
                             std::string_view cursor) {
  if (cursor.empty() || cursor == "now") {
    return database.Read(caller, "events.begin", [&](pg::Transaction& tx) -> absl::StatusOr<Mark> {
      return cursor.empty() ? OldestMark(tx) : NewestMark(tx);
    });
  }
  const std::optional<Mark> mark = FromCursor(origin, cursor);
  if (!mark.has_value()) {
    return error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::CURSOR_INVALID,
                       "cursor must be one that this service's stream gave out for this tenant, "
                       "`now`, or empty");
  }
  return database.Read(caller, "events.resume", [&](pg::Transaction& tx) -> absl::StatusOr<Mark> {
    if (IsLost(tx, *mark)) return CursorExpired();
    return *mark;
  });
}

Mark MarkOf(const StoredEvent& stored) { return {stored.position, EndOf(stored.event.id())}; }

}  // namespace

bool IsOthersPrivate(const Caller& caller, std::string_view resource) {
  constexpr std::string_view kTenants = "tenants/";
  constexpr std::string_view kUsers = "/users/";
  if (resource.substr(0, kTenants.size()) != kTenants) return false;
  const std::size_t users = resource.find('/', kTenants.size());
  if (users == std::string_view::npos || resource.substr(users, kUsers.size()) != kUsers) {
    return false;
  }
  const std::size_t end = resource.find('/', users + kUsers.size());
  return end != std::string_view::npos && resource.substr(0, end) != caller.subject;
}

// One reader. Holds no more than one page.
class Watches::Stream final : public rpc::Source<v1::WatchEventsResponse> {
 public:
  Stream(Watches& owner, Caller caller, std::set<std::string> types, Mark start, bool greet)
      : owner_(owner),
        caller_(std::move(caller)),
        types_(std::move(types)),
        mark_(std::move(start)),
        greet_(greet),
        last_sign_of_life_(owner.clock_.Now()) {
    caller_.deadline = absl::InfiniteFuture();  // of the stream, not of its queries
  }

  absl::StatusOr<rpc::Pull> Next(v1::WatchEventsResponse& out,
                                 const std::function<void()>& wake) override {
    if (greet_) {
      greet_ = false;
      return SendPosition(out);
    }
    for (int pages = 0; queue_.empty(); ++pages) {
      if (pages == kMostSilentPages) return SendPosition(out);
      const std::uint64_t ticket = owner_.hub_.Ticket(caller_.tenant);
      absl::StatusOr<EventPage> page = Read();
      if (!page.ok()) return page.status();
      Take(*page);
      if (queue_.empty() && !page->full) return HeartbeatOrWait(*page, ticket, out, wake);
    }
    StoredEvent& next = queue_.front();
    out.set_cursor(ToCursor(Here(), MarkOf(next)));
    *out.mutable_event() = std::move(next.event);
    queue_.pop_front();
    last_sign_of_life_ = owner_.clock_.Now();
    return rpc::Pull::kMessage;
  }

 private:
  Origin Here() const { return {owner_.service_, caller_.tenant}; }

  absl::StatusOr<EventPage> Read() {
    return owner_.database_.Read(caller_, "events.read",
                                 [this](pg::Transaction& tx) -> absl::StatusOr<EventPage> {
                                   return ReadAfter(tx, mark_.position, owner_.options_.page);
                                 });
  }

  void Take(EventPage& page) {
    if (!page.events.empty()) {
      mark_ = MarkOf(page.events.back());
      gap_poll_ = owner_.options_.first_gap_poll;
    }
    for (StoredEvent& stored : page.events) {
      if (IsWanted(stored.event)) queue_.push_back(std::move(stored));
    }
  }

  bool IsWanted(const v1::Event& event) const {
    if (!types_.empty() && types_.count(event.type()) == 0) return false;
    return !IsOthersPrivate(caller_, event.resource());
  }

  absl::StatusOr<rpc::Pull> SendPosition(v1::WatchEventsResponse& out) {
    out.set_cursor(ToCursor(Here(), mark_));
    last_sign_of_life_ = owner_.clock_.Now();
    return rpc::Pull::kMessage;
  }

  absl::StatusOr<rpc::Pull> HeartbeatOrWait(const EventPage& page, std::uint64_t ticket,
                                            v1::WatchEventsResponse& out,
                                            const std::function<void()>& wake) {
    const Options& options = owner_.options_;
    const absl::Duration until_heartbeat =
        last_sign_of_life_ + options.heartbeat - owner_.clock_.Now();
    if (until_heartbeat <= absl::ZeroDuration()) return SendPosition(out);
    absl::Duration pause = std::min(options.poll, until_heartbeat);
    if (page.gap) {
      pause = std::min(pause, gap_poll_);
      gap_poll_ = std::min(gap_poll_ * 2, options.most_gap_poll);
    }
    owner_.hub_.Wait(caller_.tenant, ticket, pause, wake);
    return rpc::Pull::kWait;
  }

  Watches& owner_;
  Caller caller_;
  const std::set<std::string> types_;
  Mark mark_;
  bool greet_;
  std::deque<StoredEvent> queue_;
  absl::Time last_sign_of_life_;
  absl::Duration gap_poll_ = owner_.options_.first_gap_poll;
};

Watches::Watches(pg::Database& database, WakeHub& hub, const Clock& clock, std::string service,
                 Options options)
    : database_(database),
      hub_(hub),
      clock_(clock),
      service_(std::move(service)),
      options_(options) {}

rpc::SourceOr<v1::WatchEventsResponse> Watches::WatchEvents(const Caller& caller,
                                                            const v1::WatchEventsRequest& request) {
  if (absl::Status status = CheckTypes(service_, request); !status.ok()) return status;
  absl::StatusOr<Mark> start =
      StartOf(database_, caller, {service_, caller.tenant}, request.cursor());
  if (!start.ok()) return start.status();
  // Who asked for `now` learns where that is, to resume there.
  const bool greet = request.cursor() == "now";
  return std::make_unique<Stream>(
      *this, caller, std::set<std::string>(request.types().begin(), request.types().end()),
      *std::move(start), greet);
}

}  // namespace sockel::events
