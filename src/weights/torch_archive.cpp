#include <algorithm>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "formats.h"
#include "pickle_reader.h"
#include "zip_archive.h"

namespace clipsim {

namespace {

using Kind = PickleValue::Kind;

constexpr int max_module_depth = 32;
constexpr std::size_t max_attributes = 100'000;  // of all modules; one that is shared counts each time
constexpr std::size_t max_name = 500;

using Entries = std::map<std::string, ZipEntry>;

// The folder that everything in the archive lies in: the one with a data.pkl.
std::string find_root(const FileBytes& file, const Entries& entries) {
    std::optional<std::string> root;
    for (const auto& [name, entry] : entries) {
        const auto slash = name.find('/');
        if (slash == std::string::npos || name.substr(slash) != "/data.pkl") continue;
        if (root) throw UsageError(concat(file.name, ": an archive with two data.pkl"));
        root = name.substr(0, slash);
    }
    if (!root) throw UsageError(concat(file.name, ": no data.pkl: a zip archive, but none of PyTorch's"));
    return *root;
}

class ArchiveReader {
  public:
    ArchiveReader(const FileBytes& file, const Entries& entries)
        : file_(file),
          entries_(entries),
          root_(find_root(file, entries)),
          pickle_(read_pickle(stored("data.pkl").bytes, file.name + ": data.pkl")) {}

    WeightsFile read() {
        if (const auto order = entries_.find(root_ + "/byteorder"); order != entries_.end()) {
            const std::span<std::byte> text = order->second.bytes;
            if (std::string_view(reinterpret_cast<const char*>(text.data()), text.size()) != "little")
                throw UsageError(
                    concat(file_.name, ": written on a big-endian machine, which clipsim does not read"));
        }
        const PickleValue& root = pickle_.root();
        if (root.kind == Kind::object) {
            result_.is_torchscript = true;
            read_module(root, "", 0);
        } else if (const PickleValue* nested = item(root, "state_dict");
                   nested != nullptr && nested->kind == Kind::dict) {
            read_state_dict(*nested);
        } else {
            read_state_dict(root);
        }
        if (result_.tensors.empty())
            throw UsageError(concat(file_.name, ": no tensors in it: not a state dict"));
        drop_prefix("module.");  // torch.nn.parallel.DistributedDataParallel
        return std::move(result_);
    }

  private:
    [[noreturn]] void refuse(const std::string& tensor, const std::string& reason) const {
        throw UsageError(concat(file_.name, ": tensor ", printable(tensor), ": ", reason));
    }

    const ZipEntry& stored(const std::string& name) const {
        const auto found = entries_.find(concat(root_, '/', name));
        if (found == entries_.end())
            throw UsageError(concat(file_.name, ": the archive lacks ", printable(name)));
        if (!found->second.stored)
            throw UsageError(concat(file_.name, ": the entry ", printable(name),
                                    " is compressed, which PyTorch never does"));
        return found->second;
    }

    const PickleValue* item(const PickleValue& dict, std::string_view key) const {
        if (dict.kind != Kind::dict) return nullptr;
        for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
            const PickleValue& name = pickle_[dict.items[i]];
            if (name.kind == Kind::text && name.text == key) return &pickle_[dict.items[i + 1]];
        }
        return nullptr;
    }

    void read_state_dict(const PickleValue& dict) {
        if (dict.kind != Kind::dict) throw UsageError(concat(file_.name, ": no state dict"));
        for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
            const PickleValue& name = pickle_[dict.items[i]];
            if (name.kind != Kind::text) continue;
            check_name(name.text.size());
            read_attribute(name.text, pickle_[dict.items[i + 1]]);
        }
    }

    void check_name(std::size_t size) const {
        if (size > max_name) throw UsageError(concat(file_.name, ": a name of ", size, " characters"));
    }

    // The attributes of a TorchScript module are tensors, submodules and whatever else its code uses.
    void read_module(const PickleValue& module, const std::string& prefix, int depth) {
        if (depth > max_module_depth) throw UsageError(concat(file_.name, ": modules nested without end"));
        if (module.items.size() < 3) return;
        const PickleValue& state = pickle_[module.items[2]];
        if (state.kind != Kind::dict) return;
        for (std::size_t i = 0; i + 1 < state.items.size(); i += 2) {
            if (++attributes_ > max_attributes) throw UsageError(concat(file_.name, ": modules without end"));
            const PickleValue& name = pickle_[state.items[i]];
            const PickleValue& value = pickle_[state.items[i + 1]];
            if (name.kind != Kind::text) continue;
            check_name(prefix.size() + name.text.size());
            if (value.kind == Kind::object) {
                read_module(value, prefix + name.text + '.', depth + 1);
            } else {
                read_attribute(prefix + name.text, value);
            }
        }
    }

    bool is_call_of(const PickleValue& value, std::string_view function) const {
        return value.kind == Kind::call && pickle_[value.items[0]].text == function;
    }
    const std::vector<std::uint32_t>& arguments(const PickleValue& call) const {
        return pickle_[call.items[1]].items;
    }

    void read_attribute(const std::string& name, const PickleValue& value) {
        const PickleValue* tensor = &value;
        if (is_call_of(value, "torch._utils _rebuild_parameter") && !arguments(value).empty())
            tensor = &pickle_[arguments(value)[0]];
        if (!is_call_of(*tensor, "torch._utils _rebuild_tensor_v2")) return;
        if (!result_.tensors.emplace(name, read_tensor(name, arguments(*tensor))).second)
            refuse(name, "it is there twice");
    }

    // storage, offset, shape, strides, and what is of no matter here
    StoredTensor read_tensor(const std::string& name, const std::vector<std::uint32_t>& call) const {
        if (call.size() < 4 || pickle_[call[1]].kind != Kind::integer)
            refuse(name, "no description of a tensor");
        StoredTensor tensor;
        tensor.keep = file_.keep;
        const std::span<std::byte> storage = read_storage(name, pickle_[call[0]], tensor.dtype);
        tensor.shape = read_sizes(name, pickle_[call[2]]);
        tensor.strides = read_sizes(name, pickle_[call[3]]);
        if (tensor.strides.size() != tensor.shape.size()) refuse(name, "it has other strides than sizes");
        place(name, storage, pickle_[call[1]].integer, tensor);
        return tensor;
    }

    // A persistent id ("storage", type, key, device, number of elements): the entry data/KEY.
    std::span<std::byte> read_storage(const std::string& name, const PickleValue& reference,
                                      Dtype& dtype) const {
        if (reference.kind != Kind::persistent) refuse(name, "no storage");
        const PickleValue& id = pickle_[reference.items[0]];
        if (id.kind != Kind::tuple || id.items.size() < 5) refuse(name, "no storage");
        const std::string& storage_type = pickle_[id.items[1]].text;
        const auto* type = std::ranges::find(dtype_names, storage_type, &DtypeNames::torch_storage);
        if (type == std::end(dtype_names))
            refuse(name, concat("a storage of the type ", printable(storage_type.substr(0, 100))));
        dtype = type->dtype;
        const std::span<std::byte> bytes = stored("data/" + pickle_[id.items[2]].text.substr(0, 100)).bytes;
        const std::int64_t count = pickle_[id.items[4]].integer;
        if (count < 0 || static_cast<std::uint64_t>(count) > bytes.size() / size_of(dtype))
            refuse(name,
                   concat("its storage has ", bytes.size(), " bytes, too few for ", count, " elements"));
        return bytes;
    }

    std::vector<std::int64_t> read_sizes(const std::string& name, const PickleValue& tuple) const {
        if (tuple.kind != Kind::tuple || tuple.items.size() > 16) refuse(name, "sizes that are none");
        std::vector<std::int64_t> sizes;
        for (const std::uint32_t id : tuple.items) {
            const std::int64_t size = pickle_[id].integer;
            if (pickle_[id].kind != Kind::integer || size < 0 || size > (std::int64_t{1} << 40))
                refuse(name, "sizes out of range");
            sizes.push_back(size);
        }
        return sizes;
    }

    // Finds its bytes within the storage.
    void place(const std::string& name, std::span<std::byte> storage, std::int64_t offset,
               StoredTensor& tensor) const {
        const std::int64_t size = size_of(tensor.dtype);
        const auto available = static_cast<std::int64_t>(storage.size()) / size;
        std::int64_t count = 1, last = offset;
        bool empty = false, overflow = offset < 0;
        for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
            std::int64_t reach = 0;
            empty = empty || tensor.shape[i] == 0;
            overflow = overflow ||
                       __builtin_mul_overflow(count, std::max<std::int64_t>(tensor.shape[i], 1), &count) ||
                       __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
                       __builtin_add_overflow(last, reach, &last);
        }
        if (overflow || (!empty && (last >= available || count > available)))
            refuse(name, concat("its shape ", shape_text(tensor.shape), " reaches beyond its storage of ",
                                available, " elements"));
        if (!empty) tensor.bytes = storage.subspan(offset * size, (last - offset + 1) * size);
    }

    void drop_prefix(std::string_view prefix) {
        auto& tensors = result_.tensors;
        if (!std::ranges::all_of(tensors,
                                 [&](const auto& tensor) { return tensor.first.starts_with(prefix); }))
            return;
        std::map<std::string, StoredTensor> renamed;
        for (auto& [name, tensor] : tensors) renamed.emplace(name.substr(prefix.size()), std::move(tensor));
        tensors = std::move(renamed);
    }

    const FileBytes& file_;
    const Entries& entries_;
    std::string root_;
    Pickle pickle_;
    WeightsFile result_;
    std::size_t attributes_ = 0;  // seen so far
};

}  // namespace

WeightsFile read_torch_archive(const FileBytes& file) {
    const Entries entries = read_zip(file);
    return ArchiveReader(file, entries).read();
}

}  // namespace clipsim
