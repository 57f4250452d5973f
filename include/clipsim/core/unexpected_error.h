// Exceptions that are not clipsim's own: what a library throws at a place where nobody expected it.
#pragma once

#include <exception>
#include <string>

namespace clipsim {

// One line for the user: what happened and what to do, in our words. What the library said goes to the log
// (--log-level debug).
std::string in_plain_words(const std::exception& error);

// From now on an exception that nothing can catch any more, because it leaves a library's thread say, ends
// the process with such a line and exit code 1.
void report_uncaught_exceptions();

}  // namespace clipsim
