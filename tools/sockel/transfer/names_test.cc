#include "tools/sockel/transfer/names.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/text/text.h"

namespace sockel::cli {
namespace {

TEST(PresentableNameTest, LeavesOrdinaryNamesAsTheyAre) {
  for (const char* name : {"README", "Größe – Straße.txt", "日本語/文書.html", "a b.c", "-x", ""}) {
    EXPECT_EQ(PresentableName(name, 255), name);
  }
}

TEST(PresentableNameTest, ReplacesWhatIsNoText) {
  EXPECT_EQ(PresentableName("bad-\xff\xfe.bin", 255), "bad-\ufffd\ufffd.bin");
  EXPECT_EQ(PresentableName("cut-\xc3", 255), "cut-\ufffd");
  EXPECT_EQ(PresentableName("cut-\xe3\x81.txt", 255), "cut-\ufffd\ufffd.txt");
  EXPECT_EQ(PresentableName("\xed\xa0\x80", 255), "\ufffd\ufffd\ufffd");  // a surrogate
}

TEST(PresentableNameTest, ReplacesWhatWouldSteerATerminalOrAPath) {
  EXPECT_EQ(PresentableName("a\nb\tc\x1b[31m\x7f\\d", 255), "a_b_c_[31m__d");
  EXPECT_EQ(PresentableName("a\xc2\x9b"
                            "b",
                            255),
            "a_b");  // CSI as one character
}

TEST(PresentableNameTest, Composes) { EXPECT_EQ(PresentableName("a\u0308", 255), "ä"); }

TEST(PresentableNameTest, KeepsTheEndOfALongText) {
  std::string path;
  for (int i = 0; i < 300; ++i) path += "ä/";
  path += "end.txt";
  const std::string shown = PresentableName(path, 500);
  EXPECT_EQ(text::CodePoints(shown), 500u);
  EXPECT_EQ(shown.substr(0, 3), "…");
  EXPECT_EQ(shown.substr(shown.size() - 7), "end.txt");
  EXPECT_EQ(PresentableName("12345", 5), "12345");
}

TEST(NameInFolderTest, LeavesOrdinaryNamesAsTheyAre) {
  for (const char* name :
       {"README", "Größe – Straße.txt", "日本語.html", "a b.c", "a.-b", "a..b"}) {
    EXPECT_EQ(NameInFolder(name), name);
  }
}

TEST(NameInFolderTest, LeadsToNoOtherFolder) {
  EXPECT_EQ(NameInFolder("/etc/passwd"), "passwd");
  EXPECT_EQ(NameInFolder("..\\..\\a.txt"), "a.txt");
  EXPECT_EQ(NameInFolder("a/.."), "_.");
  EXPECT_EQ(NameInFolder(".."), "_.");
  EXPECT_EQ(NameInFolder("."), "_");
  EXPECT_EQ(NameInFolder("a/"), "");
}

TEST(NameInFolderTest, IsNoFileThatAShellReadsByItself) {
  EXPECT_EQ(NameInFolder(".bash_login"), "_bash_login");
  EXPECT_EQ(NameInFolder(".envrc"), "_envrc");
  EXPECT_EQ(NameInFolder("x/.profile"), "_profile");
}

TEST(NameInFolderTest, IsNoOption) {
  EXPECT_EQ(NameInFolder("-rf"), "_rf");
  EXPECT_EQ(NameInFolder("--help"), "_-help");
}

TEST(NameInFolderTest, IsReadInOneDirection) {
  EXPECT_EQ(NameInFolder("a\u202egpj.exe"), "a_gpj.exe");
  EXPECT_EQ(NameInFolder("\u061c\u200e\u200f\u202a\u2066\u2069\u2028x"), "_______x");
  EXPECT_EQ(NameInFolder("…\u2030"), "…\u2030");  // their neighbours
}

TEST(NameInFolderTest, HoldsNoControlCharacters) {
  EXPECT_EQ(NameInFolder("a\nb\x1b[31m\xc2\x9b"
                         "c"),
            "a_b_[31m_c");
}

TEST(NameInFolderTest, WhatIsSafeStaysAsItIs) {
  for (const char* name : {".x", "-x", "a\u202eb", "\xff", "a\u0308", "-.-"}) {
    EXPECT_EQ(NameInFolder(NameInFolder(name)), NameInFolder(name)) << name;
  }
}

TEST(ShortenedFileNameTest, KeepsTheExtension) {
  EXPECT_EQ(ShortenedFileName(absl::StrCat(std::string(300, 'x'), ".pdf"), 240),
            absl::StrCat(std::string(236, 'x'), ".pdf"));
  EXPECT_EQ(ShortenedFileName(std::string(300, 'x'), 240), std::string(240, 'x'));
  EXPECT_EQ(ShortenedFileName("short.pdf", 240), "short.pdf");
}

TEST(ShortenedFileNameTest, CutsBetweenCharacters) {
  std::string name = "x";
  for (int i = 0; i < 200; ++i) name += "ä";
  const std::string cut = ShortenedFileName(name + ".pdf", 240);
  EXPECT_LE(cut.size(), 240u);
  EXPECT_GE(cut.size(), 238u);
  EXPECT_TRUE(text::IsUtf8(cut));
}

}  // namespace
}  // namespace sockel::cli
