#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <pqxx/pqxx>

#include "absl/time/time.h"
#include "common/pg/params.h"
#include "common/pg/pool.h"
#include "common/pg/query.h"

namespace sockel::pg {

// What a statement runs under.
struct Binding {
  std::string_view tenant;  // `sockel.tenant`
  absl::Duration timeout;   // `statement_timeout`
};

// `remaining` until a deadline as a statement timeout: rounded up to a power of
// two, at least 64 ms, so that calls in a row seldom need another one; never
// more than `most`. A statement may so outlive its caller, by as long as the
// call lasted at most.
absl::Duration StatementTimeout(absl::Duration remaining, absl::Duration most);

// `conninfo` with the password that the file holds now, without its line end; as
// it is when no file is named. Asked for each connection, so that a role's new
// password needs no restart. Throws when the file cannot be read, or is empty.
std::string ConninfoNow(const std::string& conninfo, const std::string& password_file);

// How every connection is opened: as ConninfoNow(), behind libpq's settings for a
// peer that vanished and for a standby that answers after a failover. What
// `conninfo` says itself, wins.
std::string SessionConninfo(const std::string& conninfo, const std::string& password_file,
                            const std::string& application_name);

// One connection with its prepared statements. Used by one thread at a time.
// Functions throw libpqxx exceptions.
class Connection {
 public:
  explicit Connection(const PoolConfig& config);

  // Outside of a transaction: runs the statement under `binding`, in one round
  // trip. The session keeps the binding, and the next statement of the same
  // one is sent without it, in the extended protocol: nothing is parsed anew.
  // What the session is bound to is known here, and here only, and compared for
  // every statement.
  pqxx::result ExecuteAlone(const Binding& binding, const Query& query, const Params& params);

  // Inside of a transaction.
  pqxx::result Execute(const Query& query, const Params& params);

  // Sends the statements in one message, as a simple query: for several that
  // share a round trip. Returns the last one's result.
  pqxx::result Send(const std::string& sql);

  // Appends `EXECUTE "name"('a','b');`. Prepares the statement first (a round
  // trip) when this connection does not have it yet.
  void AppendExecute(std::string& sql, const Query& query, const Params& params);

  // Appends `SET LOCAL …;`, for the transaction that `sql` is in.
  void AppendLocalTenant(std::string& sql, std::string_view tenant);
  void AppendLocalTimeout(std::string& sql, absl::Duration timeout);

  absl::Duration longest_statement() const { return longest_statement_; }
  bool broken() const { return lost_ || !connection_.is_open(); }

 private:
  // The server's notices are of no interest, and libpqxx prints them.
  class QuietHandler : public pqxx::errorhandler {
   public:
    explicit QuietHandler(pqxx::connection_base& connection) : pqxx::errorhandler(connection) {}
    bool operator()(const char[]) noexcept override { return false; }
  };

  // `text` as an SQL literal. InvalidText when it is no UTF-8.
  std::string Quote(const std::string& text);
  void Prepare(const Query& query);
  // Calls libpqxx and notes when the connection is lost.
  template <typename Call>
  auto Watched(Call call);

  const absl::Duration longest_statement_;
  bool lost_ = false;
  pqxx::connection connection_;
  QuietHandler quiet_;
  pqxx::nontransaction session_;
  // Name to text; queries are constants.
  std::unordered_map<std::string_view, std::string_view> prepared_;
  // What the session is bound to outside of transactions; nothing when a
  // failure may have undone it.
  std::optional<std::string> bound_tenant_;
  absl::Duration bound_timeout_;
};

}  // namespace sockel::pg
