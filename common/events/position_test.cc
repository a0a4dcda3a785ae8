#include "common/events/position.h"

#include <gtest/gtest.h>

#include <limits>

namespace sockel::events {
namespace {

TEST(PositionTest, ACursorLeadsBackToItsMark) {
  for (const Position& position : {Position{}, Position{1, 2}, Position{0xffffffffffffffff, 17},
                                   Position{733, std::numeric_limits<std::int64_t>::max()}}) {
    for (const char* event : {"", "0a1b2c3d"}) {
      const Mark mark{position, event};
      EXPECT_EQ(FromCursor("efile", ToCursor("efile", mark)), mark) << ToCursor("efile", mark);
    }
  }
}

TEST(PositionTest, AnEventIsKnownByTheRandomEndOfItsId) {
  EXPECT_EQ(EndOf("0190a1b2-0000-7000-8000-0123456789ab"), "456789ab");
}

TEST(PositionTest, WhatNobodyGaveOutIsRefused) {
  for (const char* cursor : {"",
                             "now",
                             "e1-",
                             "e1-efile",
                             "e1-efile-",
                             "e1-efile-1",
                             "e1-efile-1-1",
                             "e1-efile---",
                             "e1-efile-1--",
                             "e1-efile-g-1-",
                             "e1-efile-1-1- ",
                             " e1-efile-1-1-",
                             "e1-efile-01-1-",
                             "e1-efile-1-ffffffffffffffff1-",
                             "e1-efile-1-1-1",
                             "e1-efile-1-1-0123456789",
                             "e1-efile-1-1-0123456G",
                             "e1-efile--1-1-",
                             "e2-efile-1-1-",
                             "e1-efile-1-ffffffffffffffff-",
                             "e1-efile-A-1-",
                             "e1-1-1-",
                             "e1-catalog-1-1-"}) {
    EXPECT_EQ(FromCursor("efile", cursor), std::nullopt) << cursor;
  }
}

}  // namespace
}  // namespace sockel::events
