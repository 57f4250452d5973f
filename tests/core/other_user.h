// Permissions bind no superuser, and tests often run as one: this makes the process an ordinary user for a
// while.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace clipsim::testing {

class OrdinaryUser {
  public:
    OrdinaryUser() : was_root_(::geteuid() == 0), ordinary_(!was_root_ || ::seteuid(nobody) == 0) {}
    ~OrdinaryUser() {
        if (was_root_ && ordinary_ && ::seteuid(0) != 0) std::abort();
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;

    // False where the system does not let us.
    explicit operator bool() const { return ordinary_; }

  private:
    static constexpr uid_t nobody = 65534;
    bool was_root_;
    bool ordinary_;
};

}  // namespace clipsim::testing
