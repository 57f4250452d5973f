# FindLibTorch: finds LibTorch >= 2.6 and defines LibTorch::LibTorch.
#
# We do not use the TorchConfig.cmake that comes with it: in a CUDA build that file demands a whole CUDA toolkit,
# which neither compiling nor running clipsim needs. Looked at, in this order: LIBTORCH_ROOT, the folders of
# CMAKE_PREFIX_PATH (a LibTorch archive, or .../site-packages/torch), `.deps/libtorch` of the checkout.
find_path(LibTorch_INCLUDE_DIR NAMES torch/csrc/api/include/torch/torch.h
          HINTS "${LIBTORCH_ROOT}" "$ENV{LIBTORCH_ROOT}"
          PATHS "${PROJECT_SOURCE_DIR}/.deps/libtorch"
          PATH_SUFFIXES include torch/include)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS "${LibTorch_INCLUDE_DIR}/../lib" NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 HINTS "${LibTorch_INCLUDE_DIR}/../lib" NO_DEFAULT_PATH)
find_library(LibTorch_CUDA_LIBRARY torch_cuda HINTS "${LibTorch_INCLUDE_DIR}/../lib" NO_DEFAULT_PATH)
find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda HINTS "${LibTorch_INCLUDE_DIR}/../lib" NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_CUDA_LIBRARY
                 LibTorch_C10_CUDA_LIBRARY)

if(LibTorch_INCLUDE_DIR)
    # Releases up to 2.10 keep the number in torch/version.h, later ones in torch/headeronly/version.h.
    foreach(header torch/headeronly/version.h torch/version.h torch/csrc/api/include/torch/version.h)
        set(header "${LibTorch_INCLUDE_DIR}/${header}")
        if(EXISTS "${header}" AND NOT LibTorch_VERSION)
            file(STRINGS "${header}" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
            string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
            list(JOIN numbers "." LibTorch_VERSION)
        endif()
    endforeach()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
    REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
    VERSION_VAR LibTorch_VERSION
    REASON_FAILURE_MESSAGE "Run scripts/setup.sh, or set CMAKE_PREFIX_PATH to a LibTorch folder.")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
    add_library(LibTorch::LibTorch INTERFACE IMPORTED)
    target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
        "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
    target_link_libraries(LibTorch::LibTorch INTERFACE "${LibTorch_CPU_LIBRARY}" "${LibTorch_C10_LIBRARY}")
    if(LibTorch_CUDA_LIBRARY)
        # Nothing calls into libtorch_cuda by name; it registers its kernels when loaded, so it has to stay linked.
        target_link_libraries(LibTorch::LibTorch INTERFACE
            -Wl,--no-as-needed "${LibTorch_CUDA_LIBRARY}" "${LibTorch_C10_CUDA_LIBRARY}" -Wl,--as-needed)
        # Its own dependencies come from the driver and from NVIDIA's packages at run time.
        target_link_options(LibTorch::LibTorch INTERFACE -Wl,--allow-shlib-undefined)
    endif()
    # Older builds use the C++11-less ABI of std::string; TorchConfig.cmake says which.
    set(config "${LibTorch_INCLUDE_DIR}/../share/cmake/Torch/TorchConfig.cmake")
    if(EXISTS "${config}")
        file(STRINGS "${config}" abi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
        if(abi)
            message(FATAL_ERROR "The LibTorch in ${LibTorch_INCLUDE_DIR} was built with the old C++ ABI "
                                "(_GLIBCXX_USE_CXX11_ABI=0). Use its cxx11-abi build, or release 2.7 and later.")
        endif()
    endif()
endif()
