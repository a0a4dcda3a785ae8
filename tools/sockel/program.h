#pragma once

#include "tools/sockel/profile.h"

namespace sockel::cli {

// The whole program: reads the arguments, runs the command, reports. Returns
// the exit code (exit_code.h), whatever happens.
int Run(int argc, const char* const* argv, const ProfileStore& store);

}  // namespace sockel::cli
