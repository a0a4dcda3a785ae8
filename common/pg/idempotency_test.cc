#include "common/pg/idempotency.h"

#include <thread>

#include "absl/synchronization/barrier.h"
#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

class IdempotencyTest : public PgTest {
 protected:
  // Stores a thing under a server-made id and answers with it.
  absl::StatusOr<StringValue> Create(const Caller& caller, const std::string& id) {
    return db_.Write(caller, "things.create",
                     [&](WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                       tx.Exec(kInsertThing, caller.tenant, id, "t");
                       ++completed_;
                       StringValue answer;
                       answer.set_value(id);
                       return answer;
                     });
  }
  // Stores a thing under the caller's id; refuses one that exists.
  absl::StatusOr<StringValue> CreateNamed(const Caller& caller, const std::string& id) {
    return db_.Write(caller, "things.create",
                     [&](WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                       if (tx.Exec(kInsertNewThing, caller.tenant, id, "t").empty()) {
                         return error::AlreadyExists("tenants/smi/things/" + id);
                       }
                       StringValue answer;
                       answer.set_value(id);
                       return answer;
                     });
  }

  std::atomic<int> completed_{0};
};

TEST_F(IdempotencyTest, RepeatGivesTheFirstAnswerWithoutEffect) {
  const Caller caller = testing::WithRequestId(caller_);
  ASSERT_EQ(Create(caller, "first").value().value(), "first");
  EXPECT_EQ(Create(caller, "second").value().value(), "first");
  EXPECT_EQ(completed_, 1);
  EXPECT_EQ(observer_.repeats, 1);
  EXPECT_EQ(Count(caller_).value(), 1);
}

TEST_F(IdempotencyTest, RepeatGivesTheFirstAnswerWhereItWouldNowFail) {
  const Caller caller = testing::WithRequestId(caller_);
  ASSERT_TRUE(CreateNamed(caller, "a").ok());
  EXPECT_EQ(CreateNamed(caller, "a").value().value(), "a");
  EXPECT_EQ(CreateNamed(testing::WithRequestId(caller_), "a").status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(IdempotencyTest, RepeatGivesTheFirstAnswerWhenRefusedBeforeTheDatabaseIsAsked) {
  const Caller caller = testing::WithRequestId(caller_);
  ASSERT_TRUE(Create(caller, "a").ok());
  const auto again =
      db_.Write(caller, "things.create", [](WriteTransaction&) -> absl::StatusOr<StringValue> {
        return error::InvalidField("thing.id", "must be new");
      });
  EXPECT_EQ(again.value().value(), "a");
}

TEST_F(IdempotencyTest, SameIdWithOtherContentIsRefused) {
  Caller caller = testing::WithRequestId(caller_, "one");
  ASSERT_TRUE(Create(caller, "a").ok());
  caller.request_hash = testing::WithRequestId(caller_, "two").request_hash;
  EXPECT_THAT(Create(caller, "b").status(),
              IsError(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED"));
  EXPECT_EQ(Count(caller_).value(), 1);
}

TEST_F(IdempotencyTest, IdsOfOthersDoNotMatter) {
  const Caller caller = testing::WithRequestId(caller_);
  Caller colleague = caller;
  colleague.subject = "tenants/smi/users/u2";
  Caller elsewhere = caller;
  elsewhere.tenant = "mlr";
  ASSERT_TRUE(Create(caller, "a").ok());
  EXPECT_EQ(Create(colleague, "b").value().value(), "b");
  EXPECT_EQ(Create(elsewhere, "c").value().value(), "c");
}

TEST_F(IdempotencyTest, FailedRequestMayBeRepeated) {
  const Caller caller = testing::WithRequestId(caller_);
  ASSERT_TRUE(Insert(caller_, "a").ok());
  ASSERT_FALSE(CreateNamed(caller, "a").ok());
  Superuser("DELETE FROM things");
  EXPECT_TRUE(CreateNamed(caller, "a").ok());
}

TEST_F(IdempotencyTest, TwinsGetOneAnswer) {
  for (int round = 0; round < 20; ++round) {
    const Caller caller = testing::WithRequestId(caller_);
    absl::StatusOr<StringValue> answers[4];
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back(
          [&, i] { answers[i] = Create(caller, std::to_string(round) + "-" + std::to_string(i)); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& answer : answers) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->value(), answers[0]->value());
    }
  }
  EXPECT_EQ(Count(caller_).value(), 20);
}

TEST_F(IdempotencyTest, TwinThatFindsTheResourceTakenGetsTheAnswer) {
  for (int round = 0; round < 20; ++round) {
    const Caller caller = testing::WithRequestId(caller_);
    const std::string id = std::to_string(round);
    absl::StatusOr<StringValue> mine;
    std::thread other([&] { EXPECT_TRUE(CreateNamed(caller, id).ok()); });
    EXPECT_TRUE(CreateNamed(caller, id).ok());
    other.join();
  }
}

TEST_F(IdempotencyTest, LambdaWithoutMessageTakesNoPart) {
  const Caller caller = testing::WithRequestId(caller_);
  ASSERT_TRUE(Insert(caller, "a").ok());
  ASSERT_TRUE(Insert(caller, "b").ok());
  EXPECT_EQ(Superuser("SELECT FROM idempotency_keys").size(), 0U);
}

TEST_F(IdempotencyTest, PurgeDeletesWhatIsOldInBatches) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Create(testing::WithRequestId(caller_), std::to_string(i)).ok());
  }
  clock_.Advance(absl::Hours(24));
  const Caller young = testing::WithRequestId(caller_);
  ASSERT_TRUE(Create(young, "young").ok());
  clock_.Advance(absl::Hours(2));
  const absl::Time before = clock_.Now() - kIdempotencyKeyLifetime;
  for (const int purged : {2, 2, 1, 0}) {
    EXPECT_EQ(PurgeIdempotencyKeys(db_, before, 2).value(), purged);
  }
  EXPECT_EQ(Create(young, "again").value().value(), "young");
}

}  // namespace
}  // namespace sockel::pg
