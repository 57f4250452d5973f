// A library that few runs need, loaded when it is first wanted, so that no other run pays for it and what it
// stands on: a format's own, or a part of clipsim (cmake/ClipsimPlugin.cmake).
#pragma once

namespace clipsim {

// It stays loaded. Thread-safe.
class SharedLibrary {
  public:
    // "libheif.so.1": found as the program's other libraries are. Throws Error where it can't be loaded.
    explicit SharedLibrary(const char* name);

    // A function of it, of whatever type it is assigned to. Throws Error where there is none.
    class Function {
      public:
        explicit Function(void* address) : address_(address) {}
        template <typename Type>
        // NOLINTNEXTLINE(google-explicit-constructor): the type is that of the pointer it becomes
        operator Type*() const {
            return reinterpret_cast<Type*>(address_);
        }

      private:
        void* address_;
    };
    Function find(const char* name) const;

  private:
    const char* name_;
    void* handle_;
};

}  // namespace clipsim
