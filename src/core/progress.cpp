#include "clipsim/core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <mutex>

#include "clipsim/core/log.h"
#include "clipsim/core/stopwatch.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

std::string minutes(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::llround(std::max(0.0, seconds)));
    TextStream out;
    if (whole >= 3600) out << whole / 3600 << ':' << std::setw(2) << std::setfill('0');
    out << whole / 60 % 60 << ':' << std::setw(2) << std::setfill('0') << whole % 60;
    return out.str();
}

}  // namespace

struct Progress::State {
    std::string title, unit, note;
    std::uint64_t total = 0, done = 0;
    bool bar = false, silent = false, finished = false, shown = false;
    Stopwatch since_start, since_drawn;
    std::mutex mutex;

    std::string line() const {
        if (total == 0) return concat(title, ' ', done, ' ', unit);
        const double seconds = since_start.seconds();
        const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
        const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
        TextStream out;
        out << title << ' ' << std::setw(3) << static_cast<int>(share * 100) << '%';
        if (bar) {
            constexpr int width = 24;
            const int filled = static_cast<int>(share * width);
            out << " [" << std::string(filled, '#') << std::string(width - filled, '-') << ']';
        }
        out << ' ' << done << '/' << total << ' ' << unit << "  " << std::fixed << std::setprecision(1)
            << rate << "/s";
        if (done >= total) {
            out << "  " << minutes(seconds);
        } else if (rate > 0) {
            out << "  eta " << minutes(static_cast<double>(total - done) / rate);
        }
        if (!note.empty()) out << "  " << note;
        return out.str();
    }

    void draw() {
        since_drawn = {};
        shown = true;
        if (bar) {
            const std::string text = "\r\033[K" + line();
            std::fwrite(text.data(), 1, text.size(), stderr);
            std::fflush(stderr);
        } else {
            log_info(line());
        }
    }
};

Progress::Progress(std::string title, std::string unit, std::uint64_t total, ProgressStyle style)
    : state_(std::make_unique<State>()) {
    state_->title = std::move(title);
    state_->unit = std::move(unit);
    state_->total = total;
    state_->bar = style == ProgressStyle::automatic && ::isatty(STDERR_FILENO) == 1;
    state_->silent = style == ProgressStyle::none;
}

Progress::~Progress() {
    // Work that ends early (an error, Ctrl-C) leaves the bar as it is, on a line of its own.
    if (state_->bar && !state_->finished && state_->shown) std::fputc('\n', stderr);
}

void Progress::advance(std::uint64_t count, std::string note) {
    const std::lock_guard lock(state_->mutex);
    state_->done += count;
    if (!note.empty()) state_->note = std::move(note);
    if (state_->silent) return;
    if (state_->since_drawn.seconds() >= (state_->bar ? 0.1 : 10.0)) state_->draw();
}

void Progress::finish() {
    const std::lock_guard lock(state_->mutex);
    if (state_->finished) return;
    state_->finished = true;
    state_->done = std::max(state_->done, state_->total);  // also what was skipped
    if (state_->silent) return;
    state_->draw();
    if (state_->bar) std::fputc('\n', stderr);
}

void Progress::finish_if_shown() {
    if (state_->shown) finish();
}

}  // namespace clipsim
