#include "clipsim/core/plugin.h"

#include <dlfcn.h>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

void* plugin_symbol(const std::string& name, const char* symbol) {
    const std::string file = concat("lib", name, ".so");
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* address = library == nullptr ? nullptr : dlsym(library, symbol);
    if (address == nullptr) throw Error(concat("a part of clipsim can't be loaded: ", dlerror()));
    return address;
}

}  // namespace clipsim
