// A child process that is killed, or whose disk is full, at one chosen change of the file system: its system
// calls are watched by ptrace(2), so that the code under test has no hooks for it.
#pragma once

#include <functional>

namespace clipsim::testing {

enum class Fault {
    kill,       // SIGKILL in place of the call
    disk_full,  // the call and all later ones of its kind fail with ENOSPC
};

struct ChildResult {
    bool reached = false;  // the chosen call came; else the child did all it had to
    bool exited = false;   // by itself
    int exit_code = -1;
};

// Whether this machine allows it.
bool can_trace_children();

// Forks, runs `work` (whose result is the exit code) and applies the fault at the `nth` (from 0) system call
// that changes files (kill) or needs space (disk_full).
ChildResult run_with_fault(Fault fault, int nth, const std::function<int()>& work);

}  // namespace clipsim::testing
