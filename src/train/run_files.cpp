#include "run_files.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

void put_in_place(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) throw Error(concat("cannot write ", printable(to), ": ", error.message()));
}

// `to` becomes the same file, or a copy of it where the file system knows no links; never half of it.
void link_or_copy(const fs::path& from, const fs::path& to) {
    const fs::path aside = to.string() + ".new";
    std::error_code error;
    fs::remove(aside, error);
    fs::create_hard_link(from, aside, error);
    if (error) fs::copy_file(from, aside, error);
    if (error) throw Error(concat("cannot write ", printable(aside), ": ", error.message()));
    put_in_place(aside, to);
}

}  // namespace

RunFiles::RunFiles(const fs::path& output_dir)
    : checkpoints(output_dir / "checkpoints"),
      best_model(checkpoints / "best_model.safetensors"),
      previous_best_model(checkpoints / "previous_best_model.safetensors"),
      unfinished_best_model(checkpoints / "unfinished_best_model.safetensors"),
      last_model(checkpoints / "last_model.safetensors"),
      last_state(checkpoints / "last_state.pt"),
      metrics(output_dir / "metrics.jsonl"),
      previous_metrics(output_dir / "previous_metrics.jsonl"),
      lock(checkpoints / "lock") {}

void publish_best_model(const RunFiles& files) {
    if (!is_there(files.unfinished_best_model)) return;  // no epoch was better, or it is done
    std::error_code ignored;
    if (is_there(files.best_model) && !fs::equivalent(files.best_model, files.unfinished_best_model, ignored))
        link_or_copy(files.best_model, files.previous_best_model);
    put_in_place(files.unfinished_best_model, files.best_model);
    fs::remove(files.unfinished_best_model, ignored);  // two names of one file stay two
}

void publish_first_model(const RunFiles& files) {
    if (is_there(files.unfinished_best_model) && !is_there(files.best_model))
        link_or_copy(files.unfinished_best_model, files.best_model);
}

}  // namespace clipsim
