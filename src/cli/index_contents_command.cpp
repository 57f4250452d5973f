#include "index_contents_command.h"

#include <unistd.h>

#include <ctime>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/index_contents.h"
#include "clipsim/search/report.h"
#include "index_stats.h"

namespace clipsim::cli {

namespace {

using Json = nlohmann::ordered_json;

void print(const Json& json, int indent = -1) {
    std::cout << json.dump(indent, ' ', false, Json::error_handler_t::replace) << '\n';
}

// As it was last written to, in UTC.
std::string time_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    char text[32];
    ::gmtime_r(&time, &parts);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

struct ListFlags {
    std::vector<std::string> where;
    std::string format = "tsv";
    bool print0 = false;
};

int list(const GlobalOptions& global, const ListFlags& flags) {
    if (flags.print0 && flags.format != "paths")
        throw UsageError("--print0 ends paths; it goes with --format paths");
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const ImageFilter where = parse_image_filter(flags.where);
    if (flags.format == "tsv") std::cout << "path\tlabel\n";
    for (const StoredImage& image : index_images(global.config(), where)) {
        if (flags.format == "json") {
            print({{"id", image.id},
                   {"path", image.path.string()},
                   {"label", image.label},
                   {"size", image.stamp.size},
                   {"content_hash", image.content_hash}});
        } else if (flags.format == "tsv") {
            std::cout << tsv_field(image.path.native()) << '\t' << tsv_field(image.label) << '\n';
        } else {
            std::cout << (terminal ? printable(image.path) : image.path.native())
                      << (flags.print0 ? '\0' : '\n');
        }
    }
    return 0;
}

Json info_json(const IndexInfo& info) {
    const IndexIdentity& identity = info.description.identity;
    Json json;
    json["place"] = info.place;
    json["folders"] = Json::array();
    for (const std::filesystem::path& root : info.description.roots) json["folders"].push_back(root.string());
    json["model"] = {{"id", identity.model_id}, {"hash", identity.model_hash}};
    if (!identity.precision.empty()) json["model"]["precision"] = identity.precision;
    json["dimension"] = identity.dimension;
    json["text_dimension"] = identity.text_dimension;
    json["images"] = info.description.images;
    json["labels"] = Json::object();
    for (const auto& [label, count] : info.labels) json["labels"][label] = count;
    json["index_type"] = to_string(info.description.parameters.type);
    json["parameters"] = parameters_json(info.description.parameters);
    json["bytes"] = info.storage.bytes;
    if (info.storage.changed_s) json["changed"] = time_text(*info.storage.changed_s);
    return json;
}

void print_info(const IndexInfo& info) {
    const IndexIdentity& identity = info.description.identity;
    TextStream out;
    out << "place      " << info.place << '\n';
    for (const std::filesystem::path& root : info.description.roots)
        out << "folder     " << printable(root) << '\n';
    out << "vectors    of " << printable(identity.model_id) << ", " << identity.dimension << " dimensions";
    if (!identity.precision.empty()) out << ", " << identity.precision;
    if (identity.text_dimension > 0) out << "; for sentences " << identity.text_dimension << " dimensions";
    out << "\nimages     " << info.description.images << " of " << info.labels.size()
        << (info.labels.size() == 1 ? " label" : " labels") << '\n'
        << "index      " << to_string(info.description.parameters.type) << '\n'
        << "size       " << std::fixed << std::setprecision(1)
        << static_cast<double>(info.storage.bytes) / 1e6 << " MB\n";
    if (info.storage.changed_s) out << "changed    " << time_text(*info.storage.changed_s) << '\n';
    std::cout << out.str();
}

struct RemoveFlags {
    std::vector<std::string> names;
    bool dry_run = false;
};

int remove(const GlobalOptions& global, const RemoveFlags& flags) {
    const std::vector<StoredImage> removed =
        remove_images(global.config(), flags.names, flags.dry_run, global.run_options());
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    std::size_t there = 0;
    for (const StoredImage& image : removed) {
        std::cout << (terminal ? printable(image.path) : image.path.native()) << '\n';
        std::error_code ignored;
        if (std::filesystem::exists(image.path, ignored)) ++there;
    }
    log_info(concat(flags.dry_run ? "dry run: " : "", removed.size(),
                    removed.size() == 1 ? " image" : " images", flags.dry_run ? " to remove" : " removed"));
    if (there > 0) {
        log_info(
            concat(there, there == 1 ? " of the files is" : " of the files are",
                   " still there: `clipsim index` over their folder brings them back, unless data.exclude "
                   "leaves them out"));
    }
    return 0;
}

}  // namespace

std::vector<Command> index_contents_commands(CLI::App& index, const GlobalOptions& global) {
    CLI::App* listing = index.add_subcommand("list", "The images that the index holds");
    const auto list_flags = std::make_shared<ListFlags>();
    listing->add_option("--format", list_flags->format, "tsv, json or paths")
        ->check(CLI::IsMember({"tsv", "json", "paths"}));
    listing->add_option("--where", list_flags->where, "Only some of them, as in `clipsim search`")
        ->type_name("EXPRESSION")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    listing->add_flag("-0,--print0", list_flags->print0,
                      "End each path of --format paths with a NUL, for names with newlines");

    CLI::App* describing = index.add_subcommand("info", "What the index is made of, and how large it is");
    const auto format = std::make_shared<std::string>("table");
    describing->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));

    CLI::App* removing = index.add_subcommand("remove", "Take images out of the index; the files stay");
    const auto remove_flags = std::make_shared<RemoveFlags>();
    removing->add_option("names", remove_flags->names, "Files, folders, or globs such as '*/2019/*'")
        ->type_name("PATH")
        ->required();
    removing->add_flag("--dry-run", remove_flags->dry_run, "Print what would be removed and leave it");

    return {{listing, [&global, list_flags] { return list(global, *list_flags); }},
            {describing,
             [&global, format] {
                 const IndexInfo info = index_info(global.config());
                 if (*format == "json") {
                     print(info_json(info), 2);
                 } else {
                     print_info(info);
                 }
                 return 0;
             }},
            {removing, [&global, remove_flags] { return remove(global, *remove_flags); }}};
}

}  // namespace clipsim::cli
