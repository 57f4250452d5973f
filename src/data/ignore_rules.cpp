#include "ignore_rules.h"

#include <fnmatch.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

constexpr const char* ignore_file = ".clipsimignore";
constexpr std::uint64_t max_ignore_file_bytes = 1 << 20;

// Thumbnails, deleted files and the like, of NAS systems, file managers, macOS, Windows and Linux.
constexpr const char* folders_of_others[] = {
    "@eaDir",    "@Recycle",    "@Recently-Snapshot", "@__thumb",   "#recycle",
    "#snapshot", "__MACOSX",    "$RECYCLE.BIN",       "lost+found", "System Volume Information",
    "RECYCLER",  "$Recycle.Bin"};

bool fits(const std::string& glob, const std::string& name) {
    return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

bool fits(std::span<const std::string> globs, std::span<const std::string> parts) {
    if (globs.empty()) return parts.empty();
    if (globs.front() == "**") {
        if (globs.size() == 1) return !parts.empty();  // what is in a folder, not the folder
        for (std::size_t skipped = 0; skipped <= parts.size(); ++skipped) {
            if (fits(globs.subspan(1), parts.subspan(skipped))) return true;
        }
        return false;
    }
    return !parts.empty() && fits(globs.front(), parts.front()) && fits(globs.subspan(1), parts.subspan(1));
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    for (auto end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.emplace_back(text);
    return parts;
}

std::string_view without_trailing_blanks(std::string_view line) {
    while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    return line;
}

}  // namespace

std::optional<IgnorePattern> IgnorePattern::parse(std::string_view line, std::string kind) {
    line = without_trailing_blanks(line);
    if (line.empty() || line.starts_with('#')) return std::nullopt;
    IgnorePattern pattern;
    pattern.kind_ = std::move(kind);
    pattern.negated_ = line.starts_with('!');
    if (pattern.negated_) line.remove_prefix(1);
    pattern.folders_only_ = line.ends_with('/');
    if (pattern.folders_only_) line.remove_suffix(1);
    pattern.anchored_ = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) return std::nullopt;
    pattern.parts_ = split(line, '/');
    return pattern;
}

bool IgnorePattern::matches(std::span<const std::string> parts, bool is_folder) const {
    if (parts.empty() || (folders_only_ && !is_folder)) return false;
    return anchored_ ? fits(parts_, parts) : fits(parts_.front(), parts.back());
}

std::vector<std::string> names_in(const fs::path& path) {
    std::vector<std::string> names;
    for (const fs::path& name : path) {
        if (!name.empty()) names.push_back(name.string());
    }
    return names;
}

std::shared_ptr<const IgnoreRules> with_ignore_file(std::shared_ptr<const IgnoreRules> above,
                                                    const fs::path& folder) {
    const fs::path file = folder / ignore_file;
    std::error_code error;
    if (!fs::exists(file, error)) return above;
    std::string text;
    try {
        text = read_file(file, max_ignore_file_bytes);
    } catch (const Error& problem) {
        log_warning(problem.what());
        return above;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    auto rules = std::make_shared<IgnoreRules>(IgnoreRules{names_in(folder).size(), {}, std::move(above)});
    for (const std::string& line : split(text, '\n')) {
        auto pattern = IgnorePattern::parse(line, "excluded");
        if (pattern) rules->patterns.push_back(std::move(*pattern));
    }
    return rules;
}

std::shared_ptr<const IgnoreRules> rules_of_root(const fs::path& root, const fs::path& base,
                                                 std::span<const std::string> globs) {
    auto rules = std::make_shared<IgnoreRules>(IgnoreRules{names_in(base).size(), {}, nullptr});
    rules->patterns.push_back(*IgnorePattern::parse(".*", "hidden"));
    for (const std::string name : folders_of_others)
        rules->patterns.push_back(*IgnorePattern::parse(name.starts_with('#') ? "\\" + name : name, name));
    for (const std::string& glob : globs) {
        auto pattern = IgnorePattern::parse(glob, "excluded");
        if (pattern) rules->patterns.push_back(std::move(*pattern));
    }
    // As it is when a folder above this one is walked.
    std::shared_ptr<const IgnoreRules> all = std::move(rules);
    std::vector<fs::path> folders;
    for (fs::path folder = root; folder.has_relative_path(); folder = folder.parent_path())
        folders.push_back(folder.parent_path());
    for (; !folders.empty(); folders.pop_back()) all = with_ignore_file(all, folders.back());
    return all;
}

const std::string* left_out_by(const IgnoreRules& rules, std::span<const std::string> names, bool is_folder) {
    for (const IgnoreRules* of = &rules; of != nullptr; of = of->above.get()) {
        const auto below = names.subspan(std::min(of->depth, names.size()));
        const auto decides =
            std::find_if(of->patterns.rbegin(), of->patterns.rend(),
                         [&](const IgnorePattern& pattern) { return pattern.matches(below, is_folder); });
        if (decides != of->patterns.rend()) return decides->negated() ? nullptr : &decides->kind();
    }
    return nullptr;
}

}  // namespace clipsim
