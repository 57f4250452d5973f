#include "query_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "clipsim/core/utf8.h"

namespace clipsim::cli {

namespace {

constexpr std::size_t most_lines = 256;
constexpr int ask_again_ms = 100;  // whether to stop, while nothing comes

}  // namespace

QueryLines::QueryLines(const std::filesystem::path& file)
    : name_(concat("--batch ", printable(file))), descriptor_(STDIN_FILENO) {
    if (file == "-") return;
    file_ = Descriptor(file, O_RDONLY);
    if (!file_.valid()) throw UsageError(concat(name_, ": the file can't be read: ", errno_text()));
    descriptor_ = file_.get();
}

bool QueryLines::readable(int milliseconds) const {
    pollfd wanted{descriptor_, POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) > 0;  // the end of the input counts, too
}

std::string QueryLines::line(std::string_view text) {
    return std::string(line_of_list(std::exchange(first_, false) ? without_bom(text, name_) : text));
}

void QueryLines::take_lines(std::vector<std::string>& lines) {
    std::size_t start = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos && lines.size() < most_lines;
         end = rest_.find('\n', start)) {
        lines.push_back(line(std::string_view(rest_).substr(start, end - start)));
        start = end + 1;
    }
    rest_.erase(0, start);
}

std::vector<std::string> QueryLines::next(const std::stop_token& stop) {
    std::vector<std::string> lines;
    take_lines(lines);
    while (!ended_ && lines.size() < most_lines) {
        throw_if_stopped(stop, "what was answered is printed");
        if (!readable(lines.empty() ? ask_again_ms : 0)) {
            if (lines.empty()) continue;
            break;
        }
        std::array<char, 1 << 14> bytes{};
        const ssize_t count = ::read(descriptor_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw Error(concat("the queries can't be read: ", errno_text()));
        ended_ = count == 0;
        rest_.append(bytes.data(), static_cast<std::size_t>(count));
        take_lines(lines);
    }
    if (lines.empty() && !rest_.empty())
        lines.push_back(line(std::exchange(rest_, {})));  // without a newline
    return lines;
}

}  // namespace clipsim::cli
