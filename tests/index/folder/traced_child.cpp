#include "index/folder/traced_child.h"

#include <fcntl.h>
#include <omp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace clipsim::testing {

#if defined(__x86_64__)

namespace {

using Registers = user_regs_struct;

bool is_one_of(long call, std::initializer_list<long> calls) {
    return std::ranges::find(calls, call) != calls.end();
}

bool needs_space(const Registers& registers) {
    const auto call = static_cast<long>(registers.orig_rax);
    const bool on_a_file = registers.rdi > 2;  // not one of the standard streams
    if (is_one_of(call, {SYS_write, SYS_pwrite64, SYS_writev, SYS_ftruncate, SYS_fallocate}))
        return on_a_file;
    if (is_one_of(call, {SYS_rename, SYS_mkdir})) return true;
    return call == SYS_openat && (registers.rdx & O_CREAT) != 0;
}

bool changes_files(const Registers& registers) {
    const auto call = static_cast<long>(registers.orig_rax);
    return needs_space(registers) || is_one_of(call, {SYS_unlink, SYS_unlinkat, SYS_fsync, SYS_fdatasync});
}

class Tracer {
  public:
    Tracer(pid_t child, Fault fault, int nth) : child_(child), fault_(fault), nth_(nth) {}

    ChildResult run() {
        int status = 0;
        ::waitpid(child_, &status, 0);  // it stops itself before its work
        ::ptrace(PTRACE_SETOPTIONS, child_, nullptr,
                 static_cast<long>(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD));
        long signal = 0;
        while (true) {
            ::ptrace(PTRACE_SYSCALL, child_, nullptr, signal);
            ::waitpid(child_, &status, 0);
            if (WIFEXITED(status) || WIFSIGNALED(status)) break;
            signal = 0;
            if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
                entering_ ? enter() : leave();
                entering_ = !entering_;
            } else {
                signal = WSTOPSIG(status);
            }
        }
        result_.exited = WIFEXITED(status);
        if (result_.exited) result_.exit_code = WEXITSTATUS(status);
        return result_;
    }

  private:
    void enter() {
        Registers registers{};
        ::ptrace(PTRACE_GETREGS, child_, nullptr, &registers);
        failing_ = false;
        if (!(fault_ == Fault::kill ? changes_files(registers) : needs_space(registers))) return;
        if (seen_++ < nth_) return;
        result_.reached = true;
        if (fault_ == Fault::kill) {
            ::kill(child_, SIGKILL);
            return;
        }
        failing_ = true;
        registers.orig_rax = static_cast<unsigned long long>(-1);  // no such call: the kernel does nothing
        ::ptrace(PTRACE_SETREGS, child_, nullptr, &registers);
    }

    void leave() {
        if (!failing_) return;
        Registers registers{};
        ::ptrace(PTRACE_GETREGS, child_, nullptr, &registers);
        registers.rax = static_cast<unsigned long long>(-ENOSPC);
        ::ptrace(PTRACE_SETREGS, child_, nullptr, &registers);
    }

    pid_t child_;
    Fault fault_;
    int nth_;
    int seen_ = 0;
    bool entering_ = true, failing_ = false;
    ChildResult result_;
};

}  // namespace

ChildResult run_with_fault(Fault fault, int nth, const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::omp_set_num_threads(1);  // the threads of the parent's pool are not here
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(99);
        ::raise(SIGSTOP);
        ::_exit(work());
    }
    return Tracer(child, fault, nth).run();
}

bool can_trace_children() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#else

ChildResult run_with_fault(Fault, int, const std::function<int()>&) {
    return {};
}

bool can_trace_children() {
    return false;  // registers are named by the machine; nobody has written this for another one yet
}

#endif

}  // namespace clipsim::testing
