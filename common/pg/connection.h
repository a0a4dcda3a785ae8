#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include <pqxx/pqxx>

#include "absl/time/time.h"
#include "common/pg/params.h"
#include "common/pg/pool.h"
#include "common/pg/query.h"

namespace sockel::pg {

// One connection with its prepared statements. Everything is sent as a simple
// query, so that several statements share one round trip. Used by one thread
// at a time. Functions throw libpqxx exceptions.
class Connection {
 public:
  explicit Connection(const PoolConfig& config);

  // Sends the statements in one message. Returns the last one's result.
  pqxx::result Send(const std::string& sql);

  // Appends `EXECUTE "name"('a','b');`. Prepares the statement first (a round
  // trip) when this connection does not have it yet.
  void AppendExecute(std::string& sql, const Query& query, const Params& params);

  // Appends `SET LOCAL …;` for the tenant and, when shorter than the session's,
  // the statement timeout.
  void AppendBinding(std::string& sql, std::string_view tenant, absl::Duration timeout);

  // `text` as an SQL literal. InvalidText when it is no UTF-8.
  std::string Quote(const std::string& text);

  bool broken() const { return lost_ || !connection_.is_open(); }

 private:
  // The server's notices are of no interest, and libpqxx prints them.
  class QuietHandler : public pqxx::errorhandler {
   public:
    explicit QuietHandler(pqxx::connection_base& connection) : pqxx::errorhandler(connection) {}
    bool operator()(const char[]) noexcept override { return false; }
  };

  void Prepare(const Query& query);

  const absl::Duration session_timeout_;
  bool lost_ = false;
  pqxx::connection connection_;
  QuietHandler quiet_;
  pqxx::nontransaction session_;
  // Name to text; queries are constants.
  std::unordered_map<std::string_view, std::string_view> prepared_;
};

}  // namespace sockel::pg
