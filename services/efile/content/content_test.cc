#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/error/error.h"
#include "services/efile/content/content_reader.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/content/test_store.h"

namespace sockel::efile {
namespace {

std::string Pattern(std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 4096);
  return bytes;
}

class ContentTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> ReadAll(std::int64_t size) { return ReadRange(size, 0, size); }
  absl::StatusOr<std::string> ReadRange(std::int64_t size, std::int64_t offset,
                                        std::int64_t length) {
    auto reader = ContentReader::Open(store_.get(), id_, key_, size);
    if (!reader.ok()) return reader.status();
    std::string out;
    absl::Status status = (*reader)->Read(offset, length, out);
    if (!status.ok()) return status;
    return out;
  }
  void Write(std::string_view bytes) {
    ASSERT_TRUE(WriteContent(store_.get(), id_, key_, bytes).ok());
  }
  std::string Stored() const { return store_.ReadFile(id_); }
  void Store(const std::string& bytes) const { store_.WriteFile(id_, bytes); }

  TestStore store_;
  const ContentId id_{"smi", "0190a1b2-0000-7000-8000-0000000000a1"};
  const Key key_ = Key::Random();
};

class ContentOfSizeTest : public ContentTest, public ::testing::WithParamInterface<std::int64_t> {};

TEST_P(ContentOfSizeTest, ComesBackAsItWas) {
  const std::string bytes = Pattern(GetParam());
  Write(bytes);
  EXPECT_EQ(Stored().size(), static_cast<std::size_t>(StoredSize(GetParam())));
  auto read = ReadAll(GetParam());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, bytes);
}

TEST_P(ContentOfSizeTest, ComesBackWhenWrittenInPieces) {
  const std::string bytes = Pattern(GetParam());
  auto part = store_.get().OpenPart(id_);
  ASSERT_TRUE(part.ok());
  auto writer = ContentWriter::Open(std::move(*part), id_, key_, GetParam(), 0, Sha256());
  ASSERT_TRUE(writer.ok());
  for (std::size_t at = 0; at < bytes.size(); at += 70001) {
    ASSERT_TRUE((*writer)->Append(std::string_view(bytes).substr(at, 70001)).ok());
  }
  auto hash = (*writer)->Finish();
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(*hash, Sha256Of(bytes));
  ASSERT_TRUE((*writer)->Seal().ok());
  auto read = ReadAll(GetParam());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, bytes);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ContentOfSizeTest,
                         ::testing::Values(0, 1, 65535, 65536, 65537, 131072, 1 << 20, 3000000));

TEST_F(ContentTest, AnyRangeIsThatPieceOfIt) {
  const std::string bytes = Pattern(200000);
  Write(bytes);
  for (auto [offset, length] : {std::pair<std::int64_t, std::int64_t>{0, 1},
                                {65535, 2},
                                {65536, 65536},
                                {1, 199999},
                                {199999, 1},
                                {131072, 68928},
                                {200000, 0}}) {
    auto read = ReadRange(200000, offset, length);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read,
              bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length)));
  }
}

TEST_F(ContentTest, IsNotReadableInTheStore) {
  Write(std::string(100000, 'A'));
  EXPECT_EQ(Stored().find("AAAAAAAA"), std::string::npos);
}

TEST_F(ContentTest, ARangeDoesNotTouchOtherSegments) {
  Write(Pattern(200000));
  std::string stored = Stored();
  stored[100] ^= 1;  // in segment 0
  Store(stored);
  EXPECT_TRUE(ReadRange(200000, 65536, 65536).ok());
  EXPECT_EQ(error::ReasonOf(ReadRange(200000, 65535, 2).status()), "CONTENT_DAMAGED");
}

TEST_F(ContentTest, AChangedBitIsNoticedWhereverItIs) {
  Write(Pattern(70000));
  const std::string stored = Stored();
  for (std::size_t at : {std::size_t{0}, std::size_t{12}, std::size_t{40000}, std::size_t{65563},
                         std::size_t{65564}, stored.size() - 1}) {
    std::string changed = stored;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    Store(changed);
    EXPECT_EQ(ReadAll(70000).status().code(), absl::StatusCode::kDataLoss) << at;
  }
}

TEST_F(ContentTest, ExchangedSegmentsAreNoticed) {
  Write(Pattern(3 * kSegmentSize));
  const std::string stored = Stored();
  const auto segment = static_cast<std::size_t>(kStoredSegmentSize);
  Store(stored.substr(segment, segment) + stored.substr(0, segment) + stored.substr(2 * segment));
  EXPECT_EQ(ReadAll(3 * kSegmentSize).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, AMissingEndIsNoticedEvenAtASegmentBoundary) {
  Write(Pattern(3 * kSegmentSize));
  Store(Stored().substr(0, 2 * static_cast<std::size_t>(kStoredSegmentSize)));
  EXPECT_EQ(ReadAll(3 * kSegmentSize).status().code(), absl::StatusCode::kDataLoss);
  // Nor does it help to make the size in the database fit.
  EXPECT_EQ(ReadAll(2 * kSegmentSize).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, AnotherContentsSegmentIsNoticed) {
  const ContentId other{"smi", "0190a1b2-0000-7000-8000-0000000000b1"};
  ASSERT_TRUE(WriteContent(store_.get(), other, key_, Pattern(1000)).ok());
  Write(Pattern(1000));
  Store(store_.ReadFile(other));
  EXPECT_EQ(ReadAll(1000).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, AnEmptyContentIsAuthenticatedToo) {
  Write("");
  std::string stored = Stored();
  stored[3] ^= 1;
  Store(stored);
  EXPECT_EQ(ReadAll(0).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, MissingBytesAreDataLossNotACrash) {
  EXPECT_EQ(ReadAll(10).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, AnInterruptedUploadGoesOnAfterItsWholeSegments) {
  const std::string bytes = Pattern(300000);
  {
    auto writer = ContentWriter::Open(*store_.get().OpenPart(id_), id_, key_, 300000, 0, Sha256());
    ASSERT_TRUE((*writer)->Append(bytes.substr(0, 150000)).ok());
    ASSERT_TRUE((*writer)->Sync().ok());
    EXPECT_EQ((*writer)->resumable(), 131072);
  }
  auto part = store_.get().OpenPart(id_);
  ASSERT_TRUE(part.ok());
  auto hash = HashPart(**part, id_, key_, 300000, 131072);
  ASSERT_TRUE(hash.ok()) << hash.status();
  auto writer = ContentWriter::Open(std::move(*part), id_, key_, 300000, 131072, std::move(*hash));
  ASSERT_TRUE((*writer)->Append(bytes.substr(131072)).ok());
  EXPECT_EQ(*(*writer)->Finish(), Sha256Of(bytes));
  ASSERT_TRUE((*writer)->Seal().ok());
  EXPECT_EQ(*ReadAll(300000), bytes);
}

TEST_F(ContentTest, ATornTailIsDroppedWhenGoingOn) {
  const std::string bytes = Pattern(200000);
  {
    auto part = store_.get().OpenPart(id_);
    auto writer = ContentWriter::Open(std::move(*part), id_, key_, 200000, 0, Sha256());
    ASSERT_TRUE((*writer)->Append(bytes.substr(0, 140000)).ok());
    ASSERT_TRUE((*writer)->Sync().ok());
  }
  const std::string path = store_.PathOf(id_) + ".part";
  std::ofstream(path, std::ios::app | std::ios::binary) << "half a segment";
  auto part = store_.get().OpenPart(id_);
  auto hash = HashPart(**part, id_, key_, 200000, 65536);  // acknowledged: one segment
  auto writer = ContentWriter::Open(std::move(*part), id_, key_, 200000, 65536, std::move(*hash));
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Append(bytes.substr(65536)).ok());
  EXPECT_EQ(*(*writer)->Finish(), Sha256Of(bytes));
  ASSERT_TRUE((*writer)->Seal().ok());
  EXPECT_EQ(*ReadAll(200000), bytes);
}

TEST_F(ContentTest, AcknowledgedBytesThatAreGoneAreDataLoss) {
  auto part = store_.get().OpenPart(id_);
  auto writer = ContentWriter::Open(std::move(*part), id_, key_, 200000, 65536, Sha256());
  EXPECT_EQ(writer.status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContentTest, MoreThanAnnouncedIsRefused) {
  auto writer = ContentWriter::Open(*store_.get().OpenPart(id_), id_, key_, 10, 0, Sha256());
  EXPECT_TRUE((*writer)->Append("0123456789").ok());
  EXPECT_EQ((*writer)->Append("x").code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace sockel::efile
