#include "services/catalog/orders/list_position.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sockel::catalog {

ListPosition ListPosition::From(const std::string& text) {
  ListPosition position;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  std::int64_t micros = 0;
  if (absl::SimpleAtoi(parts.first, &micros)) {
    position.create_time = absl::FromUnixMicros(micros);
    position.id = parts.second;
  }
  return position;
}

std::string ListPosition::ToString() const {
  return absl::StrCat(absl::ToUnixMicros(create_time), "/", id);
}

}  // namespace sockel::catalog
