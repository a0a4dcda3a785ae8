#include "common/text/text.h"

#include <gtest/gtest.h>

namespace sockel::text {
namespace {

TEST(TextTest, TellsUtf8FromOtherBytes) {
  EXPECT_TRUE(IsUtf8("Müller"));
  EXPECT_TRUE(IsUtf8("\xF0\x9F\x93\x81"));
  EXPECT_FALSE(IsUtf8("M\xFCller"));               // Latin-1
  EXPECT_FALSE(IsUtf8("\xC0\xAF"));                // overlong
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));            // surrogate
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));        // above U+10FFFF
  EXPECT_FALSE(IsUtf8(std::string("a\xE2\x82")));  // cut off
}

TEST(TextTest, CountsCodePointsNotBytes) {
  EXPECT_EQ(CodePoints("Müller"), 6u);
  EXPECT_EQ(CodePoints(""), 0u);
}

TEST(TextTest, ComposesADecomposedUmlaut) {
  EXPECT_EQ(ToNfc("Mu\xCC\x88ller"), "Müller");
  EXPECT_EQ(ToNfc("\xE2\x84\xAB"), "Å");  // ANGSTROM SIGN
  EXPECT_FALSE(IsPlainlyNfc("Mu\xCC\x88ller"));
}

TEST(TextTest, KnowsMoreMarksInARowThanAnyLanguageHas) {
  const auto marks = [](int count) {
    std::string text = "e";
    for (int i = 0; i < count; ++i) text += "\xCC\x80";
    return text;
  };
  EXPECT_TRUE(IsStreamSafe(marks(30)));
  EXPECT_FALSE(IsStreamSafe(marks(31)));
  EXPECT_TRUE(IsStreamSafe(marks(30) + marks(30)));
  EXPECT_TRUE(IsStreamSafe("Größe"));
}

TEST(TextTest, LeavesComposedTextAsItIs) {
  EXPECT_TRUE(IsPlainlyNfc("Größe"));
  EXPECT_EQ(ToNfc("Größe"), "Größe");
  EXPECT_EQ(ToNfc("日本語"), "日本語");
}

}  // namespace
}  // namespace sockel::text
