#include "shared_library.h"

#include <dlfcn.h>

#include <string>

#include "clipsim/image/image_source.h"

namespace clipsim {

SharedLibrary::SharedLibrary(const char* name) : name_(name), handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr)
        throw ImageError(std::string("the library that reads this format can't be loaded: ") + dlerror());
}

SharedLibrary::Function SharedLibrary::find(const char* name) const {
    void* address = dlsym(handle_, name);
    if (address == nullptr)
        throw ImageError(std::string(name_) + " is another than it was built with: no " + name);
    return Function(address);
}

}  // namespace clipsim
