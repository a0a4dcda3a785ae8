#include "services/efile/documents/download.h"

namespace sockel::efile {
namespace {

class Download final : public rpc::Source<v1::DownloadContentResponse> {
 public:
  Download(const ContentRow& content, ByteRange range, std::unique_ptr<ContentReader> reader)
      : reader_(std::move(reader)), position_(range.begin), end_(range.end) {
    content_.set_media_type(content.media_type);
    content_.set_size(content.size);
    content_.set_sha256(content.sha256);
  }

  absl::StatusOr<rpc::Pull> Next(v1::DownloadContentResponse& out,
                                 const std::function<void()>& /*wake*/) override {
    if (!first_ && position_ == end_) return rpc::Pull::kEnd;
    out.clear_content();
    if (first_) *out.mutable_content() = content_;
    first_ = false;
    const std::int64_t end = MessageEnd(position_, end_);
    absl::Status status = reader_->Read(position_, end - position_, *out.mutable_data());
    if (!status.ok()) return status;
    position_ = end;
    return rpc::Pull::kMessage;
  }

 private:
  v1::Content content_;
  std::unique_ptr<ContentReader> reader_;
  std::int64_t position_;
  const std::int64_t end_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<rpc::Source<v1::DownloadContentResponse>> NewDownload(
    const ContentRow& content, ByteRange range, std::unique_ptr<ContentReader> reader) {
  return std::make_unique<Download>(content, range, std::move(reader));
}

}  // namespace sockel::efile
