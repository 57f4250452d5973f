#include <iostream>

#include "clipsim/core/error.h"
#include "clipsim/core/known_models.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/hub/pull.h"
#include "model/model_subcommands.h"

namespace clipsim::cli {

namespace {

// "ViT-B-32", "ViT-B-32@revision", "owner/name" or "owner/name@revision".
HubRepository repository_of(const std::string& text) {
    const auto at = text.find('@');
    const KnownModel* known = find_known_model(text.substr(0, at));
    if (known != nullptr && known->repository.empty())
        throw UsageError(concat(known->name, " comes with clipsim: there is nothing to pull"));
    const std::string full =
        known == nullptr ? text
                         : std::string(known->repository) + (at == std::string::npos ? "" : text.substr(at));
    if (auto repository = parse_hub_repository(full)) return std::move(*repository);
    std::vector<std::string> names;
    for (const KnownModel& model : known_models()) names.emplace_back(model.name);
    const std::string nearest = nearest_name(text, names);
    throw UsageError(concat("model pull: \"", printable(text),
                            "\" is neither a known model (`clipsim model list` ",
                            "shows them) nor owner/name or owner/name@revision",
                            nearest.empty() ? std::string() : concat("; did you mean ", nearest, "?")));
}

int model_pull(const std::string& name, const GlobalOptions& global) {
    HubSettings settings = hub_settings_from_environment();
    settings.progress = global.run_options().progress;
    settings.stop = global.stop;
    const HubRepository repository = repository_of(name);
    const PulledModel model = pull_model(repository, settings);
    log_info(concat(repository.id(), ", commit ", model.commit.substr(0, 12), ": ", model.files.size(),
                    " files, ",
                    model.downloaded_bytes == 0
                        ? std::string("all here already")
                        : concat((model.downloaded_bytes + 500'000) / 1'000'000, " MB downloaded"),
                    "; --set model.clip=", printable(name), " uses it"));
    std::cout << model.folder.native() << '\n';
    return 0;
}

}  // namespace

Command model_pull_command(CLI::App& parent, const GlobalOptions& global) {
    CLI::App* command = parent.add_subcommand(
        "pull",
        "Downloads a model of a hub into the cache that Python's huggingface_hub shares; prints its folder");
    const auto name = std::make_shared<std::string>();
    command
        ->add_option("model", *name, "A known name (`clipsim model list`), owner/name or owner/name@revision")
        ->required();
    return {command, [&global, name] { return model_pull(*name, global); }};
}

}  // namespace clipsim::cli
