#include "common/events/position.h"

#include <gtest/gtest.h>

#include <limits>

namespace sockel::events {
namespace {

TEST(PositionTest, ACursorLeadsBackToItsPosition) {
  for (const Position& position : {Position{}, Position{1, 2}, Position{0xffffffffffffffff, 17},
                                   Position{733, std::numeric_limits<std::int64_t>::max()}}) {
    EXPECT_EQ(FromCursor("efile", ToCursor("efile", position)), position)
        << ToCursor("efile", position);
  }
}

TEST(PositionTest, WhatNobodyGaveOutIsRefused) {
  for (const char* cursor : {"",
                             "now",
                             "e1-",
                             "e1-efile",
                             "e1-efile-",
                             "e1-efile-1",
                             "e1-efile--",
                             "e1-efile-1-",
                             "e1-efile-g-1",
                             "e1-efile-1-1 ",
                             " e1-efile-1-1",
                             "e1-efile-01-1",
                             "e1-efile-1-ffffffffffffffff1",
                             "e1-efile-1-1-1",
                             "e1-efile--1-1",
                             "e2-efile-1-1",
                             "e1-efile-1-ffffffffffffffff",
                             "e1-efile-A-1",
                             "e1-1-1",
                             "e1-catalog-1-1"}) {
    EXPECT_EQ(FromCursor("efile", cursor), std::nullopt) << cursor;
  }
}

}  // namespace
}  // namespace sockel::events
