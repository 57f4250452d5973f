#include "config_keys.h"

#include <array>
#include <type_traits>
#include <utility>

#include "clipsim/core/config_io.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;
constexpr double no_limit = std::numeric_limits<double>::infinity();

template <typename Enum>
using Names = std::vector<std::pair<std::string, Enum>>;

const Names<Precision> precision_names{{"auto", Precision::automatic},
                                       {"fp32", Precision::fp32},
                                       {"bf16", Precision::bf16},
                                       {"int8", Precision::int8}};
const Names<Mining> mining_names{{"random", Mining::random},
                                 {"all", Mining::all},
                                 {"semi_hard", Mining::semi_hard},
                                 {"batch_hard", Mining::batch_hard},
                                 {"distance_weighted", Mining::distance_weighted}};
const Names<SplitBy> split_names{{"by_image", SplitBy::image}, {"by_class", SplitBy::label}};
const Names<KeepMethod> keep_names{{"none", KeepMethod::none},
                                   {"wise_ft", KeepMethod::wise_ft},
                                   {"distill", KeepMethod::distill},
                                   {"l2", KeepMethod::l2},
                                   {"distill_wise_ft", KeepMethod::distill_wise_ft}};
const Names<Loss> loss_names{{"triplet", Loss::triplet},
                             {"multi_similarity", Loss::multi_similarity},
                             {"supcon", Loss::supcon},
                             {"proxy_anchor", Loss::proxy_anchor}};
const Names<Schedule> schedule_names{
    {"cosine", Schedule::cosine}, {"linear", Schedule::linear}, {"constant", Schedule::constant}};
const Names<Amp> amp_names{
    {"auto", Amp::automatic}, {"off", Amp::off}, {"bf16", Amp::bf16}, {"fp16", Amp::fp16}};
const Names<Monitor> monitor_names{{"mean_average_precision_at_r", Monitor::mean_average_precision_at_r},
                                   {"r_precision", Monitor::r_precision},
                                   {"recall_at_1", Monitor::recall_at_1},
                                   {"recall_at_5", Monitor::recall_at_5},
                                   {"triplet_accuracy", Monitor::triplet_accuracy}};
const Names<IndexType> index_type_names{{"auto", IndexType::automatic},
                                        {"flat", IndexType::flat},
                                        {"hnsw", IndexType::hnsw},
                                        {"ivf", IndexType::ivf}};
const Names<Storage> storage_names{{"fp32", Storage::fp32}, {"fp16", Storage::fp16}, {"int8", Storage::int8}};
const Names<IndexBackend> backend_names{{"faiss", IndexBackend::faiss}, {"postgres", IndexBackend::postgres}};

template <typename Enum>
std::string name_of(const Names<Enum>& names, Enum value) {
    for (const auto& [name, known] : names) {
        if (known == value) return name;
    }
    return {};
}

template <typename T>
constexpr ConfigKey::Type type_of() {
    if constexpr (std::is_same_v<T, bool>) {
        return ConfigKey::Type::boolean;
    } else if constexpr (std::is_integral_v<T>) {
        return ConfigKey::Type::integer;
    } else if constexpr (std::is_floating_point_v<T>) {
        return ConfigKey::Type::number;
    } else {
        return ConfigKey::Type::string;
    }
}

// `member` maps a Config (const or not) to a reference to the value.
template <typename Member>
ConfigKey plain(std::string path, std::string description, Member member) {
    using T = std::remove_cvref_t<decltype(member(std::declval<Config&>()))>;
    ConfigKey key;
    key.path = std::move(path);
    key.description = std::move(description);
    key.type = type_of<T>();
    key.get = [member](const Config& config) -> Json { return member(config); };
    key.set = [member](Config& config, const Json& value) { member(config) = value.get<T>(); };
    return key;
}

template <typename Member>
ConfigKey number(std::string path, std::string description, Member member, double minimum,
                 double maximum = no_limit) {
    ConfigKey key = plain(std::move(path), std::move(description), member);
    key.minimum = minimum;
    if (maximum != no_limit) key.maximum = maximum;
    return key;
}

template <typename Enum, typename Member>
ConfigKey choice(std::string path, std::string description, Member member, const Names<Enum>& names) {
    ConfigKey key;
    key.path = std::move(path);
    key.description = std::move(description);
    for (const auto& [name, value] : names) key.choices.push_back(name);
    key.get = [member, names](const Config& config) -> Json { return name_of(names, member(config)); };
    key.set = [member, names](Config& config, const Json& value) {
        if (value.is_boolean()) member(config) = names[value.get<bool>() ? 0 : 1].second;
        for (const auto& [name, known] : names) {
            if (value == name) member(config) = known;
        }
    };
    return key;
}

// A number or null.
template <typename Member>
ConfigKey optional_number(std::string path, std::string description, Member member, double minimum,
                          double maximum) {
    ConfigKey key;
    key.path = std::move(path);
    key.description = std::move(description);
    using T = typename std::remove_cvref_t<decltype(member(std::declval<Config&>()))>::value_type;
    key.type = type_of<T>();
    key.nullable = true;
    key.minimum = minimum;
    key.maximum = maximum;
    key.get = [member](const Config& config) -> Json {
        const std::optional<T>& value = member(config);
        return value ? Json(*value) : Json(nullptr);
    };
    key.set = [member](Config& config, const Json& value) {
        if (value.is_null()) {
            member(config) = std::nullopt;
        } else {
            member(config) = value.get<T>();
        }
    };
    return key;
}

// A lambda that reaches one member of Config, for reading and for writing.
// NOLINTBEGIN(bugprone-macro-parentheses): a member can't stand in parentheses
#define CLIPSIM_MEMBER(member)  \
    [](auto& config) -> auto& { \
        return config.member;   \
    }
// NOLINTEND(bugprone-macro-parentheses)

void add_model_and_data(std::vector<ConfigKey>& keys) {
    keys.push_back(plain("model.clip",
                         "The CLIP to start from: a folder in Hugging Face format or a known name",
                         CLIPSIM_MEMBER(model.clip)));
    keys.push_back(number("model.projection_dim", "Dimension of the fine-tuned space",
                          CLIPSIM_MEMBER(model.projection_dim), 2, 4096));
    keys.push_back(choice("model.precision",
                          "Arithmetic of the encoder; auto picks the fastest that is accurate",
                          CLIPSIM_MEMBER(model.precision), precision_names));
    keys.push_back(
        plain("data.root", "The folder of photos, one sub-folder a class", CLIPSIM_MEMBER(data.root)));
    keys.push_back(choice("data.split",
                          "What is held out: by_image, photos of every class; by_class, whole classes",
                          CLIPSIM_MEMBER(data.split), split_names));
    ConfigKey fraction =
        number("data.val_fraction", "Share of each class (by_class: of the classes) held out for validation",
               CLIPSIM_MEMBER(data.val_fraction), 0.01, 0.9);
    keys.push_back(std::move(fraction));
    keys.push_back(number("data.seed", "Seed of the split, the sampler and all that is random",
                          CLIPSIM_MEMBER(data.seed), 0, 9007199254740991.0));
    keys.push_back(number("data.workers", "Threads that read and preprocess images; 0: one a core",
                          CLIPSIM_MEMBER(data.workers), 0, 1024));
    keys.push_back(
        plain("data.augment", "Random crops and mirror images in stage 2", CLIPSIM_MEMBER(data.augment)));
    keys.push_back(number("data.max_pixels", "Images with more pixels than this are refused",
                          CLIPSIM_MEMBER(data.max_pixels), 1, 1e12));
}

void add_losses(std::vector<ConfigKey>& keys) {
    keys.push_back(choice("train.loss", "What is made small", CLIPSIM_MEMBER(train.loss), loss_names));
    keys.push_back(number("train.margin", "Margin of the triplet loss, in Euclidean distance of unit vectors",
                          CLIPSIM_MEMBER(train.margin), 0.0, 2.0));
    keys.push_back(choice("train.mining", "Which triplets of a batch are trained on",
                          CLIPSIM_MEMBER(train.mining), mining_names));
    keys.push_back(plain("train.triplet.soft_margin",
                         "log(1 + exp(d(a,p) - d(a,n) + margin)) instead of the hinge",
                         CLIPSIM_MEMBER(train.triplet.soft_margin)));
    keys.push_back(plain("train.triplet.squared_distances", "Squared distances in the triplet loss",
                         CLIPSIM_MEMBER(train.triplet.squared_distances)));
    keys.push_back(number("train.triplet.triplets_per_anchor",
                          "At most so many of an anchor's triplets, drawn at random; 0: all that are mined",
                          CLIPSIM_MEMBER(train.triplet.triplets_per_anchor), 0, 1'000'000));
    keys.push_back(number("train.distance_weighted.cutoff",
                          "Mining distance_weighted: nearer negatives are weighted as at this distance",
                          CLIPSIM_MEMBER(train.distance_weighted.cutoff), 1e-3, 2));
    keys.push_back(number("train.distance_weighted.nonzero_loss_cutoff",
                          "Mining distance_weighted: negatives beyond this distance are not drawn",
                          CLIPSIM_MEMBER(train.distance_weighted.nonzero_loss_cutoff), 1e-3, 2));
    keys.push_back(number("train.multi_similarity.alpha", "Weight of the positives",
                          CLIPSIM_MEMBER(train.multi_similarity.alpha), 1e-3, 1e4));
    keys.push_back(number("train.multi_similarity.beta", "Weight of the negatives",
                          CLIPSIM_MEMBER(train.multi_similarity.beta), 1e-3, 1e4));
    keys.push_back(number("train.multi_similarity.base", "The similarity that parts the two",
                          CLIPSIM_MEMBER(train.multi_similarity.base), -1, 1));
    keys.push_back(number("train.multi_similarity.epsilon",
                          "Its miner: how much easier than the hardest a pair may be",
                          CLIPSIM_MEMBER(train.multi_similarity.epsilon), 0, 2));
    keys.push_back(number("train.supcon.temperature", "What similarities are divided by",
                          CLIPSIM_MEMBER(train.supcon.temperature), 1e-3, 100));
    keys.push_back(number("train.proxy_anchor.margin", "Margin, in cosine similarity",
                          CLIPSIM_MEMBER(train.proxy_anchor.margin), 0, 2));
    keys.push_back(number("train.proxy_anchor.alpha", "How much hard examples count above easy ones",
                          CLIPSIM_MEMBER(train.proxy_anchor.alpha), 1e-3, 1e4));
    keys.push_back(number("train.proxy_anchor.learning_rate", "Learning rate of the proxies",
                          CLIPSIM_MEMBER(train.proxy_anchor.learning_rate), 0, 10));
    keys.push_back(number("train.cross_batch_memory",
                          "Embeddings of earlier batches that the loss compares with too; 0: none",
                          CLIPSIM_MEMBER(train.cross_batch_memory), 0, 10'000'000));
}

void add_optimisation(std::vector<ConfigKey>& keys) {
    keys.push_back(number("train.weight_decay", "AdamW's weight decay; norms and biases have none",
                          CLIPSIM_MEMBER(train.weight_decay), 0, 10));
    keys.push_back(number("train.warmup", "Share of a stage's steps over which the learning rate rises",
                          CLIPSIM_MEMBER(train.warmup), 0, 1));
    keys.push_back(choice("train.schedule", "How the learning rate falls after it",
                          CLIPSIM_MEMBER(train.schedule), schedule_names));
    keys.push_back(number("train.clip_norm", "Largest norm of all gradients together; 0: any",
                          CLIPSIM_MEMBER(train.clip_norm), 0, 1e9));
    keys.push_back(
        number("train.ema_decay",
               "Keep a moving average of the weights with this decay, e.g. 0.99, and save it; 0: none",
               CLIPSIM_MEMBER(train.ema_decay), 0, 0.999999));
    ConfigKey amp =
        choice("train.amp", "16-bit arithmetic; auto (or true): where the device is faster with it",
               CLIPSIM_MEMBER(train.amp), amp_names);
    amp.or_boolean = true;
    keys.push_back(std::move(amp));
    keys.push_back(plain("train.grad_checkpointing",
                         "Recompute the unfrozen blocks in the backward pass: less memory, more time",
                         CLIPSIM_MEMBER(train.grad_checkpointing)));
}

void add_stages(std::vector<ConfigKey>& keys) {
    keys.push_back(number(
        "train.augment_views",
        "Views of each photo in stage 2, each computed once, the first of them the photo as it is; 0: a new "
        "one each epoch",
        CLIPSIM_MEMBER(train.augment_views), 0, 100'000));
    keys.push_back(number("train.cache_gb",
                          "Disk for what the frozen blocks make of the photos, in GiB; more is computed anew",
                          CLIPSIM_MEMBER(train.cache_gb), 0, 1e6));
    ConfigKey folder =
        plain("train.cache_dir", "The folder for it, which runs may share; empty: in output_dir",
              CLIPSIM_MEMBER(train.cache_dir));
    folder.or_empty = true;
    keys.push_back(std::move(folder));
    keys.push_back(choice("train.monitor",
                          "The held-out figure that chooses the best epoch and that early stopping watches",
                          CLIPSIM_MEMBER(train.monitor), monitor_names));
    keys.push_back(number("train.early_stopping",
                          "Epochs without improvement after which a stage ends; 0: never",
                          CLIPSIM_MEMBER(train.early_stopping), 0, 100'000));
    keys.push_back(optional_number("train.stage1.epochs",
                                   "Epochs with the encoder frozen; null: a third of train.epochs",
                                   CLIPSIM_MEMBER(train.stage1.epochs), 0, 100'000));
    keys.push_back(number("train.stage1.learning_rate", "Learning rate of the head in stage 1",
                          CLIPSIM_MEMBER(train.stage1.learning_rate), 0, 10));
    keys.push_back(
        optional_number("train.stage2.epochs",
                        "Epochs with the last blocks unfrozen; null: what stage 1 leaves of train.epochs",
                        CLIPSIM_MEMBER(train.stage2.epochs), 0, 100'000));
    keys.push_back(number("train.stage2.learning_rate", "Learning rate of the unfrozen blocks in stage 2",
                          CLIPSIM_MEMBER(train.stage2.learning_rate), 0, 10));
    keys.push_back(number("train.stage2.unfreeze_blocks", "How many of the last blocks stage 2 trains",
                          CLIPSIM_MEMBER(train.stage2.unfreeze_blocks), 0, 1024));
    keys.push_back(
        optional_number("train.stage2.head_learning_rate",
                        "Learning rate of the head in stage 2; null: a tenth of train.stage1.learning_rate",
                        CLIPSIM_MEMBER(train.stage2.head_learning_rate), 0, 10));
    keys.push_back(number("train.stage2.layer_decay",
                          "A block's learning rate as a share of the one's above it; 1: all the same",
                          CLIPSIM_MEMBER(train.stage2.layer_decay), 0.01, 1));
}

void add_train(std::vector<ConfigKey>& keys) {
    keys.push_back(
        number("train.epochs", "Epochs of both stages together", CLIPSIM_MEMBER(train.epochs), 0, 100'000));
    keys.push_back(number("train.classes_per_batch", "Classes in a batch (P)",
                          CLIPSIM_MEMBER(train.classes_per_batch), 2, 4096));
    keys.push_back(number("train.images_per_class", "Images of each class in a batch (K)",
                          CLIPSIM_MEMBER(train.images_per_class), 2, 4096));
    keys.push_back(number("train.accumulate_batches",
                          "Batches that make one step, with the result of one batch of that size",
                          CLIPSIM_MEMBER(train.accumulate_batches), 1, 100'000));
    add_losses(keys);
    add_optimisation(keys);
    add_stages(keys);
}

void add_keep(std::vector<ConfigKey>& keys) {
    keys.push_back(choice("train.keep.method", "What keeps the model from forgetting what CLIP knew",
                          CLIPSIM_MEMBER(train.keep.method), keep_names));
    keys.push_back(number("train.keep.strength", "Weight of the term that distill and l2 add to the loss",
                          CLIPSIM_MEMBER(train.keep.strength), 0, 1e6));
    keys.push_back(number("train.keep.alpha",
                          "wise_ft: share of the trained weights; the rest are those at the start",
                          CLIPSIM_MEMBER(train.keep.alpha), 0, 1));
}

void add_index_parameters(std::vector<ConfigKey>& keys) {
    const std::size_t first = keys.size();
    keys.push_back(choice("index.type",
                          "auto: flat below 50,000 images, which is exact, and hnsw from there on",
                          CLIPSIM_MEMBER(index.type), index_type_names));
    keys.push_back(choice("index.storage", "How vectors are kept in index.faiss",
                          CLIPSIM_MEMBER(index.storage), storage_names));
    keys.push_back(number("index.hnsw.m", "Neighbours a node of the HNSW graph has",
                          CLIPSIM_MEMBER(index.hnsw.m), 2, 512));
    keys.push_back(number("index.hnsw.ef_construction", "Candidates looked at when a node is added",
                          CLIPSIM_MEMBER(index.hnsw.ef_construction), 1, 100'000));
    keys.push_back(optional_number(
        "index.hnsw.ef_search",
        "Candidates a search looks at: recall against speed; null: as the index was made, or 128",
        CLIPSIM_MEMBER(index.hnsw.ef_search), 1, 100'000));
    keys.push_back(number("index.ivf.nlist", "Cells of the IVF index; 0: chosen from the number of vectors",
                          CLIPSIM_MEMBER(index.ivf.nlist), 0, 10'000'000));
    keys.push_back(optional_number("index.ivf.nprobe",
                                   "Cells a search looks at; null: as the index was made, or 16",
                                   CLIPSIM_MEMBER(index.ivf.nprobe), 1, 10'000'000));
    for (std::size_t i = first; i < keys.size(); ++i) keys[i].of_index_parameters = true;
}

void add_index_and_rest(std::vector<ConfigKey>& keys) {
    keys.push_back(choice("index.backend", "Where the index is kept: faiss, files in output_dir; or postgres",
                          CLIPSIM_MEMBER(index.backend), backend_names));
    ConfigKey service =
        plain("index.postgres.service",
              "A service of libpq's service file that says how to connect; empty: PGHOST and so on",
              CLIPSIM_MEMBER(index.postgres.service));
    service.or_empty = true;
    keys.push_back(std::move(service));
    keys.push_back(plain("index.postgres.schema", "The schema of the database that the index is kept in",
                         CLIPSIM_MEMBER(index.postgres.schema)));
    add_index_parameters(keys);
    keys.push_back(plain("index.text_search",
                         "Keep CLIP's own vectors beside the fine-tuned ones: sentences are searched in them",
                         CLIPSIM_MEMBER(index.text_search)));
    keys.push_back(number("search.top_k", "Hits a query", CLIPSIM_MEMBER(search.top_k), 1, 1'000'000));
    keys.push_back(
        number("distributed.timeout_s",
               "With several processes: seconds after which one that keeps the others waiting is lost",
               CLIPSIM_MEMBER(distributed.timeout_s), 1, 1e6));
    keys.push_back(plain("output_dir", "Where a run leaves everything", CLIPSIM_MEMBER(output_dir)));
}

#undef CLIPSIM_MEMBER

std::vector<ConfigKey> make_keys() {
    std::vector<ConfigKey> keys;
    add_model_and_data(keys);
    add_train(keys);
    add_keep(keys);
    add_index_and_rest(keys);
    return keys;
}

}  // namespace

std::string ConfigKey::expectation() const {
    std::string text;
    switch (type) {
        case Type::boolean:
            text = "true or false";
            break;
        case Type::integer:
            text = "a whole number";
            break;
        case Type::number:
            text = "a number";
            break;
        case Type::string:
            text = "a text";
            break;
    }
    if (minimum && maximum) text += concat(" from ", *minimum, " to ", *maximum);
    if (minimum && !maximum) text += concat(" of at least ", *minimum);
    if (!choices.empty()) {
        text = "one of";
        for (std::size_t i = 0; i < choices.size(); ++i) text += (i == 0 ? " " : ", ") + choices[i];
    }
    if (or_boolean) text += ", true, false";
    return nullable ? text + " or null" : text;
}

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> keys = make_keys();
    return keys;
}

std::string to_string(Precision value) {
    return name_of(precision_names, value);
}
std::string to_string(Mining value) {
    return name_of(mining_names, value);
}
std::string to_string(SplitBy value) {
    return name_of(split_names, value);
}
std::string to_string(KeepMethod value) {
    return name_of(keep_names, value);
}
std::string to_string(Loss value) {
    return name_of(loss_names, value);
}
std::string to_string(Schedule value) {
    return name_of(schedule_names, value);
}
std::string to_string(Amp value) {
    return name_of(amp_names, value);
}
std::string to_string(Monitor value) {
    return name_of(monitor_names, value);
}
std::string to_string(IndexType value) {
    return name_of(index_type_names, value);
}
std::string to_string(Storage value) {
    return name_of(storage_names, value);
}
std::string to_string(IndexBackend value) {
    return name_of(backend_names, value);
}

}  // namespace clipsim
