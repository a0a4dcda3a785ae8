#pragma once

#include <memory>

#include "common/rpc/stream.h"
#include "services/efile/content/content_reader.h"
#include "services/efile/documents/document_store.h"
#include "services/efile/documents/rules.h"

namespace sockel::efile {

// The messages of DownloadContent: first what the content is, with the first
// bytes, then the rest of the range.
std::unique_ptr<rpc::Source<v1::DownloadContentResponse>> NewDownload(
    const ContentRow& content, ByteRange range, std::unique_ptr<ContentReader> reader);

}  // namespace sockel::efile
