// Which files and folders a walk leaves out: gitignore's patterns (https://git-scm.com/docs/gitignore).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

class IgnorePattern {
  public:
    // Nothing for a blank line and a comment. kind: what left_out counts are called.
    static std::optional<IgnorePattern> parse(std::string_view line, std::string kind);
    // parts: of a path relative to the folder that the pattern is of.
    bool matches(std::span<const std::string> parts, bool is_folder) const;

    const std::string& kind() const { return kind_; }
    bool negated() const { return negated_; }

  private:
    std::string kind_;
    bool negated_ = false, folders_only_ = false, anchored_ = false;
    std::vector<std::string> parts_;
};

// The rules of a folder, over those of the folders above it.
struct IgnoreRules {
    std::size_t depth = 0;  // names in the folder's path
    std::vector<IgnorePattern> patterns;
    std::shared_ptr<const IgnoreRules> above;
};

// With the rules of folder/.clipsimignore, where there are any. One that can't be read is named on stderr.
std::shared_ptr<const IgnoreRules> with_ignore_file(std::shared_ptr<const IgnoreRules> above,
                                                    const std::filesystem::path& folder);
// "photos/./ant/" -> photos, ., ant
std::vector<std::string> names_in(const std::filesystem::path& path);
// What holds in a root: what is no photo by its name (hidden ones, other programs' folders), data.exclude's
// `globs`, which are relative to `base`, then the .clipsimignore files of the folders above it.
std::shared_ptr<const IgnoreRules> rules_of_root(const std::filesystem::path& root,
                                                 const std::filesystem::path& base,
                                                 std::span<const std::string> globs);
// The kind of the pattern that leaves the path of these names out, null where none does: of several that
// match, the last of the innermost folder decides.
const std::string* left_out_by(const IgnoreRules& rules, std::span<const std::string> names, bool is_folder);

}  // namespace clipsim
