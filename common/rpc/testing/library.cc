#include "common/rpc/testing/library.h"

#include <stdexcept>
#include <utility>

#include "absl/time/clock.h"
#include "common/error/error.h"

namespace sockel::rpc::testing {

// Pages 0, 1, … of 64 KiB.
class Pages final : public Source<Page> {
 public:
  explicit Pages(Library& library) : library_(library) {}
  ~Pages() override {
    absl::MutexLock lock(&library_.mutex_);
    --library_.streams_;
  }

  absl::StatusOr<Pull> Next(Page& out, const std::function<void()>& wake) override {
    absl::MutexLock lock(&library_.mutex_);
    if (next_ < library_.pages_) {
      ++library_.pages_taken_;
      out.set_number(next_++);
      out.set_content(std::string(64 << 10, 'x'));
      return Pull::kMessage;
    }
    if (library_.pages_complete_) return Pull::kEnd;
    library_.waiting_.push_back(wake);
    return Pull::kWait;
  }

 private:
  Library& library_;
  int next_ = 0;
};

class Notebook final : public Sink<Page, WritePagesResponse> {
 public:
  explicit Notebook(Library& library) : library_(library) {}
  ~Notebook() override {
    absl::MutexLock lock(&library_.mutex_);
    --library_.streams_;
  }

  absl::Status Write(const Page& page) override {
    library_.WaitForPermit();
    if (page.number() < 0) return error::InvalidField("number", "must not be negative");
    response_.set_pages(response_.pages() + 1);
    response_.set_bytes(response_.bytes() + static_cast<int64_t>(page.content().size()));
    return absl::OkStatus();
  }
  absl::StatusOr<WritePagesResponse> Finish() override { return response_; }

 private:
  Library& library_;
  WritePagesResponse response_;
};

void Library::Saw(const Caller& caller, const google::protobuf::Message& request) {
  absl::MutexLock lock(&mutex_);
  caller_ = caller;
  request_ = request.ShortDebugString();
}

Caller Library::caller() const {
  absl::MutexLock lock(&mutex_);
  return caller_;
}

std::string Library::request() const {
  absl::MutexLock lock(&mutex_);
  return request_;
}

absl::StatusOr<Book> Library::Get(const Caller& caller, const GetBookRequest& request) {
  Saw(caller, request);
  Book book;
  book.set_name(request.name());
  return book;
}

absl::StatusOr<ListBooksResponse> Library::List(const Caller& caller,
                                                const ListBooksRequest& request) {
  Saw(caller, request);
  return ListBooksResponse();
}

absl::StatusOr<Book> Library::Create(const Caller& caller, const CreateBookRequest& request) {
  Saw(caller, request);
  absl::MutexLock lock(&mutex_);
  if (!refusal_.ok()) return refusal_;
  return request.book();
}

void Library::RefuseToCreate(absl::Status refusal) {
  absl::MutexLock lock(&mutex_);
  refusal_ = std::move(refusal);
}

absl::StatusOr<Book> Library::Update(const Caller& caller, const UpdateBookRequest& request) {
  Saw(caller, request);
  return request.book();
}

absl::StatusOr<Book> Library::Hold(const Caller& caller, const GetBookRequest& request) {
  {
    absl::MutexLock lock(&mutex_);
    ++held_;
  }
  release_.WaitForNotification();
  return Get(caller, request);
}

absl::StatusOr<Book> Library::Fail(const Caller& caller, const GetBookRequest& request) {
  Saw(caller, request);
  throw std::runtime_error("relation \"books\" does not exist");
}

absl::StatusOr<WhoAmIResponse> Library::WhoAmI(const Caller& caller, const WhoAmIRequest& request) {
  Saw(caller, request);
  WhoAmIResponse response;
  response.set_subject(caller.subject);
  response.set_tenant(caller.tenant);
  response.set_trace_id(caller.trace_id);
  response.set_remaining_ms(absl::ToInt64Milliseconds(caller.deadline - absl::Now()));
  return response;
}

SourceOr<Page> Library::ReadPages(const Caller& caller, const ReadPagesRequest& request) {
  Saw(caller, request);
  absl::MutexLock lock(&mutex_);
  ++streams_;
  return std::make_unique<Pages>(*this);
}

SinkOr<Page, WritePagesResponse> Library::WritePages(const Caller& caller, const Page& first) {
  Saw(caller, first);
  absl::MutexLock lock(&mutex_);
  ++streams_;
  return std::make_unique<Notebook>(*this);
}

void Library::WaitUntilHeld(int calls) {
  absl::MutexLock lock(&mutex_);
  const auto enough = [this, calls] {
    mutex_.AssertHeld();
    return held_ >= calls;
  };
  mutex_.Await(absl::Condition(&enough));
}

void Library::AddPages(int count) {
  std::vector<std::function<void()>> waiting;
  {
    absl::MutexLock lock(&mutex_);
    pages_ += count;
    waiting.swap(waiting_);
  }
  for (const auto& wake : waiting) wake();
}

void Library::EndPages() {
  {
    absl::MutexLock lock(&mutex_);
    pages_complete_ = true;
  }
  AddPages(0);
}

void Library::WaitUntilWaiting(std::size_t streams) {
  absl::MutexLock lock(&mutex_);
  const auto waiting = [this, streams] {
    mutex_.AssertHeld();
    return waiting_.size() >= streams;
  };
  mutex_.Await(absl::Condition(&waiting));
}

void Library::HoldWrites() {
  absl::MutexLock lock(&mutex_);
  writes_held_ = true;
}

void Library::AllowWrites(int pages) {
  absl::MutexLock lock(&mutex_);
  permits_ += pages;
}

void Library::WaitUntilWriting() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&writing_));
}

void Library::WaitForPermit() {
  absl::MutexLock lock(&mutex_);
  writing_ = true;
  const auto allowed = [this] {
    mutex_.AssertHeld();
    return !writes_held_ || permits_ > 0;
  };
  mutex_.Await(absl::Condition(&allowed));
  --permits_;
  writing_ = false;
}

void Library::WaitUntilNoStreams() {
  absl::MutexLock lock(&mutex_);
  const auto none = [this] {
    mutex_.AssertHeld();
    return streams_ == 0;
  };
  mutex_.Await(absl::Condition(&none));
}

}  // namespace sockel::rpc::testing
