# What clipsim is built on. All but LibTorch come from the distribution's packages.
find_package(nlohmann_json 3.10 REQUIRED)
if(CLIPSIM_FUZZ)
    find_package(Utf8proc REQUIRED)
    return()
endif()
find_package(Threads REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # Debian's FAISS package expects the target to exist
find_package(LibTorch 2.6 REQUIRED)
find_package(hwy 1.0 REQUIRED)

if(NOT CLIPSIM_MODEL_ONLY)
    find_package(OpenCV 4.6 REQUIRED COMPONENTS core imgproc)
    find_package(faiss 1.7.3 REQUIRED)
    find_package(GIF 5 REQUIRED)
    find_package(SQLite3 REQUIRED)
    find_package(Utf8proc REQUIRED)
    find_package(CURL 7.88 REQUIRED)
    find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
    # FindPostgreSQL wants the server's headers, too, unless told otherwise (CMake 3.20).
    set(PostgreSQL_TYPE_INCLUDE_DIR "/usr/include/postgresql" CACHE PATH "Not needed: libpq's headers are")
    find_package(PostgreSQL)  # libpq; without it index.backend=postgres is refused
    find_package(CLI11 2.1 REQUIRED)
    find_library(LIBEDIT_LIBRARY edit REQUIRED)
    find_path(LIBEDIT_INCLUDE_DIR editline/readline.h REQUIRED)
endif()
