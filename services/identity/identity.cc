#include "services/identity/identity.h"

#include <memory>
#include <string>
#include <utility>

#include "common/auth/key_source.h"
#include "common/auth/revocations.h"
#include "common/auth/token_verifier.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/pg/listener.h"
#include "services/identity/access/access_service.h"
#include "services/identity/bootstrap/command.h"
#include "services/identity/config.h"
#include "services/identity/provisioning/provisioner_service.h"
#include "services/identity/revocations/revocation_store.h"
#include "services/identity/role_bindings/role_binding_service.h"
#include "services/identity/service_accounts/service_account_service.h"
#include "services/identity/sign_in/authentication_service.h"
#include "services/identity/signing_keys/signing_key_store.h"
#include "services/identity/tenants/tenant_service.h"
#include "services/identity/upkeep/upkeep.h"
#include "services/identity/users/user_service.h"

namespace sockel::identity {

absl::Span<const EmbeddedFile> MigrationFiles();  // sockel_embed()

namespace {

// Verifies tokens with the keys and revocations of this process. The runtime
// owns it; the service keeps both up to date.
class LocalVerifier final : public Authenticator {
 public:
  LocalVerifier(const auth::TokenAuthority& authority, const Clock& clock)
      : verifier_({.authority = authority}, keys, revocations, clock) {}

  std::shared_ptr<const Principal> Known(std::string_view bearer) const override {
    return verifier_.Known(bearer);
  }
  Result Authenticate(std::string_view bearer) const override {
    return verifier_.Authenticate(bearer);
  }
  Standing StandingOf(const Principal& principal) const override {
    return verifier_.StandingOf(principal);
  }

  auth::LocalKeySource keys;
  auth::RevocationList revocations;

 private:
  auth::TokenVerifier verifier_;
};

class Identity final : public rpc::ServiceInstance {
 public:
  Identity(rpc::ServiceContext& context, Config config, std::unique_ptr<PasswordHasher> hasher,
           LocalVerifier& verifier)
      : config_(std::move(config)),
        listener_(context.listener()),
        hasher_(std::move(hasher)),
        db_(context.database()),
        budget_(config_.addresses, context.clock()),
        feed_(db_, context.clock(), verifier.revocations),
        revoker_(gate_, [this] { feed_.Wake(); }),
        signing_keys_(db_, context.clock(), config_.master_key, config_.signing_keys,
                      verifier.keys),
        issuer_(config_.tokens, signing_keys_, gate_),
        upkeep_(db_, context.clock(), signing_keys_),
        tenants_(db_, context.page_tokens(), revoker_),
        users_(db_, context.page_tokens(), revoker_),
        activation_({db_, context.clock(), *hasher_, revoker_, config_.master_key}),
        accounts_(db_, context.page_tokens(), revoker_),
        bindings_(db_, context.page_tokens(), revoker_),
        sign_in_({db_, context.clock(), *hasher_, budget_, issuer_, config_.sessions}),
        sessions_({db_, context.clock(), context.page_tokens(), issuer_, revoker_,
                   config_.master_key, config_.sessions}),
        service_tokens_({db_, context.clock(), issuer_}),
        access_(db_),
        provisioner_(db_, revoker_),
        passwords_(config_.passwords, context.metrics()),
        tenant_door_(context.dispatcher(), tenants_),
        user_door_(context.dispatcher(), passwords_, users_, activation_),
        account_door_(context.dispatcher(), accounts_),
        binding_door_(context.dispatcher(), bindings_),
        authentication_door_(context.dispatcher(), passwords_, sign_in_, sessions_, service_tokens_,
                             signing_keys_, feed_),
        access_door_(context.dispatcher(), access_),
        provisioner_door_(context.dispatcher(), provisioner_) {}

  std::vector<grpc::Service*> services() override {
    return {&tenant_door_,         &user_door_,   &account_door_,    &binding_door_,
            &authentication_door_, &access_door_, &provisioner_door_};
  }

  void Start() override {
    feed_.Start();
    upkeep_.Start();
    revoked_ =
        listener_.Subscribe(revocation_store::kChannel, [this](std::string_view) { feed_.Wake(); });
    rotated_ = listener_.Subscribe(signing_key_store::kChannel,
                                   [this](std::string_view) { upkeep_.Wake(); });
  }

  absl::Status CheckReady() override { return signing_keys_.CheckMasterKey(); }

  void Stop() override {
    revoked_.Cancel();
    rotated_.Cancel();
    feed_.Stop();
    upkeep_.Stop();
  }

 private:
  const Config config_;
  pg::Listener& listener_;
  const std::unique_ptr<PasswordHasher> hasher_;
  pg::Database& db_;
  const TokenGate gate_;
  AddressBudget budget_;
  RevocationFeed feed_;
  Revoker revoker_;
  SigningKeys signing_keys_;
  TokenIssuer issuer_;
  Upkeep upkeep_;
  Tenants tenants_;
  Users users_;
  Activation activation_;
  ServiceAccounts accounts_;
  RoleBindings bindings_;
  SignIn sign_in_;
  Sessions sessions_;
  ServiceTokens service_tokens_;
  Access access_;
  Provisioner provisioner_;
  rpc::WorkerPool passwords_;
  TenantServiceDoor tenant_door_;
  UserServiceDoor user_door_;
  ServiceAccountServiceDoor account_door_;
  RoleBindingServiceDoor binding_door_;
  AuthenticationServiceDoor authentication_door_;
  AccessServiceDoor access_door_;
  ProvisionerServiceDoor provisioner_door_;
  pg::Listener::Subscription revoked_;
  pg::Listener::Subscription rotated_;
};

absl::StatusOr<std::unique_ptr<rpc::ServiceInstance>> Create(rpc::ServiceContext& context) {
  auto config = ReadConfig(context.config().Section("identity"));
  if (!config.ok()) return config.status();
  auto hasher = PasswordHasher::Create(config->hashing);
  if (!hasher.ok()) return hasher.status();
  auto verifier = std::make_unique<LocalVerifier>(config->tokens.authority, context.clock());
  LocalVerifier& local = *verifier;
  context.UseAuthenticator(std::move(verifier));
  return std::make_unique<Identity>(context, *std::move(config), *std::move(hasher), local);
}

}  // namespace

std::vector<pg::Migration> Migrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (const auto& part : {ledger::Migrations(), events::Migrations(),
                           pg::MigrationsFrom("identity", MigrationFiles())}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

rpc::ServiceSpec Spec() {
  rpc::ServiceSpec spec;
  spec.name = "identity";
  spec.migrations = Migrations();
  spec.create = Create;
  spec.commands = {BootstrapCommand()};
  return spec;
}

}  // namespace sockel::identity
