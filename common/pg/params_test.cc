#include "common/pg/params.h"

#include <cmath>
#include <limits>

#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

using ::testing::ElementsAre;

constexpr Query kTexts{"test.texts", "SELECT $1::text, $2::text, $3::text"};

class ParamsTest : public PgTest {
 protected:
  // What the server makes of one parameter.
  template <typename Read, typename... Args>
  auto Echo(const Query& query, Read read, const Args&... args) {
    using T = decltype(read(std::declval<pqxx::field>()));
    const absl::StatusOr<T> result = db_.Read(
        caller_, "test.echo",
        [&](Transaction& tx) -> absl::StatusOr<T> { return read(tx.Exec(query, args...)[0][0]); });
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value();
  }
};

TEST_F(ParamsTest, CarriesTextUnchanged) {
  const auto as_text = [](const pqxx::field& field) { return field.as<std::string>(); };
  for (const std::string text : {"", "it's", "a\\b", "\"q\"", "'; DROP TABLE things; --", "$1",
                                 "Grüße 日本 😀", "line\nbreak\ttab", "E'\\x41'", "NULL"}) {
    EXPECT_EQ(Echo(kTexts, as_text, text, std::string_view(text), text.c_str()), text);
  }
}

TEST_F(ParamsTest, CarriesNumbersAndBooleans) {
  constexpr Query kInt{"test.int", "SELECT $1::bigint"};
  constexpr Query kDouble{"test.double", "SELECT $1::double precision"};
  constexpr Query kBool{"test.bool", "SELECT $1::boolean"};
  const auto as_int = [](const pqxx::field& field) { return field.as<std::int64_t>(); };
  const auto as_double = [](const pqxx::field& field) { return field.as<double>(); };
  const auto as_bool = [](const pqxx::field& field) { return field.as<bool>(); };
  EXPECT_EQ(Echo(kInt, as_int, INT64_MIN), INT64_MIN);
  EXPECT_EQ(Echo(kInt, as_int, -1), -1);
  EXPECT_EQ(Echo(kDouble, as_double, 0.1), 0.1);
  EXPECT_EQ(Echo(kDouble, as_double, std::numeric_limits<double>::infinity()),
            std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(Echo(kDouble, as_double, std::nan(""))));
  EXPECT_TRUE(Echo(kBool, as_bool, true));
  EXPECT_FALSE(Echo(kBool, as_bool, false));
}

TEST_F(ParamsTest, CarriesTimesToTheMicrosecond) {
  constexpr Query kTime{"test.time", "SELECT $1::timestamptz"};
  constexpr Query kDay{"test.day", "SELECT $1::date"};
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixMicros(1'767'600'000'123'456), absl::FromUnixSeconds(-1),
        absl::FromCivil(absl::CivilDay(1, 1, 1), absl::UTCTimeZone()), absl::InfiniteFuture(),
        absl::InfinitePast()}) {
    EXPECT_EQ(Echo(kTime, GetTime, time), time);
  }
  EXPECT_EQ(Echo(kDay, GetDay, absl::CivilDay(2028, 2, 29)), absl::CivilDay(2028, 2, 29));
}

TEST_F(ParamsTest, CarriesEveryByte) {
  constexpr Query kBytes{"test.bytes", "SELECT $1::bytea"};
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(Echo(kBytes, GetBytes, Bytes{bytes}), bytes);
  EXPECT_EQ(Echo(kBytes, GetBytes, Bytes{""}), "");
}

TEST_F(ParamsTest, CarriesArrays) {
  constexpr Query kTextArray{"test.text_array", "SELECT $1::text[]"};
  constexpr Query kIntArray{"test.int_array", "SELECT ($1::bigint[])[2]"};
  constexpr Query kByteArray{"test.bytea_array", "SELECT ($1::bytea[])[2]"};
  constexpr Query kTimeArray{"test.time_array", "SELECT ($1::timestamptz[])[1]"};
  const std::vector<std::string> texts = {"", "a,b", "\"", "\\", "{}", "NULL", "it's"};
  EXPECT_EQ(Echo(kTextArray, GetTexts, texts), texts);
  EXPECT_THAT(Echo(kTextArray, GetTexts, std::vector<std::string>{}), ElementsAre());
  const auto as_int = [](const pqxx::field& field) { return field.as<int>(); };
  EXPECT_EQ(Echo(kIntArray, as_int, std::vector<std::int64_t>{1, -2}), -2);
  const std::string bytes("\0\\\"'", 4);
  EXPECT_EQ(Echo(kByteArray, GetBytes, std::vector<Bytes>{{"a"}, {bytes}}), bytes);
  EXPECT_EQ(Echo(kTimeArray, GetTime, std::vector<absl::Time>{absl::UnixEpoch()}),
            absl::UnixEpoch());
}

TEST_F(ParamsTest, CarriesAbsence) {
  const auto as_optional = [](const pqxx::field& field) { return GetOptional<std::string>(field); };
  EXPECT_EQ(Echo(kTexts, as_optional, nullptr, "", ""), std::nullopt);
  EXPECT_EQ(Echo(kTexts, as_optional, std::nullopt, "", ""), std::nullopt);
  EXPECT_EQ(Echo(kTexts, as_optional, std::optional<std::int64_t>(), "", ""), std::nullopt);
  EXPECT_EQ(Echo(kTexts, as_optional, std::optional<std::string>("x"), "", ""), "x");
}

TEST_F(ParamsTest, RefusesTextThatPostgresCannotStore) {
  const std::string with_nul("a\0b", 3);
  for (const std::string& text : {with_nul, std::string("\xff"), std::string("\xc3")}) {
    EXPECT_THAT(Insert(caller_, text),
                IsError(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  }
  EXPECT_THAT(db_.Read(caller_, "test.array",
                       [&](Transaction& tx) -> absl::Status {
                         tx.Exec(kTexts, std::vector<std::string>{with_nul}, "", "");
                         return absl::OkStatus();
                       }),
              IsError(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_EQ(Count(caller_).value(), 0);
}

}  // namespace
}  // namespace sockel::pg
