#include "services/notification/mail/mime.h"

#include <gmime/gmime.h>

#include <memory>

namespace sockel::notification {
namespace {

template <typename T>
struct Unref {
  void operator()(T* object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref<T>>;

struct FreeFormat {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};

// GMime's own global state: charset tables, no settings of ours.
void InitialiseOnce() {
  static const bool initialised = [] {
    g_mime_init();
    return true;
  }();
  (void)initialised;
}

// Always UTF-8; g_mime_text_part_set_text() would choose a charset by content.
Owned<GMimePart> TextPart(const char* subtype, const std::string& text) {
  Owned<GMimePart> part(g_mime_part_new_with_type("text", subtype));
  g_mime_object_set_content_type_parameter(GMIME_OBJECT(part.get()), "charset", "utf-8");
  Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(text.data(), text.size()));
  Owned<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part.get(), content.get());
  g_mime_part_set_content_encoding(part.get(), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  return part;
}

Owned<GMimeObject> Body(const Mail& mail) {
  Owned<GMimePart> text = TextPart("plain", mail.text_body);
  if (mail.html_body.empty()) return Owned<GMimeObject>(GMIME_OBJECT(text.release()));
  Owned<GMimePart> html = TextPart("html", mail.html_body);
  Owned<GMimeMultipart> both(g_mime_multipart_new_with_subtype("alternative"));
  g_mime_multipart_add(both.get(), GMIME_OBJECT(text.get()));
  g_mime_multipart_add(both.get(), GMIME_OBJECT(html.get()));
  return Owned<GMimeObject>(GMIME_OBJECT(both.release()));
}

void AddMailbox(GMimeMessage* message, GMimeAddressType type, const MailAddress& mailbox) {
  g_mime_message_add_mailbox(message, type,
                             mailbox.display_name.empty() ? nullptr : mailbox.display_name.c_str(),
                             mailbox.address.c_str());
}

void SetHeader(GMimeMessage* message, const char* name, const char* value) {
  g_mime_object_set_header(GMIME_OBJECT(message), name, value, "utf-8");
}

Owned<GMimeMessage> Compose(const Mail& mail) {
  Owned<GMimeMessage> message(g_mime_message_new(TRUE));
  AddMailbox(message.get(), GMIME_ADDRESS_TYPE_FROM, mail.from);
  if (!mail.reply_to.empty()) {
    AddMailbox(message.get(), GMIME_ADDRESS_TYPE_REPLY_TO, {mail.reply_to, ""});
  }
  AddMailbox(message.get(), GMIME_ADDRESS_TYPE_TO, mail.to);
  g_mime_message_set_subject(message.get(), mail.subject.c_str(), "utf-8");
  g_mime_message_set_message_id(message.get(), mail.message_id.c_str());
  GDateTime* date = g_date_time_new_from_unix_utc(absl::ToUnixSeconds(mail.date));
  g_mime_message_set_date(message.get(), date);
  g_date_time_unref(date);
  // RFC 3834: keeps holiday notices from answering a machine.
  SetHeader(message.get(), "Auto-Submitted", "auto-generated");
  if (mail.urgent) SetHeader(message.get(), "Importance", "high");
  g_mime_message_set_mime_part(message.get(), Body(mail).get());
  return message;
}

}  // namespace

std::string WriteMime(const Mail& mail) {
  InitialiseOnce();
  Owned<GMimeMessage> message = Compose(mail);
  std::unique_ptr<GMimeFormatOptions, FreeFormat> format(
      g_mime_format_options_clone(g_mime_format_options_get_default()));
  g_mime_format_options_set_newline_format(format.get(), GMIME_NEWLINE_FORMAT_DOS);
  Owned<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_object_write_to_stream(GMIME_OBJECT(message.get()), format.get(), stream.get());
  GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return std::string(reinterpret_cast<const char*>(bytes->data), bytes->len);
}

}  // namespace sockel::notification
