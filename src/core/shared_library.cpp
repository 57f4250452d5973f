#include "clipsim/core/shared_library.h"

#include <dlfcn.h>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

SharedLibrary::SharedLibrary(const char* name) : name_(name), handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw Error(concat("a library that this needs can't be loaded: ", dlerror()));
}

SharedLibrary::Function SharedLibrary::find(const char* name) const {
    void* address = dlsym(handle_, name);
    if (address == nullptr)
        throw Error(concat(name_, " is another than it was built with: it has no ", name));
    return Function(address);
}

}  // namespace clipsim
