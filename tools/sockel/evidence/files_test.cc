#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tools/sockel/evidence/manifest.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

TEST(ManifestTest, FieldsOfAnotherTypeAreRefusedAndNoCrash) {
  for (const char* text : {R"({"format": 1})", R"({"format": ["sockel-evidence-1"]})", "7", "",
                           R"({"format": "sockel-evidence-1", "dossier": 3, "documents": []})",
                           R"({"format": "sockel-evidence-1", "dossier": {}, "documents": 3})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseManifest(text).status())) << text;
  }
  const auto odd = ParseManifest(R"({"format": "sockel-evidence-1", "dossier": {},
                                     "documents": [{"file": 7, "document": {}}]})");
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ(odd->documents[0].file, "");
}

TEST(ZipReaderTest, StopsWhereItIsTold) {
  TestingFolder folder;
  absl::StatusOr<ZipWriter> zip = ZipWriter::Create(folder / "large.zip");
  ASSERT_TRUE(zip->AddText("zeros", std::string(10 << 20, '\0')).ok());
  ASSERT_TRUE(zip->Finish().ok());
  absl::StatusOr<ZipReader> reader = ZipReader::Open(folder / "large.zip");
  ASSERT_TRUE(reader.ok()) << reader.status();
  int pieces = 0;
  EXPECT_TRUE(reader->ForEachPiece("zeros", [&](std::string_view) { return ++pieces < 2; }).ok());
  EXPECT_EQ(pieces, 2);
  EXPECT_TRUE(absl::IsInvalidArgument(reader->Read("zeros", 1000).status()));
}

}  // namespace
}  // namespace sockel::cli
