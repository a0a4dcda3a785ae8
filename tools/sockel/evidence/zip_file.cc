#include "tools/sockel/evidence/zip_file.h"

#include <zip.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/sockel/local_file.h"

namespace sockel::cli {
namespace {

std::string ErrorText(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

absl::StatusOr<ZipWriter> ZipWriter::Create(const std::filesystem::path& path) {
  int code = 0;
  Handle archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_EXCL, &code), &zip_discard);
  if (archive) return ZipWriter(std::move(archive));
  const std::string text = absl::StrCat("cannot create ", path.string(), ": ", ErrorText(code));
  return code == ZIP_ER_EXISTS ? absl::AlreadyExistsError(text)
                               : absl::FailedPreconditionError(text);
}

absl::Status ZipWriter::Add(const std::string& name, void* source_pointer) {
  auto* source = static_cast<zip_source_t*>(source_pointer);
  if (source != nullptr) {
    const zip_int64_t index = zip_file_add(archive_.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index >= 0) {
      // Documents are compressed already, mostly.
      zip_set_file_compression(archive_.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
      return absl::OkStatus();
    }
    zip_source_free(source);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot add ", name, ": ", zip_strerror(archive_.get())));
}

absl::Status ZipWriter::AddText(const std::string& name, const std::string& text) {
  texts_.push_back(std::make_unique<std::string>(text));
  return Add(name,
             zip_source_buffer(archive_.get(), texts_.back()->data(), texts_.back()->size(), 0));
}

absl::Status ZipWriter::AddFile(const std::string& name, const std::filesystem::path& path) {
  return Add(name, zip_source_file(archive_.get(), path.c_str(), 0, -1));
}

absl::Status ZipWriter::Finish() {
  if (zip_close(archive_.get()) == 0) {
    static_cast<void>(archive_.release());
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write the ZIP file: ", zip_strerror(archive_.get())));
}

absl::StatusOr<ZipReader> ZipReader::Open(const std::filesystem::path& path) {
  int code = 0;
  Handle archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), &zip_discard);
  if (archive) return ZipReader(std::move(archive));
  if ((code == ZIP_ER_OPEN || code == ZIP_ER_READ) && errno == EACCES) {
    return CannotRead(path, errno);
  }
  if (code == ZIP_ER_EXISTS) {
    return absl::DataLossError(absl::StrCat(path.string(), " holds two members of one name"));
  }
  if (code == ZIP_ER_INCONS) {
    return absl::DataLossError(
        absl::StrCat(path.string(), " holds something else than its table of contents says"));
  }
  const std::string text = absl::StrCat("cannot read ", path.string(), ": ", ErrorText(code));
  return code == ZIP_ER_NOENT ? absl::NotFoundError(text) : absl::InvalidArgumentError(text);
}

std::vector<std::string> ZipReader::Names() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
    // One that cannot be named is a member all the same.
    names.emplace_back(name != nullptr ? name : "");
  }
  return names;
}

absl::StatusOr<std::string> ZipReader::Read(const std::string& name, std::size_t most) const {
  std::string text;
  bool too_large = false;
  const absl::Status status = ForEachPiece(name, [&](std::string_view piece) {
    too_large = text.size() + piece.size() > most;
    if (!too_large) text += piece;
    return !too_large;
  });
  if (!status.ok()) return status;
  if (too_large) return absl::InvalidArgumentError(absl::StrCat(name, " is too large"));
  return text;
}

absl::Status ZipReader::ForEachPiece(const std::string& name,
                                     const std::function<bool(std::string_view)>& take) const {
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen(archive_.get(), name.c_str(), ZIP_FL_ENC_GUESS), &zip_fclose);
  if (!file) return absl::NotFoundError(absl::StrCat(name, " is not in the ZIP file"));
  std::string buffer(1 << 18, '\0');
  while (true) {
    const zip_int64_t count = zip_fread(file.get(), buffer.data(), buffer.size());
    if (count < 0) return absl::InvalidArgumentError(absl::StrCat(name, " is damaged"));
    if (count == 0) return absl::OkStatus();
    if (!take(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)))) {
      return absl::OkStatus();
    }
  }
}

}  // namespace sockel::cli
