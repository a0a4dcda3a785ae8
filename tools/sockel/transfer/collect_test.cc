#include "tools/sockel/transfer/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class CollectTest : public ::testing::Test {
 protected:
  CollectTest() {
    std::filesystem::create_directories(folder_ / "scans/old");
    std::ofstream(folder_ / "scans/b.txt") << "b";
    std::ofstream(folder_ / "scans/old/a.txt") << "aa";
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  static std::vector<std::string> Labels(const Collected& all) {
    std::vector<std::string> labels;
    for (const FileToPut& file : all.files) labels.push_back(file.label);
    return labels;
  }

  TestingFolder folder_;
};

TEST_F(CollectTest, AFolderIsAllThatIsBelowIt) {
  const auto all = Collect({Path("scans")});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(Labels(*all), ElementsAre("scans/b.txt", "scans/old/a.txt"));
  EXPECT_EQ(all->files[1].size, 2);
  EXPECT_THAT(Labels(*Collect({Path("scans/")})), ElementsAre("scans/b.txt", "scans/old/a.txt"));
}

TEST_F(CollectTest, WhatIsNamedTwiceIsFiledOnce) {
  const auto all = Collect({Path("scans/b.txt"), Path("scans"), Path("scans/./b.txt")});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->files.size(), 2U);
}

TEST_F(CollectTest, WhatIsNoRegularFileIsLeftOutAndNamed) {
  std::filesystem::create_directory_symlink(folder_ / "scans/old", folder_ / "scans/folder");
  std::filesystem::create_symlink(folder_ / "scans/b.txt", folder_ / "scans/link.txt");
  std::filesystem::create_symlink("nowhere", folder_ / "scans/broken");
  ASSERT_EQ(mkfifo(Path("scans/pipe").c_str(), 0600), 0);
  const auto all = Collect({Path("scans")});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(Labels(*all), ElementsAre("scans/b.txt", "scans/link.txt", "scans/old/a.txt"));
  EXPECT_THAT(all->left_out, UnorderedElementsAre("scans/folder", "scans/broken", "scans/pipe"));
}

TEST_F(CollectTest, WhatIsNotThereIsNamed) {
  const absl::Status status = Collect({Path("absent")}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_NE(status.ToString().find("absent"), std::string::npos);
}

TEST_F(CollectTest, WhatWasNamedAndIsNoFileIsRefused) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  for (const std::string& path : {Path("pipe"), std::string("/dev/null"), std::string()}) {
    const absl::Status status = Collect({path}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr(path.empty() ? "is empty" : path));
  }
}

TEST_F(CollectTest, AFolderThatMayNotBeReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::filesystem::permissions(folder_ / "scans/old", std::filesystem::perms::none);
  const absl::Status status = Collect({Path("scans")}).status();
  std::filesystem::permissions(folder_ / "scans/old", std::filesystem::perms::owner_all);
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr(Path("scans/old")));
}

TEST_F(CollectTest, AFolderWithoutFilesIsNothingToFile) {
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_TRUE(absl::IsNotFound(Collect({Path("empty")}).status()));
}

}  // namespace
}  // namespace sockel::cli
