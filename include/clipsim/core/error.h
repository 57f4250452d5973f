// The errors clipsim throws. Each carries a one-line message for the user that says what is wrong, where
// (file, key, value) and what to do. They are caught once, in main, which turns them into an exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace clipsim {

// Something failed while working (exit code 1).
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The command line, the config or an input was wrong (exit code 2).
class UsageError : public Error {
  public:
    using Error::Error;
};

// The device ran out of memory; the message names the config keys to lower (exit code 1).
class OutOfMemoryError : public Error {
  public:
    using Error::Error;
};

// Ctrl-C: work stopped at a safe point and what was finished is kept (exit code 130).
class Interrupted : public Error {
  public:
    using Error::Error;
};

}  // namespace clipsim
