// A format's library that few runs need: loaded when the first such picture comes, so that no other run pays
// for it and what it stands on.
#pragma once

namespace clipsim {

// It stays loaded. Thread-safe.
class SharedLibrary {
  public:
    // Throws ImageError where it can't be loaded.
    explicit SharedLibrary(const char* name);

    // A function of it, of whatever type it is assigned to. Throws ImageError where there is none.
    class Function {
      public:
        explicit Function(void* address) : address_(address) {}
        template <typename Type>
        // NOLINTNEXTLINE(google-explicit-constructor): the type is that of the member it becomes
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
