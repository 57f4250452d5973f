#include "clipsim/model/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
constexpr std::uint64_t max_header_bytes = 100'000'000;  // the limit of the reference implementation

struct DtypeName {
    const char* name;
    torch::Dtype dtype;
};
constexpr std::array<DtypeName, 10> dtype_names{{{"F64", torch::kFloat64},
                                                 {"F32", torch::kFloat32},
                                                 {"F16", torch::kFloat16},
                                                 {"BF16", torch::kBFloat16},
                                                 {"I64", torch::kInt64},
                                                 {"I32", torch::kInt32},
                                                 {"I16", torch::kInt16},
                                                 {"I8", torch::kInt8},
                                                 {"U8", torch::kUInt8},
                                                 {"BOOL", torch::kBool}}};

struct Entry {
    torch::Dtype dtype = torch::kFloat32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0;  // within the data section
};

// Checks one tensor's header against the file and itself.
class EntryReader {
  public:
    EntryReader(std::string file, std::string name, std::uint64_t data_bytes)
        : file_(std::move(file)), name_(std::move(name)), data_bytes_(data_bytes) {}

    Entry read(const json& header) const {
        if (!header.is_object()) refuse("its header is no object");
        Entry entry;
        entry.dtype = dtype(header);
        entry.shape = shape(header);
        const json offsets = header.value("data_offsets", json());
        if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
            !offsets[1].is_number_unsigned()) {
            refuse("data_offsets has to be two whole numbers");
        }
        entry.begin = offsets[0].get<std::uint64_t>();
        entry.end = offsets[1].get<std::uint64_t>();
        if (entry.begin > entry.end || entry.end > data_bytes_) {
            refuse(concat("its bytes ", entry.begin, " to ", entry.end, " lie outside the ", data_bytes_,
                          " bytes of data: the file is truncated or damaged"));
        }
        if (entry.end - entry.begin != bytes(entry)) {
            refuse(concat("it has ", entry.end - entry.begin, " bytes where its shape needs ", bytes(entry)));
        }
        return entry;
    }

  private:
    [[noreturn]] void refuse(const std::string& reason) const {
        throw UsageError(concat(file_, ": tensor ", name_, ": ", reason));
    }

    torch::Dtype dtype(const json& header) const {
        const json name = header.value("dtype", json());
        for (const DtypeName& known : dtype_names) {
            if (name == known.name) return known.dtype;
        }
        refuse(concat("unknown dtype ", name.dump()));
    }

    std::vector<std::int64_t> shape(const json& header) const {
        const json sizes = header.value("shape", json());
        if (!sizes.is_array() || sizes.size() > 16) refuse("shape has to be a list of whole numbers");
        std::vector<std::int64_t> shape;
        for (const json& size : sizes) {
            if (!size.is_number_unsigned() || size > (std::uint64_t{1} << 40))
                refuse("shape has a size out of range");
            shape.push_back(size.get<std::int64_t>());
        }
        return shape;
    }

    std::uint64_t bytes(const Entry& entry) const {
        std::uint64_t total = torch::elementSize(entry.dtype);
        for (const std::int64_t size : entry.shape) {
            if (__builtin_mul_overflow(total, static_cast<std::uint64_t>(size), &total))
                refuse("its shape is too large");
        }
        return total;
    }

    std::string file_, name_;
    std::uint64_t data_bytes_;
};

void check_no_overlap(const std::string& file, const std::map<std::string, Entry>& entries) {
    std::vector<std::pair<const Entry*, const std::string*>> sorted;
    for (const auto& [name, entry] : entries) sorted.emplace_back(&entry, &name);
    std::ranges::sort(sorted, {},
                      [](const auto& item) { return std::pair(item.first->begin, item.first->end); });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].first->begin < sorted[i - 1].first->end) {
            throw UsageError(concat(file, ": tensors ", *sorted[i - 1].second, " and ", *sorted[i].second,
                                    " overlap: the file is damaged"));
        }
    }
}

std::string shape_text(at::IntArrayRef shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return text + "]";
}

// The header's JSON; its nesting is bounded, since nlohmann's destructor recurses.
json parse_header(const std::string& file, const char* begin, std::uint64_t size) {
    const json::parser_callback_t bounded = [&](int depth, json::parse_event_t, json&) {
        if (depth > 8) throw UsageError(concat(file, ": the header is nested too deep: no safetensors file"));
        return true;
    };
    json header;
    try {
        header = json::parse(begin, begin + size, bounded, true);
    } catch (const json::exception&) {
        throw UsageError(concat(file, ": the header is no JSON: no safetensors file, or a damaged one"));
    }
    if (!header.is_object())
        throw UsageError(concat(file, ": the header is no JSON object: no safetensors file"));
    return header;
}

}  // namespace

struct SafetensorsFile::Mapping {
    std::string file;
    char* memory = nullptr;
    std::uint64_t size = 0;
    const char* data = nullptr;
    std::map<std::string, std::string> metadata;
    std::map<std::string, Entry> entries;

    Mapping() = default;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (memory != nullptr) ::munmap(memory, size);
    }

    void map(const std::filesystem::path& path) {
        file = printable(path);
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status {};
        if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
            const std::string reason = descriptor < 0 ? std::strerror(errno) : "not a file";
            if (descriptor >= 0) ::close(descriptor);
            throw UsageError(concat("cannot read ", file, ": ", reason));
        }
        size = static_cast<std::uint64_t>(status.st_size);
        // Private and writable: whatever is done to a tensor stays in this process.
        void* mapped =
            size < 8 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
        ::close(descriptor);
        if (mapped == MAP_FAILED)
            throw UsageError(concat(file, ": no safetensors file: it is truncated or empty"));
        memory = static_cast<char*>(mapped);
    }

    void read_header() {
        std::uint64_t header_bytes = 0;
        std::memcpy(&header_bytes, memory, 8);
        if (header_bytes > max_header_bytes || header_bytes > size - 8) {
            throw UsageError(concat(file, ": the header is said to have ", header_bytes,
                                    " bytes, the file has ", size,
                                    ": no safetensors file, or a truncated one"));
        }
        data = memory + 8 + header_bytes;
        const std::uint64_t data_bytes = size - 8 - header_bytes;
        const json header = parse_header(file, memory + 8, header_bytes);
        for (const auto& [name, value] : header.items()) {
            if (name != "__metadata__") {
                entries.emplace(name, EntryReader(file, name, data_bytes).read(value));
                continue;
            }
            for (const auto& [key, text] : value.items()) {
                if (!text.is_string()) throw UsageError(concat(file, ": metadata ", key, " is no text"));
                metadata[key] = text.get<std::string>();
            }
        }
        check_no_overlap(file, entries);
    }
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file) {
    auto mapping = std::make_shared<Mapping>();
    mapping->map(file);
    mapping->read_header();
    mapping_ = std::move(mapping);
}

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
    return mapping_->metadata;
}

std::vector<std::string> SafetensorsFile::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : mapping_->entries) names.push_back(name);
    return names;
}

bool SafetensorsFile::contains(const std::string& name) const {
    return mapping_->entries.contains(name);
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
    const auto found = mapping_->entries.find(name);
    if (found == mapping_->entries.end())
        throw UsageError(concat(mapping_->file, ": the tensor ", name, " is missing"));
    const Entry& entry = found->second;
    char* begin = mapping_->memory + (mapping_->data - mapping_->memory) + entry.begin;
    const auto options = torch::TensorOptions().dtype(entry.dtype);
    if (entry.begin == entry.end) return torch::empty(entry.shape, options);
    if (reinterpret_cast<std::uintptr_t>(begin) % torch::elementSize(entry.dtype) != 0) {
        torch::Tensor copy = torch::empty(entry.shape, options);
        std::memcpy(copy.data_ptr(), begin, entry.end - entry.begin);
        return copy;
    }
    return torch::from_blob(
        begin, entry.shape, [keep = mapping_](void*) {}, options);
}

torch::Tensor SafetensorsFile::tensor(const std::string& name, at::IntArrayRef shape) const {
    torch::Tensor result = tensor(name);
    if (result.sizes() != shape) {
        throw UsageError(concat(mapping_->file, ": tensor ", name, " has the shape ",
                                shape_text(result.sizes()), ", expected ", shape_text(shape)));
    }
    return result;
}

void write_safetensors(const std::filesystem::path& file, const std::map<std::string, torch::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
    nlohmann::ordered_json header;
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    std::vector<torch::Tensor> contents;
    for (const auto& [name, tensor] : tensors) {
        contents.push_back(tensor.detach().to(torch::kCPU).contiguous());
        const torch::Tensor& content = contents.back();
        const auto* dtype = std::ranges::find(dtype_names, content.scalar_type(), &DtypeName::dtype);
        if (dtype == dtype_names.end())
            throw Error(concat("cannot write the tensor ", name, ": its dtype has no name"));
        header[name] = {{"dtype", dtype->name},
                        {"shape", content.sizes().vec()},
                        {"data_offsets", {offset, offset + content.nbytes()}}};
        offset += content.nbytes();
    }
    std::string text = header.is_null() ? "{}" : header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');

    AtomicFile target(file);
    {
        std::ofstream out(target.temporary_path(), std::ios::binary);
        const std::uint64_t size = text.size();
        out.write(reinterpret_cast<const char*>(&size), 8);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        for (const torch::Tensor& content : contents) {
            out.write(static_cast<const char*>(content.const_data_ptr()),
                      static_cast<std::streamsize>(content.nbytes()));
        }
        out.flush();
        if (!out) throw Error(concat("cannot write ", printable(file), ": ", std::strerror(errno)));
    }
    target.commit();
}

}  // namespace clipsim
