#include "zip_archive.h"

#include <algorithm>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator64_signature = 0x07064b50;
constexpr std::uint32_t directory_signature = 0x02014b50;
constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint64_t end_size = 22, end64_size = 56, locator64_size = 20, directory_size = 46,
                        local_size = 30;
constexpr std::uint64_t max_entries = 200'000;  // the largest models have some thousand tensors

struct Directory {
    std::uint64_t entries = 0, offset = 0, size = 0;
};

// Where an entry lies, its local header included.
struct Extent {
    std::uint64_t begin = 0, end = 0;
    std::string name;
};

// One record of the central directory.
struct Record {
    std::string name;
    std::uint16_t flags = 0, method = 0;
    std::uint64_t stored_size = 0, size = 0, local_header = 0;
};

class ZipReader {
  public:
    explicit ZipReader(const FileBytes& file) : file_(file) {}

    std::map<std::string, ZipEntry> read() {
        const Directory directory = find_directory();
        std::map<std::string, ZipEntry> entries;
        std::vector<Extent> extents;
        std::uint64_t position = directory.offset;
        const std::uint64_t end = directory.offset + directory.size;
        for (std::uint64_t i = 0; i < directory.entries; ++i) {
            const Record record = read_record(position, end);
            if (record.name.ends_with('/')) continue;  // a folder
            const Extent extent = locate(record, directory.offset);
            const ZipEntry entry{file_.bytes.subspan(extent.end - record.stored_size, record.stored_size),
                                 record.method == 0};
            if (!entries.emplace(record.name, entry).second) refuse(record.name, "it is there twice");
            extents.push_back(extent);
        }
        check_no_overlap(extents);
        return entries;
    }

  private:
    [[noreturn]] void refuse(const std::string& reason) const {
        throw UsageError(concat(file_.name, ": ", reason, ": the archive is truncated or damaged"));
    }
    [[noreturn]] void refuse(const std::string& entry, const std::string& reason) const {
        throw UsageError(concat(file_.name, ": entry ", printable(entry.substr(0, 200)), ": ", reason));
    }

    bool fits(std::uint64_t offset, std::uint64_t size, std::uint64_t end) const {
        return offset <= end && size <= end - offset;
    }
    template <typename Number>
    Number at(std::uint64_t offset) const {
        return number_at<Number>(file_.bytes, offset);
    }

    // The end record is the last thing but for a comment of up to 65,535 bytes.
    std::uint64_t find_end() const {
        const std::uint64_t size = file_.bytes.size();
        for (std::uint64_t comment = 0; comment <= 0xFFFF && end_size + comment <= size; ++comment) {
            const std::uint64_t offset = size - end_size - comment;
            if (at<std::uint32_t>(offset) == end_signature && at<std::uint16_t>(offset + 20) == comment)
                return offset;
        }
        refuse("no end of a zip archive");
    }

    Directory find_directory() const {
        std::uint64_t end = find_end();
        Directory directory{at<std::uint16_t>(end + 10), at<std::uint32_t>(end + 16),
                            at<std::uint32_t>(end + 12)};
        if (at<std::uint16_t>(end + 4) != 0 || at<std::uint16_t>(end + 6) != 0)
            refuse("it is in several volumes");
        if (end >= locator64_size && at<std::uint32_t>(end - locator64_size) == locator64_signature) {
            const auto offset = at<std::uint64_t>(end - locator64_size + 8);
            if (!fits(offset, end64_size, end - locator64_size) ||
                at<std::uint32_t>(offset) != end64_signature)
                refuse("its zip64 record is not where it should be");
            directory = {at<std::uint64_t>(offset + 32), at<std::uint64_t>(offset + 48),
                         at<std::uint64_t>(offset + 40)};
            end = offset;
        }
        if (!fits(directory.offset, directory.size, end)) refuse("its directory lies outside of it");
        if (directory.entries > max_entries || directory.entries > directory.size / directory_size)
            refuse(concat("it is said to have ", directory.entries, " entries"));
        return directory;
    }

    Record read_record(std::uint64_t& position, std::uint64_t end) const {
        if (!fits(position, directory_size, end) || at<std::uint32_t>(position) != directory_signature)
            refuse("its directory is cut short");
        const std::uint64_t name_size = at<std::uint16_t>(position + 28),
                            extra_size = at<std::uint16_t>(position + 30);
        const std::uint64_t next =
            position + directory_size + name_size + extra_size + at<std::uint16_t>(position + 32);
        if (next > end) refuse("its directory is cut short");
        Record record;
        record.name = file_.text().substr(position + directory_size, name_size);
        record.flags = at<std::uint16_t>(position + 8);
        record.method = at<std::uint16_t>(position + 10);
        record.stored_size = at<std::uint32_t>(position + 20);
        record.size = at<std::uint32_t>(position + 24);
        record.local_header = at<std::uint32_t>(position + 42);
        read_zip64(position + directory_size + name_size, extra_size, record);
        check_name(record.name);
        position = next;
        return record;
    }

    // The extra field 1 holds, in this order, those of the three numbers that do not fit their 32 bits.
    void read_zip64(std::uint64_t position, std::uint64_t size, Record& record) const {
        constexpr std::uint64_t elsewhere = 0xFFFFFFFF;
        const std::uint64_t end = position + size;
        while (fits(position, 4, end)) {
            const auto id = at<std::uint16_t>(position);
            const std::uint64_t field_end = position + 4 + at<std::uint16_t>(position + 2);
            position += 4;
            if (field_end > end) return;
            for (std::uint64_t* number : {&record.size, &record.stored_size, &record.local_header}) {
                if (id != 1 || *number != elsewhere) continue;
                if (!fits(position, 8, field_end)) refuse(record.name, "its zip64 sizes are cut short");
                *number = at<std::uint64_t>(position);
                position += 8;
            }
            position = field_end;
        }
    }

    void check_name(const std::string& name) const {
        const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
        bool safe = !name.empty() && name.front() != '/' && name.find('\\') == std::string::npos &&
                    std::ranges::none_of(name, is_control);
        const std::string framed = '/' + name + '/';
        safe = safe && framed.find("/../") == std::string::npos && framed.find("/./") == std::string::npos;
        if (!safe) refuse(name, "a name that no archive of PyTorch has");
    }

    Extent locate(const Record& record, std::uint64_t end) const {
        if ((record.flags & 1U) != 0) refuse(record.name, "it is encrypted");
        if (record.method == 0 && record.size != record.stored_size)
            refuse(record.name, "it is not compressed and yet has two sizes");
        const std::uint64_t header = record.local_header;
        if (!fits(header, local_size, end) || at<std::uint32_t>(header) != local_signature)
            refuse(record.name, "it is not where the directory says: the archive is truncated or damaged");
        const std::uint64_t name_size = at<std::uint16_t>(header + 26);
        const std::uint64_t data = header + local_size + name_size + at<std::uint16_t>(header + 28);
        if (!fits(data, record.stored_size, end))
            refuse(record.name, concat("its ", record.stored_size,
                                       " bytes lie outside the archive, which is truncated or damaged"));
        if (file_.text().substr(header + local_size, name_size) != record.name)
            refuse(record.name, "it has another name where it lies");
        return {header, data + record.stored_size, record.name};
    }

    void check_no_overlap(std::vector<Extent>& extents) const {
        std::ranges::sort(extents, {}, &Extent::begin);
        for (std::size_t i = 1; i < extents.size(); ++i) {
            if (extents[i].begin < extents[i - 1].end)
                refuse(extents[i].name, concat("it overlaps ", printable(extents[i - 1].name)));
        }
    }

    const FileBytes& file_;
};

}  // namespace

std::map<std::string, ZipEntry> read_zip(const FileBytes& file) {
    return ZipReader(file).read();
}

}  // namespace clipsim
