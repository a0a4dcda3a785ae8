#pragma once

#include "common/config/config.h"
#include "services/notification/deliveries/delivery_worker.h"
#include "services/notification/mail/mime.h"
#include "services/notification/mail/smtp_relay.h"

namespace sockel::notification {

struct Config {
  SmtpOptions smtp;
  WorkerOptions worker;
  MailAddress fallback_sender;
};

// Reads the section `notification`; faults are noted in the reader. The lease
// of deliveries follows from the timeouts.
Config ReadConfig(config::Reader reader);

}  // namespace sockel::notification
