#include "services/notification/inbox/inbox.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

constexpr char kUser[] = "tenants/smi/users/u1";

class InboxTest : public testing::NotificationFixture {
 protected:
  InboxTest() { AddSender("smi"); }

  void SendToInbox(const std::string& subject) {
    v1::SendMessageRequest request = Request({kUser});
    request.mutable_message()->mutable_content()->set_subject(subject);
    request.mutable_message()->add_channels(v1::Message::INBOX);
    request.mutable_message()->set_reference("ref");
    Send(request);
    DeliverAll();
    clock_.Advance(absl::Seconds(1));
  }

  static Caller As(const std::string& tenant, const std::string& subject) {
    return sockel::testing::MakeCaller(tenant, subject);
  }

  v1::ListInboxItemsResponse List(bool unread_only = false) {
    v1::ListInboxItemsRequest request;
    request.set_parent(kUser);
    request.set_unread_only(unread_only);
    const auto listed = inboxes_.List(As("smi", kUser), request);
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() ? *listed : v1::ListInboxItemsResponse();
  }

  absl::StatusOr<v1::InboxItem> Get(const Caller& caller, const std::string& name) {
    v1::GetInboxItemRequest request;
    request.set_name(name);
    return inboxes_.Get(caller, request);
  }

  absl::StatusOr<v1::InboxItem> MarkRead(const Caller& caller, const std::string& name) {
    v1::MarkInboxItemReadRequest request;
    request.set_name(name);
    return inboxes_.MarkRead(caller, request);
  }
};

TEST_F(InboxTest, ItemsArriveNewestFirst) {
  SendToInbox("first");
  SendToInbox("second");
  const auto listed = List();
  ASSERT_EQ(listed.inbox_items_size(), 2);
  EXPECT_EQ(listed.inbox_items(0).content().subject(), "second");
  EXPECT_EQ(listed.inbox_items(0).reference(), "ref");
  EXPECT_EQ(listed.inbox_items(0).content().text_body(), "");
  const auto item = Get(As("smi", kUser), listed.inbox_items(0).name());
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->content().text_body(), "Text");
  EXPECT_FALSE(item->has_read_time());
}

TEST_F(InboxTest, ReadingIsNotedOnce) {
  SendToInbox("x");
  const std::string name = List().inbox_items(0).name();
  const auto read = MarkRead(As("smi", kUser), name);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->has_read_time());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(MarkRead(As("smi", kUser), name)->read_time().seconds(), read->read_time().seconds());
  EXPECT_EQ(List(true).inbox_items_size(), 0);
  EXPECT_EQ(List().inbox_items_size(), 1);
}

TEST_F(InboxTest, EverybodyElsesInboxIsNotFound) {
  SendToInbox("secret");
  const std::string name = List().inbox_items(0).name();
  const std::string id = IdsIn(name)[2];
  const Caller colleague = As("smi", "tenants/smi/users/u2");
  const Caller stranger = As("other", "tenants/other/users/u1");
  v1::ListInboxItemsRequest list;
  list.set_parent(kUser);
  EXPECT_EQ(inboxes_.List(colleague, list).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(inboxes_.List(stranger, list).status().code(), absl::StatusCode::kNotFound);
  for (const Caller& caller : {colleague, stranger}) {
    for (const std::string& tried : {name, caller.subject + "/inboxItems/" + id}) {
      EXPECT_EQ(Get(caller, tried).status().code(), absl::StatusCode::kNotFound) << tried;
      EXPECT_EQ(MarkRead(caller, tried).status().code(), absl::StatusCode::kNotFound) << tried;
    }
  }
  EXPECT_FALSE(List().inbox_items(0).has_read_time());
}

TEST_F(InboxTest, AnIdThatCannotExistIsNotFound) {
  EXPECT_EQ(Get(As("smi", kUser), absl::StrCat(kUser, "/inboxItems/x")).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sockel::notification
