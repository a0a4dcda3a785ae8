#include "tools/sockel/local_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;

class LocalFileTest : public ::testing::Test {
 protected:
  TestingFolder folder_;
};

TEST_F(LocalFileTest, WhatMayNotBeReadIsNotTakenForAbsent) {
  EXPECT_TRUE(absl::IsPermissionDenied(CannotRead("secret", EACCES)));
  EXPECT_TRUE(absl::IsNotFound(CannotRead("secret", ENOENT)));
  EXPECT_TRUE(absl::IsPermissionDenied(CannotWrite("secret", EACCES)));
  EXPECT_THAT(CannotRead("secret", EACCES).ToString(), HasSubstr("secret: Permission denied"));
}

TEST_F(LocalFileTest, ReadsAFileAndNoFolder) {
  std::ofstream(folder_ / "text") << "text";
  std::ofstream(folder_ / "empty").close();
  EXPECT_EQ(*ReadFile(folder_ / "text"), "text");
  EXPECT_EQ(*ReadFile(folder_ / "empty"), "");
  EXPECT_TRUE(absl::IsNotFound(ReadFile(folder_ / "absent").status()));
  const absl::Status status = ReadFile(folder_.path()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr(folder_.path().string() + ": Is a directory"));
}

TEST_F(LocalFileTest, WhereAnythingIsNoFileIsMade) {
  EXPECT_TRUE(CheckFree(folder_ / "absent").ok());
  std::ofstream(folder_ / "file") << "mine";
  std::filesystem::create_symlink("nowhere", folder_ / "link");
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const char* name : {"file", "link", "pipe"}) {
    EXPECT_TRUE(absl::IsAlreadyExists(CheckFree(folder_ / name))) << name;
  }
  EXPECT_TRUE(absl::IsAlreadyExists(CheckFree("/dev/null")));
}

TEST_F(LocalFileTest, ANewFileReplacesNone) {
  EXPECT_TRUE(WriteNewPrivateFile(folder_ / "new", "mine").ok());
  EXPECT_EQ(*ReadFile(folder_ / "new"), "mine");
  const absl::Status again = WriteNewPrivateFile(folder_ / "new", "yours");
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
  EXPECT_EQ(*ReadFile(folder_ / "new"), "mine");
  const std::filesystem::directory_iterator files(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a draft was left";
}

TEST_F(LocalFileTest, NoFolderIsMadeForIt) {
  std::ofstream(folder_ / "file") << "mine";
  for (const char* name : {"absent/file", "file/below"}) {
    const absl::Status status = CheckFree(folder_ / name);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.ToString(), HasSubstr(name));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFree("")));
}

}  // namespace
}  // namespace sockel::cli
