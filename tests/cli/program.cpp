#include "cli/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sstream>

#include <csignal>

#include "temporary_folder.h"

namespace clipsim::testing {

namespace {

void redirect(const std::filesystem::path& file, int flags, int target) {
    const int descriptor = ::open(file.c_str(), flags, 0600);
    if (descriptor < 0 || ::dup2(descriptor, target) < 0) ::_exit(126);
    ::close(descriptor);
}

}  // namespace

Program::Program(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                 const std::string& standard_input)
    : out_(folder / ".stdout"), err_(folder / ".stderr") {
    const std::filesystem::path in = folder / ".stdin";
    if (!std::filesystem::is_fifo(in)) write_text(in, standard_input);
    std::vector<char*> argv;
    std::string name = "clipsim";
    argv.push_back(name.data());
    std::vector<std::string> copies = arguments;
    for (std::string& argument : copies) argv.push_back(argument.data());
    argv.push_back(nullptr);

    pid_ = ::fork();
    if (pid_ == 0) {
        if (::chdir(folder.c_str()) != 0) ::_exit(126);
        redirect(in, O_RDONLY, STDIN_FILENO);
        redirect(out_, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
        redirect(err_, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
        ::execv(CLIPSIM_PROGRAM, argv.data());
        ::_exit(127);
    }
}

Program::~Program() {
    if (running()) {
        signal(SIGKILL);
        ::waitpid(pid_, &status_, 0);
    }
}

void Program::signal(int number) const {
    ::kill(pid_, number);
}

bool Program::running() {
    if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
    return !ended_;
}

Outcome Program::wait() {
    if (!ended_) ::waitpid(pid_, &status_, 0);
    ended_ = true;
    const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    return {code, read_text(out_), read_text(err_)};
}

Outcome run_clipsim(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                    const std::string& standard_input) {
    return Program(folder, arguments, standard_input).wait();
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
}

}  // namespace clipsim::testing
