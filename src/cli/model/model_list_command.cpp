#include <iomanip>
#include <iostream>

#include "clipsim/core/error.h"
#include "clipsim/core/known_models.h"
#include "clipsim/model/model_files.h"
#include "model/model_subcommands.h"

namespace clipsim::cli {

namespace {

bool is_here(const std::string& name) {
    try {
        find_model(name);
        return true;
    } catch (const UsageError&) {
        return false;
    }
}

int model_list() {
    std::cout << std::left << std::setw(22) << "name" << std::setw(6) << "MB" << std::setw(6) << "here"
              << std::setw(48) << "repository"
              << "what\n";
    for (const KnownModel& model : known_models()) {
        std::cout << std::setw(22) << model.name << std::setw(6)
                  << (model.megabytes == 0 ? std::string("-") : std::to_string(model.megabytes))
                  << std::setw(6) << (is_here(std::string(model.name)) ? "yes" : "no") << std::setw(48)
                  << (model.repository.empty() ? "-" : model.repository) << model.about << '\n';
    }
    return 0;
}

}  // namespace

Command model_list_command(CLI::App& parent, const GlobalOptions& /*global*/) {
    CLI::App* command =
        parent.add_subcommand("list", "The models that have a short name, and whether they are here");
    return {command, [] { return model_list(); }};
}

}  // namespace clipsim::cli
