# Kernels are compiled twice from one source: by nvcc where the toolkit is, and by the host compiler for the interpreter
# in tests/simt, which needs the toolkit's headers only.
set(SEGUE_CUDA_ARCHITECTURES "" CACHE STRING "GPU architectures to compile for; empty: see below")
option(SEGUE_GPU_TESTS "Build the tests that run on a GPU (ctest -L gpu)" OFF)

# Those of this machine's GPUs; without one, with SEGUE_CUDA=ON, those that are tested, else sm_80 and its PTX, which any
# later GPU's driver compiles: a third of the time.
function(segue_default_architectures OUT)
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE capabilities ERROR_QUIET RESULT_VARIABLE status)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" found "${capabilities}")
  list(TRANSFORM found REPLACE "\\." "")
  list(REMOVE_DUPLICATES found)
  if(status EQUAL 0 AND found)
    set(${OUT} ${found} PARENT_SCOPE)
  elseif(SEGUE_CUDA STREQUAL "ON")
    set(${OUT} 80 90 120 PARENT_SCOPE)
  else()
    set(${OUT} 80 PARENT_SCOPE)
  endif()
endfunction()

if(SEGUE_HAS_CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${SEGUE_CUDA_ARCHITECTURES})
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    segue_default_architectures(CMAKE_CUDA_ARCHITECTURES)
  endif()
  message(STATUS "CUDA architectures: ${CMAKE_CUDA_ARCHITECTURES}")
  enable_language(CUDA)
endif()

# CMake 3.25 drops CMAKE_CUDA_STANDARD 20 without a word: the option itself.
add_library(segue_cuda_options INTERFACE)
# 554: MatrixView<const T>'s conversion to itself is never taken.
target_compile_options(segue_cuda_options INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20 --expt-relaxed-constexpr -diag-suppress=554 -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Wno-missing-field-initializers>)

set(SEGUE_SIMT FALSE)
if(SEGUE_TESTS AND CUDAToolkit_FOUND)
  set(SEGUE_SIMT TRUE)
  find_package(Boost 1.74 REQUIRED COMPONENTS context)
  # Sanitized builds check memory, with a test a case; the others look for races.
  set(SEGUE_SIMT_VARIANTS race)
  if(SEGUE_SANITIZE)
    set(SEGUE_SIMT_VARIANTS simt)
  endif()
endif()

# In OUT: for each .cu of SOURCES a file of C++ that includes it, the others as they are.
function(segue_sources_as_cxx OUT)
  set(result)
  foreach(source ${ARGN})
    get_filename_component(path ${source} ABSOLUTE)
    if(path MATCHES "\\.cu$")
      get_filename_component(stem ${path} NAME_WE)
      set(wrapper ${CMAKE_CURRENT_BINARY_DIR}/as_cxx/${stem}.cpp)
      file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${path}\"\n")
      set(path ${wrapper})
    endif()
    list(APPEND result ${path})
  endforeach()
  set(${OUT} ${result} PARENT_SCOPE)
endfunction()

# segue_cuda_library(NAME cuda_als SOURCES solver_cuda.cu … LIBRARY_SOURCES gram.cu … LINKS … ABSENT absent.cpp):
#   SOURCES          kernels' launchers and what drives them: for nvcc and for the interpreter
#   LIBRARY_SOURCES  calls of cuBLAS, CUB …: for nvcc only; TWINS stand in for them under the interpreter
#   ABSENT           what a build without CUDA has in place of all of it; none: no library
function(segue_cuda_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LIBRARY_SOURCES;TWINS;ABSENT;LINKS;PRIVATE_LINKS" ${ARGN})
  if(SEGUE_HAS_CUDA)
    segue_library(NAME ${ARG_NAME} SOURCES ${ARG_SOURCES} ${ARG_LIBRARY_SOURCES} LINKS ${ARG_LINKS}
      PRIVATE_LINKS segue_cuda_options CUDA::cudart_static ${ARG_PRIVATE_LINKS})
  elseif(ARG_ABSENT)
    segue_library(NAME ${ARG_NAME} SOURCES ${ARG_ABSENT} LINKS ${ARG_LINKS} PRIVATE_LINKS fmt::fmt)
  endif()
  if(SEGUE_SIMT AND (ARG_SOURCES OR ARG_TWINS))
    segue_sources_as_cxx(sources ${ARG_SOURCES} ${ARG_TWINS})
    foreach(variant ${SEGUE_SIMT_VARIANTS})
      add_library(segue_${ARG_NAME}_${variant} OBJECT ${sources})
      target_link_libraries(segue_${ARG_NAME}_${variant}
        PRIVATE segue_${variant}_kernels ${ARG_LINKS} fmt::fmt)
    endforeach()
  endif()
endfunction()

# segue_simt_test(NAME cuda_als VARIANT race SOURCES … KERNELS cuda_core cuda_als LINKS …): a GoogleTest program of kernels
# for one variant of the interpreter. simt: a test a case, threads in forward order; race, which takes longer: the whole in
# random order.
function(segue_simt_test)
  cmake_parse_arguments(ARG "" "NAME;VARIANT" "SOURCES;KERNELS;LINKS" ${ARGN})
  segue_sources_as_cxx(sources ${ARG_SOURCES})
  set(name ${ARG_NAME}_${ARG_VARIANT})
  set(target ${name}_test)
  add_executable(${target} ${sources} $<TARGET_OBJECTS:segue_${ARG_VARIANT}>)
  foreach(kernels ${ARG_KERNELS})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:segue_${kernels}_${ARG_VARIANT}>)
  endforeach()
  target_link_libraries(${target} PRIVATE segue_${ARG_VARIANT}_kernels ${ARG_LINKS} segue_warnings fmt::fmt
    GTest::gmock GTest::gtest_main)
  if(ARG_VARIANT STREQUAL race)
    add_test(NAME ${name}_random COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${name}_random PROPERTIES
      ENVIRONMENT "SEGUE_SIMT_SCHEDULE=random;SEGUE_SIMT_PREEMPT=0.02" COST 100)
  else()
    gtest_discover_tests(${target} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

# segue_kernel_test(NAME cuda_als SOURCES … KERNELS cuda_core cuda_als LINKS …): a GoogleTest program of kernels, for
# each variant of the interpreter and, with SEGUE_GPU_TESTS, for a GPU (label gpu). KERNELS are segue_cuda_library names.
function(segue_kernel_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;KERNELS;LINKS" ${ARGN})
  if(SEGUE_SIMT)
    foreach(variant ${SEGUE_SIMT_VARIANTS})
      segue_simt_test(NAME ${ARG_NAME} VARIANT ${variant} SOURCES ${ARG_SOURCES} KERNELS ${ARG_KERNELS}
        LINKS ${ARG_LINKS})
    endforeach()
  endif()
  if(SEGUE_HAS_CUDA AND SEGUE_GPU_TESTS)
    add_executable(${ARG_NAME}_gpu_test ${ARG_SOURCES})
    target_include_directories(${ARG_NAME}_gpu_test PRIVATE ${PROJECT_SOURCE_DIR})
    list(TRANSFORM ARG_KERNELS PREPEND segue::)
    target_link_libraries(${ARG_NAME}_gpu_test PRIVATE segue_cuda_options ${ARG_KERNELS} ${ARG_LINKS} fmt::fmt
      CUDA::cudart_static GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${ARG_NAME}_gpu_test TEST_PREFIX ${ARG_NAME}_gpu. DISCOVERY_TIMEOUT 60 PROPERTIES LABELS gpu)
  endif()
endfunction()
