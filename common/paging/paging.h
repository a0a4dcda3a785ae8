#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"

// Page tokens (AIP-158): opaque to clients, signed, bound to the list they
// were made for.
//
//   absl::StatusOr<ListDossiersResponse> Dossiers::List(caller, request) {
//     auto after = tokens_.Read(caller, request);                // "" on page one
//     if (!after.ok()) return after.status();
//     int limit = paging::PageSize(request.page_size());
//     … found = store.ListAfter(tx, *after, limit + 1);          // one more: is there a next page?
//     if (paging::Fill(std::move(found), limit, page)) {         // page.h
//       response.set_next_page_token(tokens_.Make(caller, request, last_key));
//     }
namespace sockel::paging {

// 0 = `standard`; larger than `most` is coerced, never an error. (Negative
// sizes were refused by the dispatcher.)
int PageSize(int32_t requested, int standard = 50, int most = 1000);

// Thread-safe value. All replicas of a service share the key.
class Tokens {
 public:
  // `key`: at least 32 random bytes.
  explicit Tokens(std::string key);

  // A token that leads to what follows `position` (the keyset of the last row,
  // in a form of the caller's choice). Bound to caller.tenant, caller.method
  // and every field of `request` except page_token and page_size.
  std::string Make(const Caller& caller, const google::protobuf::Message& request,
                   std::string_view position) const;

  // The position in request.page_token; empty when the request has none.
  // INVALID_ARGUMENT/PAGE_TOKEN_INVALID when it was not made here for this
  // list, filter and tenant.
  absl::StatusOr<std::string> Read(const Caller& caller,
                                   const google::protobuf::Message& request) const;

 private:
  std::string Sign(std::string_view payload) const;
  std::string key_;
};

}  // namespace sockel::paging
