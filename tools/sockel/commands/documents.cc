#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "sockel/efile/v1/document.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/dossier_names.h"
#include "tools/sockel/input.h"
#include "tools/sockel/local_file.h"
#include "tools/sockel/render.h"
#include "tools/sockel/scratch_folder.h"
#include "tools/sockel/transfer/collect.h"
#include "tools/sockel/transfer/download.h"
#include "tools/sockel/transfer/upload.h"

namespace sockel::cli {
namespace {

namespace fs = std::filesystem;
using efile::v1::Document;
using efile::v1::DocumentService;
using Stub = DocumentService::Stub;

struct Options {
  std::string dossier;
  std::string name;
  std::vector<std::string> paths;
  std::string output;
  std::string subject;
  std::string type;
  std::string sender;
  std::string date;
  int jobs = 4;
};

absl::StatusOr<Document> Template(const Options& options) {
  Document like;
  like.set_subject(options.subject);
  like.set_document_type(options.type);
  like.set_sender(options.sender);
  if (!options.date.empty()) {
    absl::StatusOr<google::type::Date> date = ParseDate(options.date);
    if (!date.ok()) return date.status();
    *like.mutable_document_date() = *date;
  }
  return like;
}

// What became of all files.
struct PutResult {
  efile::v1::ListDocumentsResponse documents;
  absl::Status first_failure;
  int failures = 0;
  bool can_go_on = false;  // a failure may be none when it is run again
};

// The same again would be refused again; nothing came of it.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
         absl::IsFailedPrecondition(status);
}

// Like Put; what a library throws must not end a thread, and with it the process.
absl::StatusOr<Document> PutOne(Uploader& uploader, const FileToPut& file) {
  try {
    return uploader.Put(file);
  } catch (const std::exception& e) {
    return absl::UnknownError(e.what());
  }
}

PutResult PutAll(Uploader& uploader, const std::vector<FileToPut>& files, int jobs,
                 Progress& progress) {
  std::vector<absl::StatusOr<Document>> results(files.size(), absl::UnknownError("not tried"));
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < jobs; ++i) {
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < files.size(); at = next++) {
        results[at] = PutOne(uploader, files[at]);
        progress.FileDone(files[at].label);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  PutResult all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (results[i].ok()) {
      *all.documents.add_documents() = *std::move(results[i]);
      continue;
    }
    all.can_go_on = all.can_go_on || !IsRefusal(results[i].status());
    if (all.failures++ == 0) all.first_failure = results[i].status();
    std::cerr << files[i].label << ": " << std::string(results[i].status().message()) << "\n";
  }
  return all;
}

// What this `put` is: the same paths into the same dossier.
absl::StatusOr<std::unique_ptr<Journal>> OpenJournal(Session& session, const std::string& dossier,
                                                     const std::vector<std::string>& paths) {
  std::string key = dossier;
  for (const std::string& path : paths) key += "\n" + AbsolutePath(path).string();
  auto journal = Journal::Open(session.store().folder(), key);
  if (journal.ok() && (*journal)->resumed()) {
    session.Say("Going on where an earlier run stopped.");
  }
  return journal;
}

std::int64_t BytesOf(const std::vector<FileToPut>& files) {
  std::int64_t bytes = 0;
  for (const FileToPut& file : files) bytes += file.size;
  return bytes;
}

std::int64_t BytesOf(const efile::v1::ListDocumentsResponse& documents) {
  std::int64_t bytes = 0;
  for (const Document& document : documents.documents()) bytes += document.content().size();
  return bytes;
}

absl::Status Put(Session& session, const Options& options) {
  absl::StatusOr<std::string> dossier = ResolveDossier(session, options.dossier);
  if (!dossier.ok()) return dossier.status();
  absl::StatusOr<Collected> collected = Collect(options.paths);
  if (!collected.ok()) return collected.status();
  for (const std::string& name : collected->left_out) {
    std::cerr << "left out, because it is no regular file: " << name << "\n";
  }
  absl::StatusOr<Document> like = Template(options);
  if (!like.ok()) return like.status();
  auto journal = OpenJournal(session, *dossier, options.paths);
  if (!journal.ok()) return journal.status();
  const std::vector<FileToPut>& files = collected->files;
  PutResult result;
  const absl::Time start = absl::Now();
  {
    Progress progress(BytesOf(files), static_cast<std::int64_t>(files.size()));
    Uploader uploader(session, *dossier, *like, **journal, progress, session.clock());
    if (absl::Status ready = uploader.Prepare(); !ready.ok()) return ready;
    result = PutAll(uploader, files, options.jobs, progress);
  }
  // When all was refused there is nothing to go on with.
  if (result.failures == 0 || !(result.can_go_on || (*journal)->HasFruits())) (*journal)->Finish();
  session.Say(
      absl::StrCat(result.documents.documents_size(), " documents, ",
                   RenderBytes(static_cast<double>(BytesOf(result.documents))), ", in ",
                   absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(1)))));
  if (session.json() || files.size() == 1) {
    session.ShowList(result.documents, "documents", {{"NAME", "name"}, {"FILE", "file_name"}})
        .IgnoreError();
  }
  return result.first_failure;
}

absl::StatusOr<Document> GetOne(Session& session, const std::string& name) {
  efile::v1::GetDocumentRequest request;
  request.set_name(name);
  return session.Call<DocumentService>(&Stub::GetDocument, request);
}

absl::StatusOr<efile::v1::ListDocumentsResponse> ListAll(Session& session,
                                                         const std::string& dossier) {
  efile::v1::ListDocumentsRequest request;
  request.set_parent(dossier);
  return session.List<DocumentService>(&Stub::ListDocuments, request);
}

bool IsDocumentName(const std::string& name) {
  return name.find("/documents/") != std::string::npos;
}

// Documents may have the same file name; files of one folder may not.
std::string UniqueName(const Document& document, std::set<std::string>& taken) {
  const fs::path name = SafeFileName(document);
  std::string unique = name.string();
  for (int i = 2; !taken.insert(unique).second; ++i) {
    unique = absl::StrCat(name.stem().string(), "-", i, name.extension().string());
  }
  return unique;
}

absl::StatusOr<efile::v1::ListDocumentsResponse> Wanted(Session& session, const std::string& name) {
  if (IsDocumentName(name)) {
    absl::StatusOr<Document> document = GetOne(session, name);
    if (!document.ok()) return document.status();
    efile::v1::ListDocumentsResponse wanted;
    *wanted.add_documents() = *document;
    return wanted;
  }
  absl::StatusOr<std::string> dossier = ResolveDossier(session, name);
  if (!dossier.ok()) return dossier.status();
  return ListAll(session, *dossier);
}

// The files, in the order of the documents.
absl::StatusOr<std::vector<fs::path>> GetAll(Session& session,
                                             const efile::v1::ListDocumentsResponse& wanted,
                                             const fs::path& target, bool into_folder) {
  auto stub = session.Stub<DocumentService>();
  if (!stub.ok()) return stub.status();
  Progress progress(BytesOf(wanted), wanted.documents_size());
  std::set<std::string> taken;
  std::vector<fs::path> files;
  for (const Document& document : wanted.documents()) {
    files.push_back(into_folder ? target / UniqueName(document, taken) : target);
    absl::Status status = Download(session.caller(), **stub, document,
                                   AbsolutePath(files.back().string()), progress, session.clock());
    if (!status.ok()) return status;
    progress.FileDone(files.back().filename().string());
  }
  return files;
}

// The documents, and where each of them is now.
absl::Status ShowGot(const Session& session, efile::v1::ListDocumentsResponse got,
                     const std::vector<fs::path>& files) {
  if (session.json()) {
    auto tree = nlohmann::ordered_json::parse(RenderJson(got));
    for (std::size_t i = 0; i < files.size(); ++i) {
      tree["documents"][i]["path"] = files[i].lexically_normal().string();
    }
    std::cout << tree.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
    return absl::OkStatus();
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    got.mutable_documents(static_cast<int>(i))->set_file_name(files[i].lexically_normal().string());
  }
  return session.ShowList(
      got, "documents",
      {{"FILE", "file_name"}, {"BYTES", "content.size"}, {"SHA-256", "content.sha256"}});
}

// The bytes of one document, once they are known to be the right ones.
absl::Status GetToStandardOutput(Session& session, const efile::v1::ListDocumentsResponse& wanted) {
  if (wanted.documents_size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("standard output takes one document, not ",
                                                   wanted.documents_size(),
                                                   ": name a folder with --out"));
  }
  std::ifstream content;
  {
    std::error_code error;
    const fs::path temporary = fs::temp_directory_path(error);
    if (error) return CannotWrite("the folder for temporary files", error.value());
    const ScratchFolder scratch(temporary);
    if (scratch.path().empty()) return CannotWrite(temporary, scratch.error_number());
    const auto files = GetAll(session, wanted, scratch.path() / "content", false);
    if (!files.ok()) return files.status();
    content.open(files->front(), std::ios::binary);
    // Its name goes before anybody can close the pipe on us.
  }
  // To the stream, nothing to write is a failure.
  if (BytesOf(wanted) > 0) std::cout << content.rdbuf();
  return absl::OkStatus();
}

// A document into a file or folder, or all of a dossier's into a folder.
absl::Status Get(Session& session, const Options& options) {
  auto wanted = Wanted(session, options.name);
  if (!wanted.ok()) return wanted.status();
  if (options.output == "-") return GetToStandardOutput(session, *wanted);
  const fs::path target(options.output.empty() ? "." : options.output);
  const fs::path absolute = AbsolutePath(target.string());
  std::error_code error;
  const bool into_folder = !IsDocumentName(options.name) || fs::is_directory(absolute, error);
  const fs::path folder = into_folder ? absolute : absolute.parent_path();
  fs::create_directories(folder, error);
  if (error) return CannotWrite(folder, error.value());
  const auto files = GetAll(session, *wanted, target, into_folder);
  if (!files.ok()) return files.status();
  return ShowGot(session, *wanted, *files);
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> dossier = ResolveDossier(session, options.dossier);
  if (!dossier.ok()) return dossier.status();
  auto response = ListAll(session, *dossier);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "documents",
                          {{"NAME", "name"},
                           {"FILE", "file_name"},
                           {"TYPE", "content.media_type"},
                           {"BYTES", "content.size"},
                           {"FILED", "create_time"}});
}

absl::Status Show(Session& session, const Options& options) {
  absl::StatusOr<Document> document = GetOne(session, options.name);
  return document.ok() ? session.Show(*document) : document.status();
}

}  // namespace

void AddDocumentCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("documents", "Documents of a dossier");
  auto options = std::make_shared<Options>();
  CLI::App& put = commands.Add(
      group, "put", "File a file, or all files of a folder; run again to go on after a failure",
      "sockel documents put 413-1/17/2026 application.pdf\n"
      "  sockel documents put 413-1/17/2026 ./scans --type scan",
      [&session, options] { return Put(session, *options); });
  put.add_option("dossier", options->dossier, "Id, name or reference of the dossier")->required();
  put.add_option("path", options->paths, "Files and folders")->required();
  put.add_option("--subject", options->subject, "What it is about (default: the file's name)");
  put.add_option("--type", options->type, "Kind of document, such as application");
  put.add_option("--sender", options->sender, "Who sent it");
  put.add_option("--date", options->date, "Date written on it, such as 2026-01-31");
  put.add_option("--jobs", options->jobs, "Files at a time")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  CLI::App& get = commands.Add(
      group, "get", "Download a document, or all of a dossier; goes on after a failure",
      "sockel documents get tenants/smi/dossiers/0190…/documents/0190… --out decision.pdf",
      [&session, options] { return Get(session, *options); });
  get.add_option("name", options->name, "Name of the document; or a dossier")->required();
  get.add_option("--out", options->output,
                 "File or folder (default: here); - = standard output, for one document");
  commands
      .Add(group, "list", "List the documents of a dossier", "sockel documents list 413-1/17/2026",
           [&session, options] { return List(session, *options); })
      .add_option("dossier", options->dossier, "Id, name or reference of the dossier")
      ->required();
  commands
      .Add(group, "show", "Show what is known of a document",
           "sockel documents show tenants/smi/dossiers/0190…/documents/0190…",
           [&session, options] { return Show(session, *options); })
      .add_option("name", options->name, "Name of the document")
      ->required();
}

}  // namespace sockel::cli
