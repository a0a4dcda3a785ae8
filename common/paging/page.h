#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <google/protobuf/repeated_field.h>

namespace sockel::paging {

// A page ends early when what is in it reaches this size: the answer stays
// below gRPC's limit of 4 MiB, whatever the rows hold.
inline constexpr std::size_t kPageBytes = 1 << 20;

// What a store read for one page.
template <typename Row>
struct Rows {
  std::vector<Row> rows;
  // There are more, which were left in the database because of their size.
  bool more = false;
};

// The rows of a statement (pqxx::result) that leaves out itself what is beyond
// kPageBytes. Its column `candidates` says how many rows it could have given.
template <typename Result, typename ToRow>
auto RowsOf(const Result& result, ToRow to_row) {
  Rows<decltype(to_row(result[0]))> found;
  for (const auto& row : result) found.rows.push_back(to_row(row));
  found.more =
      !result.empty() && result[0]["candidates"].template as<std::size_t>() > found.rows.size();
  return found;
}

// Moves the rows into `page`, at most `limit` of them and until they reach
// kPageBytes, but at least one. True when some are left over: there is a next
// page, behind the last row of this one. `page` is empty before.
template <typename Row>
bool Fill(Rows<Row> found, int limit, google::protobuf::RepeatedPtrField<Row>& page) {
  std::size_t bytes = 0;
  for (Row& row : found.rows) {
    if (page.size() == limit || bytes >= kPageBytes) return true;
    bytes += row.ByteSizeLong();
    *page.Add() = std::move(row);
  }
  return found.more;
}

}  // namespace sockel::paging
