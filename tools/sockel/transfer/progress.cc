#include "tools/sockel/transfer/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tools/sockel/render.h"

namespace sockel::cli {
namespace {

constexpr int kBarWidth = 30;

// As much of a name as fits, cut between characters.
std::string Shortened(const std::string& name) {
  constexpr std::size_t kMost = 30;
  if (name.size() <= kMost) return name;
  std::size_t begin = name.size() - kMost;
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xc0) == 0x80) ++begin;
  return "…" + name.substr(begin);
}

}  // namespace

std::string ProgressText(const ProgressState& state) {
  const double bytes = static_cast<double>(state.bytes);
  const double total = static_cast<double>(state.total_bytes);
  const double part = total > 0 ? std::clamp(bytes / total, 0.0, 1.0) : 1.0;
  const int full = static_cast<int>(part * kBarWidth);
  const double rate = bytes / std::max(absl::ToDoubleSeconds(state.elapsed), 0.001);
  std::string left;
  if (rate > 0 && part < 1) {
    const double remaining = (total - bytes) / rate;
    left = absl::StrCat(", ", absl::FormatDuration(absl::Seconds(static_cast<int>(remaining) + 1)),
                        " left");
  }
  return absl::StrFormat(
      "[%s%s] %3.0f %%  %d/%d  %s/s%s  %s", std::string(static_cast<std::size_t>(full), '#'),
      std::string(static_cast<std::size_t>(kBarWidth - full), '.'), part * 100, state.files,
      state.total_files, RenderBytes(rate), left, Shortened(state.latest));
}

Progress::Progress(std::int64_t total_bytes, std::int64_t total_files)
    : visible_(isatty(STDERR_FILENO) == 1),
      total_bytes_(total_bytes),
      total_files_(total_files),
      start_(absl::Now()) {}

Progress::~Progress() {
  if (!visible_) return;
  absl::MutexLock lock(&mutex_);
  Draw(true);
  std::fputc('\n', stderr);
}

void Progress::AddBytes(std::int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  bytes_ += bytes;
  Draw(false);
}

void Progress::FileDone(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  ++files_;
  latest_ = name;
  Draw(false);
}

void Progress::Draw(bool always) {
  const absl::Time now = absl::Now();
  if (!visible_ || (!always && now - drawn_ < absl::Milliseconds(100))) return;
  drawn_ = now;
  absl::FPrintF(stderr, "\r\033[K%s",
                ProgressText({.bytes = bytes_,
                              .total_bytes = total_bytes_,
                              .files = files_,
                              .total_files = total_files_,
                              .latest = latest_,
                              .elapsed = now - start_}));
  std::fflush(stderr);
}

}  // namespace sockel::cli
