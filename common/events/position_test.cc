#include "common/events/position.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace sockel::events {
namespace {

constexpr Origin kOrigin{"efile", "smi"};

TEST(PositionTest, ACursorLeadsBackToItsMark) {
  for (const Position& position : {Position{}, Position{1, 2}, Position{0xffffffffffffffff, 17},
                                   Position{733, std::numeric_limits<std::int64_t>::max()}}) {
    for (const char* event : {"", "0a1b2c3d"}) {
      const Mark mark{position, event};
      EXPECT_EQ(FromCursor(kOrigin, ToCursor(kOrigin, mark)), mark) << ToCursor(kOrigin, mark);
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
                             "e1-efile-smi",
                             "e1-efile-smi-",
                             "e1-efile-smi-1",
                             "e1-efile-smi-1-1",
                             "e1-efile-smi---",
                             "e1-efile-smi-1--",
                             "e1-efile-smi-g-1-",
                             "e1-efile-smi-1-1- ",
                             " e1-efile-smi-1-1-",
                             "e1-efile-smi-01-1-",
                             "e1-efile-smi-1-ffffffffffffffff1-",
                             "e1-efile-smi-1-1-1",
                             "e1-efile-smi-1-1-0123456789",
                             "e1-efile-smi-1-1-0123456G",
                             "e1-efile-smi--1-1-",
                             "e2-efile-smi-1-1-",
                             "e1-efile-smi-1-ffffffffffffffff-",
                             "e1-efile-smi-A-1-",
                             "e1-smi-1-1-",
                             "e1-efile-1-1-"}) {
    EXPECT_EQ(FromCursor(kOrigin, cursor), std::nullopt) << cursor;
  }
}

// A tenant's code may hold what separates the parts.
TEST(PositionTest, ACursorIsGoodForItsServiceAndTenantOnly) {
  const std::vector<Origin> origins = {kOrigin,        {"catalog", "smi"}, {"efile", "smf"},
                                       {"efile", "s"}, {"efile", "smi-1"}, {"efile", "smi-1-1"}};
  for (const char* event : {"", "0a1b2c3d"}) {
    for (const Origin& mine : origins) {
      for (const Origin& other : origins) {
        const bool same = mine.service == other.service && mine.tenant == other.tenant;
        EXPECT_EQ(FromCursor(mine, ToCursor(other, {{1, 1}, event})).has_value(), same)
            << mine.tenant << " and " << other.service << "'s " << other.tenant;
      }
    }
  }
}

}  // namespace
}  // namespace sockel::events
