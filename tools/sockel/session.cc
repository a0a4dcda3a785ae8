#include "tools/sockel/session.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/trace/traceparent.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::cli {

using google::protobuf::FieldDescriptor;
using google::protobuf::ServiceDescriptor;

namespace {

Caller InANewTrace() {
  Caller caller;
  const trace::Context context = trace::Start();
  caller.trace_id = context.trace_id;
  caller.span_id = context.span_id;
  return caller;
}

}  // namespace

Session::Session(ProfileStore store, const Globals& globals)
    : store_(std::move(store)), globals_(globals), caller_(InANewTrace()) {}

absl::StatusOr<Profile> Session::profile() const {
  if (adopted_.has_value()) return *adopted_;
  return store_.Load(globals_.profile.empty() ? store_.Current() : globals_.profile);
}

absl::StatusOr<std::string> Session::Tenant() const {
  if (!globals_.tenant.empty()) {
    return globals_.tenant.rfind("tenants/", 0) == 0 ? globals_.tenant
                                                     : "tenants/" + globals_.tenant;
  }
  absl::StatusOr<Profile> current = profile();
  if (!current.ok()) return current.status();
  if (current->tenant.empty()) {
    return absl::UnauthenticatedError("nobody is signed in with this profile");
  }
  return "tenants/" + current->tenant;
}

absl::StatusOr<std::string> Session::Name(std::string_view collection,
                                          const std::string& id) const {
  if (id.find('/') != std::string::npos) return id;
  absl::StatusOr<std::string> tenant = Tenant();
  if (!tenant.ok()) return tenant;
  return absl::StrCat(*tenant, "/", std::string(collection), "/", id);
}

std::string Session::EndpointOf(std::string_view service_full_name) {
  const std::size_t begin = service_full_name.find('.') + 1;
  return std::string(service_full_name.substr(begin, service_full_name.find('.', begin) - begin));
}

std::string Session::Command() const {
  std::string command = "sockel";
  if (!globals_.profile.empty()) absl::StrAppend(&command, " -p ", globals_.profile);
  if (!globals_.tenant.empty()) absl::StrAppend(&command, " -t ", globals_.tenant);
  return command;
}

int Session::Elements(const google::protobuf::Message& response) {
  const google::protobuf::Descriptor& type = *response.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_repeated()) {
      return response.GetReflection()->FieldSize(response, type.field(i));
    }
  }
  return 0;
}

absl::StatusOr<client::ChannelFactory> Session::Factory(const Profile& profile) const {
  client::ChannelOptions options;
  options.plaintext_anywhere = profile.plaintext_anywhere;
  if (profile.tls || !profile.ca_file.empty()) {
    options.tls = client::TlsFiles{profile.ca_file, profile.certificate_file, profile.key_file,
                                   profile.server_name};
  }
  return client::ChannelFactory::Create(options, nullptr);
}

absl::StatusOr<std::shared_ptr<client::TokenSource>> Session::Tokens(const Profile& profile) {
  if (tokens_ != nullptr) return tokens_;
  if (!profile.SignedIn()) {
    return absl::UnauthenticatedError(
        absl::StrCat("nobody is signed in with the profile ", profile.name));
  }
  const ServiceDescriptor& service = DescriptorOf<identity::v1::AuthenticationService>();
  auto identity = PublicChannel("identity", service);
  if (!identity.ok()) return identity.status();
  if (!profile.service_account_key_file.empty()) {
    absl::StatusOr<auth::Key> key = client::ReadKeyFile(profile.service_account_key_file);
    if (!key.ok()) return key.status();
    tokens_ = client::ServiceAccountTokens({profile.principal, *key}, *identity, clock_);
    return tokens_;
  }
  client::UserTokenStore store;
  store.save = [this, profile](const client::UserTokens& tokens) {
    // As it is now: another process may have changed it, or signed somebody else in.
    absl::StatusOr<Profile> renewed = store_.Load(profile.name);
    if (renewed.ok() && renewed->session != profile.session) return;
    if (!renewed.ok()) renewed = profile;
    renewed->access_token = tokens.access_token;
    renewed->access_expire_time = tokens.access_expire_time;
    renewed->refresh_token = tokens.refresh_token;
    const absl::Status status = SaveProfile(*renewed);
    if (!status.ok()) std::cerr << "warning: " << status.ToString() << "\n";
  };
  store.load = [this, profile]() -> std::optional<client::UserTokens> {
    const absl::StatusOr<Profile> stored = store_.Load(profile.name);
    if (!stored.ok() || stored->session != profile.session || !stored->SignedIn()) {
      return std::nullopt;
    }
    return client::UserTokens{stored->access_token, stored->access_expire_time,
                              stored->refresh_token};
  };
  tokens_ = client::RefreshedUserTokens(
      {profile.access_token, profile.access_expire_time, profile.refresh_token}, *identity, clock_,
      std::move(store));
  return tokens_;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Session::Channel(const std::string& endpoint,
                                                                const ServiceDescriptor& service) {
  std::shared_ptr<grpc::Channel>& channel = channels_[endpoint + " " + service.full_name()];
  if (channel != nullptr) return channel;
  absl::StatusOr<Profile> current = profile();
  if (!current.ok()) return current.status();
  auto tokens = Tokens(*current);
  if (!tokens.ok()) return tokens.status();
  absl::StatusOr<client::ChannelFactory> factory = Factory(*current);
  if (!factory.ok()) return factory.status();
  auto made = factory->WithTokens(*tokens).Connect(current->Endpoint(endpoint), {&service});
  if (made.ok()) channel = *made;
  return made;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Session::PublicChannel(
    const std::string& endpoint, const ServiceDescriptor& service) {
  absl::StatusOr<Profile> current = profile();
  if (!current.ok()) return current.status();
  absl::StatusOr<client::ChannelFactory> factory = Factory(*current);
  if (!factory.ok()) return factory.status();
  return factory->Connect(current->Endpoint(endpoint), {&service});
}

absl::Status Session::Show(const google::protobuf::Message& message) const {
  std::cout << (json() ? RenderJson(message) + "\n" : RenderMessage(message));
  return absl::OkStatus();
}

absl::Status Session::ShowList(const google::protobuf::Message& response, const std::string& field,
                               const std::vector<Column>& columns) const {
  std::cout << (json() ? RenderJson(response) + "\n" : RenderTable(response, field, columns));
  return absl::OkStatus();
}

void Session::Say(const std::string& line) const {
  if (!json()) std::cout << line << "\n";
}

absl::Status Session::ShowName(const std::string& name) const {
  if (json())
    std::cout << nlohmann::json{{"name", name}}.dump(-1, ' ', false,
                                                     nlohmann::json::error_handler_t::replace)
              << "\n";
  return absl::OkStatus();
}

}  // namespace sockel::cli
