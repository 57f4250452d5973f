# FindNCCL: the headers it takes to use the NCCL that a CUDA build of LibTorch brings with it; the library is LibTorch's
# matter. Defines NCCL_INCLUDE_DIRS. Looked at, in this order: NVIDIA's Python packages beside torch, CUDA_HOME,
# /usr/local/cuda and the system's own folders.
file(REAL_PATH "${LibTorch_INCLUDE_DIR}" torch_include)  # .deps/libtorch is a link
file(GLOB beside_torch "${torch_include}/../../nvidia/*/include")
set(NCCL_INCLUDE_DIRS "")
set(places "")
# LibTorch's header and what it includes of NCCL and CUDA; each may come from a package of its own.
foreach(header torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp nccl.h cuda_runtime_api.h crt/host_config.h nv/target
               cublas_v2.h cusolverDn.h cusparse.h)
    string(MAKE_C_IDENTIFIER "NCCL_${header}_DIR" place)
    find_path(${place} NAMES "${header}"
              HINTS "${LibTorch_INCLUDE_DIR}" ${beside_torch} "$ENV{CUDA_HOME}/include"
              PATHS /usr/local/cuda/include PATH_SUFFIXES cccl)
    mark_as_advanced(${place})
    list(APPEND places ${place})
    list(APPEND NCCL_INCLUDE_DIRS "${${place}}")
endforeach()
list(REMOVE_DUPLICATES NCCL_INCLUDE_DIRS)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS ${places})
