#include "services/efile/names.h"

#include <gtest/gtest.h>

#include "common/testing/callers.h"

namespace sockel::efile {
namespace {

constexpr char kA[] = "0190a1b2-0000-7000-8000-0000000000a1";
constexpr char kB[] = "0190a1b2-0000-7000-8000-0000000000b2";

TEST(NamesTest, ComeApartAsTheyWereMade) {
  const Caller caller = testing::MakeCaller("smi");
  EXPECT_EQ(FilePlanCodeIn(caller, FilePlanEntryName("smi", "413-1")), "413-1");
  EXPECT_EQ(DossierIdIn(caller, DossierName("smi", kA)), kA);
  EXPECT_EQ(UploadIdIn(caller, UploadName("smi", kA)), kA);
  const auto key = DocumentKeyIn(caller, DocumentName("smi", kA, kB));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->dossier_id, kA);
  EXPECT_EQ(key->document_id, kB);
}

TEST(NamesTest, OfAnotherTenantAreNoNames) {
  const Caller caller = testing::MakeCaller("sms");
  EXPECT_FALSE(DossierIdIn(caller, DossierName("smi", kA)).has_value());
  EXPECT_FALSE(UploadIdIn(caller, UploadName("smi", kA)).has_value());
  EXPECT_FALSE(DocumentKeyIn(caller, DocumentName("smi", kA, kB)).has_value());
  EXPECT_FALSE(FilePlanCodeIn(caller, FilePlanEntryName("smi", "1")).has_value());
}

TEST(NamesTest, MalformedOnesAreNoNames) {
  const Caller caller = testing::MakeCaller("smi");
  for (const std::string& name :
       {std::string(), std::string("tenants/smi"), std::string("tenants/smi/dossiers/"),
        std::string("tenants/smi/dossiers/../x"), std::string("tenants/smi/dossiers/not-a-uuid"),
        DossierName("smi", kA) + "/", "/" + DossierName("smi", kA),
        DossierName("smi", kA) + "\n"}) {
    EXPECT_FALSE(DossierIdIn(caller, name).has_value()) << name;
  }
}

TEST(NamesTest, UuidsAreReadInEitherCase) {
  const Caller caller = testing::MakeCaller("smi");
  EXPECT_EQ(DossierIdIn(caller, "tenants/smi/dossiers/0190A1B2-0000-7000-8000-0000000000A1"), kA);
}

}  // namespace
}  // namespace sockel::efile
