#include "services/efile/content/media_type.h"

#include <gtest/gtest.h>

#include <thread>

namespace sockel::efile {
namespace {

TEST(MediaTypesTest, AreToldByTheBytes) {
  auto types = MediaTypes::Open();
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_EQ((*types)->Of("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"), "application/pdf");
  EXPECT_EQ((*types)->Of("<!DOCTYPE html><html><script>alert(1)</script></html>"), "text/html");
  EXPECT_EQ((*types)->Of(std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6", 26)),
            "image/png");
  EXPECT_EQ((*types)->Of("Sehr geehrte Damen und Herren,\n"), "text/plain");
  EXPECT_EQ((*types)->Of(std::string("\0\1\2\3\4\5\6\7", 8)), "application/octet-stream");
  EXPECT_EQ((*types)->Of(""), "application/x-empty");
}

TEST(MediaTypesTest, CanBeAskedByManyThreads) {
  auto types = MediaTypes::Open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) EXPECT_EQ((*types)->Of("%PDF-1.4\n"), "application/pdf");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sockel::efile
