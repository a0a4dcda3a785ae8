#include "services/efile/documents/rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/error/error.h"
#include "services/efile/content/segments.h"
#include "services/efile/convert.h"

namespace sockel::efile {
namespace {

constexpr std::int64_t kMessageSize = 4 * kSegmentSize;

absl::Status CheckDate(const google::type::Date& date, std::string_view field) {
  if (ToDay(date)) return absl::OkStatus();
  return error::InvalidField(field, "must be a day of the calendar, with year, month and day");
}

bool IsFileName(std::string_view name) {
  if (name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '/' || c == '\\';
  });
}

}  // namespace

absl::Status CheckDocument(const v1::Document& document) {
  absl::Status status;
  if (document.has_document_date()) {
    status = CheckDate(document.document_date(), "document.document_date");
  }
  if (status.ok() && document.has_receive_date()) {
    status = CheckDate(document.receive_date(), "document.receive_date");
  }
  if (status.ok() && document.has_send_date()) {
    status = CheckDate(document.send_date(), "document.send_date");
  }
  if (status.ok() && !IsFileName(document.file_name())) {
    status = error::InvalidField("document.file_name",
                                 "must be a name without folders and control characters");
  }
  return status;
}

absl::StatusOr<ByteRange> RangeOf(std::int64_t offset, std::int64_t length, std::int64_t size) {
  if (offset < 0 || offset > size) {
    return error::Make(absl::StatusCode::kOutOfRange, "RANGE_INVALID",
                       "The range begins behind the end of the content.",
                       {{"size", std::to_string(size)}});
  }
  const std::int64_t rest = size - offset;
  return ByteRange{offset, offset + (length <= 0 ? rest : std::min(length, rest))};
}

std::int64_t MessageEnd(std::int64_t position, std::int64_t end) {
  return std::min(end, (position / kMessageSize + 1) * kMessageSize);
}

}  // namespace sockel::efile
