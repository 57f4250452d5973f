// Tokens at the freeze boundary on disk, so that no image passes the frozen blocks twice for the same view:
// fp16, mapped, appended to. One file for each model, preprocessing and boundary; runs may share it.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/files/mapped_file.h"

namespace clipsim {

class TokenCache {
  public:
    // Opens or creates the file for tokens of shape [tokens, width]. A record that was cut short or damaged
    // counts as not there. Where another run is writing to the file, or it can't be written, what it holds
    // can be read and put() does nothing. At most `max_bytes` are written. Throws Error when the file is
    // there and can't be read. `to_write` false: another process writes to it.
    TokenCache(const std::filesystem::path& file, std::int64_t tokens, std::int64_t width,
               std::int64_t max_bytes, bool to_write = true);

    // `key` names an image and a view of it: 32 characters of a hash.
    bool contains(const std::string& key) const { return records_.contains(key); }
    // [tokens, width], fp32. The key has to be there.
    torch::Tensor read(const std::string& key) const;
    // A full disk or limit is told once, and nothing is put any more.
    void put(const std::string& key, const torch::Tensor& tokens);
    bool is_writable() const { return writable_; }
    // What another process has appended in the meantime.
    void find_new_records();

    // What `count` records take on disk.
    static std::int64_t bytes_for(std::int64_t count, std::int64_t tokens, std::int64_t width);

  private:
    std::uint64_t size_of_file() const;
    const std::byte* record(std::size_t index) const;

    std::filesystem::path file_;
    std::int64_t tokens_, width_, max_bytes_;
    std::size_t record_bytes_;
    Descriptor descriptor_;
    bool writable_ = false;
    MappedFile mapping_;     // of max_bytes_, of which the file fills the first part
    std::size_t count_ = 0;  // records in the file
    std::unordered_map<std::string, std::size_t> records_;
};

}  // namespace clipsim
