// Runs the real program, as a shell would.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace clipsim::testing {

struct Outcome {
    int exit_code = -1;  // 128 + signal when it was killed
    std::string out;
    std::string err;
};

// A running clipsim. Its stdout and stderr go to files in `folder`, which is its working directory too. A
// FIFO .stdin that is there is read in place of `standard_input`.
class Program {
  public:
    Program(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
            const std::string& standard_input = {});
    ~Program();  // kills it when it still runs
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number) const;
    bool running();
    Outcome wait();

  private:
    std::filesystem::path out_, err_;
    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
};

Outcome run_clipsim(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                    const std::string& standard_input = {});

std::vector<std::string> lines(const std::string& text);  // without their ends

}  // namespace clipsim::testing
