#include "train_state.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "metrics/metrics_log.h"

namespace clipsim {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainCursor, stage, epoch_in_stage, step, mined_steps, loss, active_share,
                                   positive_distance, negative_distance, seconds, complete)

namespace {

using nlohmann::json;

// The figures before training ride in a record of their own, "epoch 0".
EpochRecord as_record(const RetrievalMetrics& metrics) {
    EpochRecord record;
    record.validation = metrics;
    return record;
}

torch::serialize::InputArchive open_archive(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
        throw UsageError(concat("nothing to resume: there is no ", printable(file),
                                "; run `clipsim train` without --resume"));
    }
    torch::serialize::InputArchive archive;
    archive.load_from(file.string());
    return archive;
}

[[noreturn]] void refuse(const std::filesystem::path& file) {
    throw UsageError(concat(printable(file), " is damaged or of another version; train anew with --restart"));
}

std::string read_string(torch::serialize::InputArchive& archive, const std::string& key) {
    c10::IValue value;
    archive.read(key, value);
    return value.toStringRef();
}

// The tensors as KIND0, KIND1, ..., and their names as KIND_names.
void write_tensors(torch::serialize::OutputArchive& archive, const std::string& kind,
                   const std::map<std::string, torch::Tensor>& tensors) {
    json names = json::array();
    for (const auto& [name, tensor] : tensors) {
        archive.write(concat(kind, names.size()), tensor.detach().cpu(), true);
        names.push_back(name);
    }
    archive.write(kind + "_names", c10::IValue(names.dump()));
}

std::map<std::string, torch::Tensor> read_tensors(torch::serialize::InputArchive& archive,
                                                  const std::string& kind) {
    std::map<std::string, torch::Tensor> tensors;
    const json names = json::parse(read_string(archive, kind + "_names"));
    for (std::size_t i = 0; i < names.size(); ++i) {
        torch::Tensor tensor;
        archive.read(concat(kind, i), tensor, true);
        tensors.emplace(names[i].get<std::string>(), tensor);
    }
    return tensors;
}

}  // namespace

void save_train_state(const std::filesystem::path& file, const TrainState& state, torch::optim::AdamW& adam) {
    torch::serialize::OutputArchive archive;
    archive.write("fingerprint", c10::IValue(state.fingerprint));
    archive.write("readable", c10::IValue(state.readable));
    archive.write("cursor", c10::IValue(json(state.cursor).dump()));
    const EpochRecord before = as_record(state.before);
    archive.write("before", c10::IValue(metrics_lines(std::span(&before, 1))));
    archive.write("epochs", c10::IValue(metrics_lines(state.epochs)));
    archive.write("generator", state.generator, true);
    archive.write("best_head", state.best_head.detach().cpu(), true);
    write_tensors(archive, "parameter", state.parameters);
    write_tensors(archive, "average", state.averages);
    archive.write("averaged_steps", c10::IValue(state.averaged_steps));
    archive.write("loss_scale", c10::IValue(state.loss_scale.scale));
    archive.write("loss_scale_steps", c10::IValue(state.loss_scale.steps));
    std::map<std::string, torch::Tensor> memory;
    if (state.memory_labels.defined())
        memory = {{"embeddings", state.memory_embeddings}, {"labels", state.memory_labels}};
    write_tensors(archive, "memory", memory);
    torch::serialize::OutputArchive optimizer;
    adam.save(optimizer);
    archive.write("optimizer", optimizer);

    AtomicFile target(file);
    try {
        archive.save_to(target.temporary_path().string());
    } catch (const c10::Error& error) {
        log_debug(concat("LibTorch says: ", printable(error.what_without_backtrace())));
        throw Error(concat("cannot write ", printable(file), ": is the disk full?"));
    }
    target.commit();
}

TrainState load_train_state(const std::filesystem::path& file) {
    try {
        torch::serialize::InputArchive archive = open_archive(file);
        TrainState state;
        state.fingerprint = read_string(archive, "fingerprint");
        state.readable = read_string(archive, "readable");
        state.cursor = json::parse(read_string(archive, "cursor")).get<TrainCursor>();
        state.before = parse_metrics(read_string(archive, "before"), printable(file)).at(0).validation;
        state.epochs = parse_metrics(read_string(archive, "epochs"), printable(file));
        archive.read("generator", state.generator, true);
        archive.read("best_head", state.best_head, true);
        state.parameters = read_tensors(archive, "parameter");
        state.averages = read_tensors(archive, "average");
        c10::IValue value;
        archive.read("averaged_steps", value);
        state.averaged_steps = value.toInt();
        archive.read("loss_scale", value);
        state.loss_scale.scale = value.toDouble();
        archive.read("loss_scale_steps", value);
        state.loss_scale.steps = value.toInt();
        const std::map<std::string, torch::Tensor> memory = read_tensors(archive, "memory");
        if (!memory.empty()) {
            state.memory_embeddings = memory.at("embeddings");
            state.memory_labels = memory.at("labels");
        }
        return state;
    } catch (const c10::Error&) {
        refuse(file);
    } catch (const json::exception&) {
        refuse(file);
    } catch (const std::out_of_range&) {
        refuse(file);
    }
}

void load_optimizer(const std::filesystem::path& file, torch::optim::AdamW& adam) {
    try {
        torch::serialize::InputArchive archive = open_archive(file), optimizer;
        archive.read("optimizer", optimizer);
        adam.load(optimizer);
    } catch (const c10::Error&) {
        refuse(file);
    }
}

}  // namespace clipsim
