#include "clipsim/pipeline/index_contents.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/index_writer.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/pipeline/steps/output_layout.h"

namespace clipsim {

namespace {

std::unique_ptr<IndexReader> open_reader(const Config& config, const std::stop_token& stop = {}) {
    return open_index_reader(index_place(config), std::nullopt, config.index, ThreadPool(1), stop);
}

// Which images a name means.
class NamedImages {
  public:
    explicit NamedImages(const std::string& name) : name_(name) {
        const std::filesystem::path path = std::filesystem::absolute(name).lexically_normal();
        path_ = (path.has_filename() ? path : path.parent_path()).string();
        if (name.find_first_of("*?[") != std::string::npos)
            glob_ = ImageCondition{ImageCondition::Field::path, false, {name}};
        below_ = ImageCondition{ImageCondition::Field::folder, false, {path_}};
    }

    bool hold(const StoredImage& image) const {
        const std::string& path = image.path.native();
        return path == name_ || path == path_ || below_.matches(path, image.label) ||
               (glob_ && glob_->matches(path, image.label));
    }

  private:
    std::string name_, path_;
    ImageCondition below_;
    std::optional<ImageCondition> glob_;
};

std::vector<StoredImage> named(const std::vector<StoredImage>& images,
                               const std::vector<std::string>& names) {
    std::vector<bool> chosen(images.size(), false);
    for (const std::string& name : names) {
        const NamedImages wanted(name);
        bool any = false;
        for (std::size_t i = 0; i < images.size(); ++i) {
            if (!wanted.hold(images[i])) continue;
            chosen[i] = any = true;
        }
        if (!any) {
            throw UsageError(concat("no image of the index is called ", printable(name),
                                    " or lies below it; nothing was removed (`clipsim index list` shows what "
                                    "there is)"));
        }
    }
    std::vector<StoredImage> found;
    for (std::size_t i = 0; i < images.size(); ++i) {
        if (chosen[i]) found.push_back(images[i]);
    }
    return found;
}

}  // namespace

IndexInfo index_info(const Config& config) {
    const std::unique_ptr<IndexReader> reader = open_reader(config);
    IndexInfo info{index_place(config).name(), reader->description(), reader->storage(), {}};
    for (const StoredImage& image : reader->images({})) ++info.labels[image.label];
    return info;
}

std::vector<StoredImage> index_images(const Config& config, const ImageFilter& where) {
    return open_reader(config)->images(where);
}

std::vector<StoredImage> remove_images(const Config& config, const std::vector<std::string>& names,
                                       bool dry_run, const RunOptions& run) {
    const std::unique_ptr<IndexReader> reader = open_reader(config, run.stop);
    if (dry_run) return named(reader->images({}), names);
    const IndexDescription& index = reader->description();
    UpdateSettings settings;
    settings.stop = run.stop;
    settings.wait = patience_with_writers;
    // As it was made, whatever the config says by now: nothing is embedded and nothing need be built anew.
    const std::unique_ptr<IndexWriter> writer = open_index_writer(
        index_place(config), index.identity, index.parameters, UpdateMode::update, run.threads, settings);
    std::vector<StoredImage> removed = named(writer->store()->images(), names);
    std::vector<std::int64_t> ids;
    for (const StoredImage& image : removed) ids.push_back(image.id);
    writer->store()->remove(ids);
    UpdateReport report;
    writer->publish(report);
    return removed;
}

}  // namespace clipsim
