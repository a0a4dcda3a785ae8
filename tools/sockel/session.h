#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/caller/caller.h"
#include "common/client/call.h"
#include "common/client/channel_factory.h"
#include "common/clock/clock.h"
#include "tools/sockel/profile.h"
#include "tools/sockel/render.h"

namespace sockel::cli {

// What the options before the command say.
struct Globals {
  std::string profile;
  std::string output = "table";  // or `json`
  std::string tenant;
  double timeout_seconds = 30;
};

// What a command works with: profile, connections, output. One per run.
class Session {
 public:
  Session(ProfileStore store, const Globals& globals);

  const ProfileStore& store() const { return store_; }
  const Globals& globals() const { return globals_; }
  bool json() const { return globals_.output == "json"; }
  // How to call the client so that it works where this run does: `sockel -p X`.
  std::string Command() const;
  const Clock& clock() const { return clock_; }

  // The profile of this run; changed through SaveProfile.
  absl::StatusOr<Profile> profile() const;
  absl::Status SaveProfile(const Profile& profile) const { return store_.Save(profile); }
  // Works with this profile from now on, without storing it: for signing in,
  // which may fail. Before the first call.
  void Adopt(Profile profile) { adopted_ = std::move(profile); }

  // `tenants/{code}` of --tenant, or else of who is signed in.
  absl::StatusOr<std::string> Tenant() const;
  // A full name stays; an id becomes `tenants/{tenant}/{collection}/{id}`.
  absl::StatusOr<std::string> Name(std::string_view collection, const std::string& id) const;

  // A channel to `endpoint` (`efile`) for calls of `service`, with the token of
  // who is signed in. UNAUTHENTICATED when nobody is.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Channel(
      const std::string& endpoint, const google::protobuf::ServiceDescriptor& service);
  // The same without a token.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> PublicChannel(
      const std::string& endpoint, const google::protobuf::ServiceDescriptor& service);

  // A stub for a service of its own package: `efile.v1.DossierService` is at
  // the endpoint `efile`, unless another one is named.
  template <typename Service>
  absl::StatusOr<std::unique_ptr<typename Service::Stub>> Stub(const std::string& endpoint = "") {
    return StubOn<Service>(Channel(EndpointFor<Service>(endpoint), DescriptorOf<Service>()));
  }

  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                Request request, const std::string& endpoint = "") {
    auto stub = Stub<Service>(endpoint);
    if (!stub.ok()) return stub.status();
    return client::Unary(**stub, method, std::move(request), CallOptions());
  }

  // Without a token: for signing in.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> CallPublic(grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                            const Request&,
                                                                            Response*),
                                      Request request) {
    auto stub = StubOn<Service>(PublicChannel(EndpointFor<Service>(""), DescriptorOf<Service>()));
    if (!stub.ok()) return stub.status();
    return client::Unary(**stub, method, std::move(request), CallOptions());
  }

  // All pages in one answer; at most `limit` elements of the repeated field
  // `field` (0 = all).
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> List(grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                Request request, int limit = 0, const std::string& endpoint = "") {
    Response all;
    do {
      request.set_page_size(limit > 0 ? limit - Elements(all) : 1000);
      absl::StatusOr<Response> page = Call<Service>(method, request, endpoint);
      if (!page.ok()) return page.status();
      request.set_page_token(page->next_page_token());
      page->clear_next_page_token();
      all.MergeFrom(*page);
    } while (!request.page_token().empty() && (limit == 0 || Elements(all) < limit));
    return all;
  }

  client::CallOptions CallOptions() const {
    return {.timeout = absl::Seconds(globals_.timeout_seconds), .caller = &caller_};
  }
  // Holds the trace that all calls of this run are part of, and nothing else.
  const Caller& caller() const { return caller_; }

  // Output: as a table or as protobuf JSON. Returns OK, to end a command with.
  absl::Status Show(const google::protobuf::Message& message) const;
  absl::Status ShowList(const google::protobuf::Message& response, const std::string& field,
                        const std::vector<Column>& columns) const;
  // A line for people; not with --output json.
  void Say(const std::string& line) const;
  // The answer of a change that has none, for programs: `{"name": …}` with
  // --output json, else nothing. Returns OK.
  absl::Status ShowName(const std::string& name) const;

 private:
  template <typename Service>
  static const google::protobuf::ServiceDescriptor& DescriptorOf() {
    return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        Service::service_full_name());
  }
  template <typename Service>
  static std::string EndpointFor(const std::string& endpoint) {
    return endpoint.empty() ? EndpointOf(Service::service_full_name()) : endpoint;
  }
  template <typename Service>
  static absl::StatusOr<std::unique_ptr<typename Service::Stub>> StubOn(
      const absl::StatusOr<std::shared_ptr<grpc::Channel>>& channel) {
    if (!channel.ok()) return channel.status();
    return std::unique_ptr<typename Service::Stub>(Service::NewStub(*channel).release());
  }
  // `sockel.efile.v1.DossierService` → `efile`.
  static std::string EndpointOf(std::string_view service_full_name);
  // Elements of the response's only repeated field.
  static int Elements(const google::protobuf::Message& response);

  absl::StatusOr<client::ChannelFactory> Factory(const Profile& profile) const;
  absl::StatusOr<std::shared_ptr<client::TokenSource>> Tokens(const Profile& profile);

  const ProfileStore store_;
  const Globals& globals_;
  const Caller caller_;
  SystemClock clock_;
  std::optional<Profile> adopted_;
  std::shared_ptr<client::TokenSource> tokens_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace sockel::cli
