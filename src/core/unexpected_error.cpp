#include "clipsim/core/unexpected_error.h"

#include <cstdlib>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr const char* ask_for_details =
    "; please report it with the output of the same command and --log-level debug";

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

void on_terminate() {
    std::string line = "an error that nothing handled";
    try {
        if (const std::exception_ptr current = std::current_exception()) std::rethrow_exception(current);
        line += ask_for_details;
    } catch (const std::exception& error) {
        line = in_plain_words(error);
    } catch (...) {
        line += ask_for_details;
    }
    log_error(line);
    std::_Exit(1);
}

}  // namespace

std::string in_plain_words(const std::exception& error) {
    if (dynamic_cast<const Error*>(&error) != nullptr) return first_line(error.what());
    log_debug(concat("what was thrown says: ", printable(error.what())));
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
        return "out of memory; smaller batches (train.classes_per_batch) or fewer --threads need less";
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
        return concat("cannot use ", file->path1().empty() ? "a file" : printable(file->path1()), ": ",
                      file->code().message(), "; check that it is there and who may use it");
    }
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        const bool threads = system->code() == std::errc::resource_unavailable_try_again;
        return concat("the system refused: ", system->code().message(),
                      threads ? "; fewer --threads and data.workers need less" : ask_for_details);
    }
    if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr)
        return concat("a JSON file or a value in it can't be read or written", ask_for_details);
    return concat("a library that clipsim uses failed", ask_for_details);
}

void report_uncaught_exceptions() {
    std::set_terminate(on_terminate);
}

}  // namespace clipsim
