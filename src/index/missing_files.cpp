#include "missing_files.h"

#include <cerrno>
#include <system_error>

namespace clipsim {

namespace {

namespace fs = std::filesystem;

bool is_absence(const std::error_code& error) {
    return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

bool is_dead_link(const fs::path& path) {
    std::error_code ignored;
    return fs::is_symlink(fs::symlink_status(path, ignored));
}

// An unmounted disk leaves a folder with nothing in it.
Finding listed(const fs::path& folder) {
    std::error_code error;
    bool empty = true;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const fs::path name = entry->path().filename();
        if (!name.native().starts_with('.') && name != "lost+found") empty = false;
    }
    if (error) return {Fate::unknown, folder, error.message()};
    if (empty) return {Fate::absent, folder, "it is empty"};
    return {};
}

}  // namespace

Finding MissingFiles::look_for(const fs::path& file) {
    std::error_code error;
    if (fs::exists(fs::status(file, error))) return {Fate::there, file, {}};
    if (error && !is_absence(error)) return {Fate::unknown, file, error.message()};
    if (is_dead_link(file)) return {Fate::away, file, "a link to what is not there"};
    return folder(file.parent_path());
}

const Finding& MissingFiles::folder(const fs::path& folder) {
    const auto known = folders_.find(folder);
    if (known != folders_.end()) return known->second;
    return folders_.emplace(folder, look_at_folder(folder)).first->second;
}

Finding MissingFiles::look_at_folder(const fs::path& folder) {
    std::error_code error;
    const fs::file_status status = fs::status(folder, error);
    if (fs::is_directory(status)) return listed(folder);
    if (fs::exists(status)) return {Fate::absent, folder, "it is no folder any more"};
    if (error && !is_absence(error)) return {Fate::unknown, folder, error.message()};
    if (is_dead_link(folder)) return {Fate::away, folder, "a link to what is not there"};
    if (!folder.has_relative_path()) return {Fate::absent, folder, "it is not there"};
    const Finding& above = this->folder(folder.parent_path());
    return above.fate == Fate::gone ? Finding{Fate::absent, folder, "it is not there"} : above;
}

}  // namespace clipsim
