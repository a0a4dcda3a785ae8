#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/testing/library.grpc.pb.h"

// The use cases and the door that the tests of the dispatcher call.
namespace sockel::rpc::testing {

class Library {
 public:
  absl::StatusOr<Book> Get(const Caller& caller, const GetBookRequest& request);
  absl::StatusOr<ListBooksResponse> List(const Caller& caller, const ListBooksRequest& request);
  absl::StatusOr<Book> Create(const Caller& caller, const CreateBookRequest& request);
  absl::StatusOr<Book> Update(const Caller& caller, const UpdateBookRequest& request);
  absl::StatusOr<Book> Hold(const Caller& caller, const GetBookRequest& request);
  absl::StatusOr<Book> Fail(const Caller& caller, const GetBookRequest& request);
  absl::StatusOr<WhoAmIResponse> WhoAmI(const Caller& caller, const WhoAmIRequest& request);
  SourceOr<Page> ReadPages(const Caller& caller, const ReadPagesRequest& request);
  SinkOr<Page, WritePagesResponse> WritePages(const Caller& caller, const Page& first);

  // The caller and the request that a use case saw last.
  Caller caller() const;
  std::string request() const;

  // Create refuses with this from now on.
  void RefuseToCreate(absl::Status refusal);

  // Calls of Hold that have begun, and their release.
  void WaitUntilHeld(int calls);
  void Release() { release_.Notify(); }

  // What ReadPages gives: pages so far, and whether that is all.
  void AddPages(int count);
  void EndPages();
  // Pages taken from the source, and sources that exist.
  int pages_taken() const { return pages_taken_; }
  // Until so many sources have nothing.
  void WaitUntilWaiting(std::size_t streams = 1);
  void WaitUntilNoStreams();

  // WritePages works on pages only as far as AllowWrites() lets it.
  void HoldWrites();
  void AllowWrites(int pages);
  void WaitUntilWriting();

 private:
  friend class Pages;
  friend class Notebook;
  void WaitForPermit();
  void Saw(const Caller& caller, const google::protobuf::Message& request);

  absl::Notification release_;
  std::atomic<int> pages_taken_{0};
  mutable absl::Mutex mutex_;
  Caller caller_ ABSL_GUARDED_BY(mutex_);
  std::string request_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  int held_ ABSL_GUARDED_BY(mutex_) = 0;
  int pages_ ABSL_GUARDED_BY(mutex_) = 0;
  bool pages_complete_ ABSL_GUARDED_BY(mutex_) = false;
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writes_held_ ABSL_GUARDED_BY(mutex_) = false;
  int permits_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

class LibraryDoor final : public LibraryService::CallbackService {
 public:
  LibraryDoor(const Dispatcher& dispatcher, Library& library)
      : rpc_(dispatcher.For<LibraryService>()), library_(library) {}

  grpc::ServerUnaryReactor* GetBook(grpc::CallbackServerContext* ctx, const GetBookRequest* req,
                                    Book* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::Get);
  }
  grpc::ServerUnaryReactor* ListBooks(grpc::CallbackServerContext* ctx, const ListBooksRequest* req,
                                      ListBooksResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::List);
  }
  grpc::ServerUnaryReactor* CreateBook(grpc::CallbackServerContext* ctx,
                                       const CreateBookRequest* req, Book* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::Create);
  }
  grpc::ServerUnaryReactor* UpdateBook(grpc::CallbackServerContext* ctx,
                                       const UpdateBookRequest* req, Book* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::Update);
  }
  grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext* ctx, const GetBookRequest* req,
                                 Book* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::Hold);
  }
  grpc::ServerUnaryReactor* Fail(grpc::CallbackServerContext* ctx, const GetBookRequest* req,
                                 Book* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::Fail);
  }
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* ctx, const WhoAmIRequest* req,
                                   WhoAmIResponse* resp) override {
    return rpc_.UnaryInline(ctx, req, resp, library_, &Library::WhoAmI);
  }
  grpc::ServerUnaryReactor* SignIn(grpc::CallbackServerContext* ctx, const WhoAmIRequest* req,
                                   WhoAmIResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, library_, &Library::WhoAmI);
  }
  // In `slow_pool`, when there is one.
  grpc::ServerUnaryReactor* HoldElsewhere(grpc::CallbackServerContext* ctx,
                                          const GetBookRequest* req, Book* resp) override {
    return rpc_.UnaryIn(*slow_pool, ctx, req, resp, library_, &Library::Hold);
  }
  grpc::ServerWriteReactor<Page>* ReadPages(grpc::CallbackServerContext* ctx,
                                            const ReadPagesRequest* req) override {
    return rpc_.ServerStream(ctx, req, library_, &Library::ReadPages);
  }
  grpc::ServerReadReactor<Page>* WritePages(grpc::CallbackServerContext* ctx,
                                            WritePagesResponse* resp) override {
    return rpc_.ClientStream(ctx, resp, library_, &Library::WritePages);
  }

  WorkerPool* slow_pool = nullptr;

 private:
  ServiceDispatcher rpc_;
  Library& library_;
};

}  // namespace sockel::rpc::testing
