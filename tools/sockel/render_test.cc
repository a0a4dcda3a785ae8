#include "tools/sockel/render.h"

#include <gtest/gtest.h>

#include "sockel/catalog/v1/offering.pb.h"
#include "sockel/efile/v1/document.pb.h"
#include "sockel/notification/v1/message.pb.h"

namespace sockel::cli {
namespace {

efile::v1::Document Document() {
  efile::v1::Document document;
  document.set_name("tenants/smi/dossiers/d/documents/1");
  document.set_file_name("Übersicht.pdf");
  document.mutable_content()->set_size(1536);
  document.mutable_content()->set_sha256("\x01\xff");
  document.mutable_document_date()->set_year(2026);
  document.mutable_document_date()->set_month(1);
  document.mutable_document_date()->set_day(31);
  document.add_recipients("A");
  document.add_recipients("B");
  return document;
}

TEST(RenderTest, FindsFieldsByTheirPath) {
  const efile::v1::Document document = Document();
  EXPECT_EQ(RenderField(document, "name|id"), "1");
  EXPECT_EQ(RenderField(document, "content.size"), "1536");
  EXPECT_EQ(RenderField(document, "content.sha256"), "01ff");
  EXPECT_EQ(RenderField(document, "document_date"), "2026-01-31");
  EXPECT_EQ(RenderField(document, "recipients"), "A, B");
  EXPECT_EQ(RenderField(document, "create_time"), "");
  EXPECT_EQ(RenderField(document, "no_such_field"), "");
}

TEST(RenderTest, OfAChoiceShowsWhatWasChosenAndOfAListItsLastElement) {
  notification::v1::Delivery delivery;
  EXPECT_EQ(RenderField(delivery, "recipient"), "");
  EXPECT_EQ(RenderField(delivery, "transitions.reason"), "");
  delivery.mutable_recipient()->set_user("tenants/smi/users/u");
  delivery.add_transitions()->set_reason("accepted");
  delivery.add_transitions()->set_reason("user_unknown");
  EXPECT_EQ(RenderField(delivery, "recipient"), "tenants/smi/users/u");
  EXPECT_EQ(RenderField(delivery, "transitions.reason"), "user_unknown");
}

TEST(RenderTest, ColumnsAreAlignedByCharactersNotBytes) {
  efile::v1::ListDocumentsResponse response;
  *response.add_documents() = Document();
  response.add_documents()->set_file_name("plain.txt");
  EXPECT_EQ(RenderTable(response, "documents", {{"FILE", "file_name"}, {"BYTES", "content.size"}}),
            "FILE           BYTES\n"
            "Übersicht.pdf  1536\n"
            "plain.txt      \n");
}

TEST(RenderTest, WhatSteersATerminalIsNotShown) {
  efile::v1::Document document;
  document.set_subject("a\x1b[31mb\nc");
  EXPECT_EQ(RenderField(document, "subject"), "a [31mb c");
  document.set_subject("a\u0085b\u202Egpj.exe\u2028€");
  EXPECT_EQ(RenderField(document, "subject"), "a b gpj.exe €");
}

TEST(RenderTest, MoneyIsShownInFull) {
  catalog::v1::Plan plan;
  plan.mutable_monthly_price()->set_currency_code("EUR");
  plan.mutable_monthly_price()->set_units(12);
  plan.mutable_monthly_price()->set_nanos(50'000'000);
  EXPECT_EQ(RenderField(plan, "monthly_price"), "12.05 EUR");
}

TEST(RenderTest, BytesHaveUnits) {
  EXPECT_EQ(RenderBytes(0), "0 B");
  EXPECT_EQ(RenderBytes(1536), "1.5 KiB");
  EXPECT_EQ(RenderBytes(3.0 * 1024 * 1024 * 1024), "3.0 GiB");
}

}  // namespace
}  // namespace sockel::cli
