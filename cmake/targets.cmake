# What every Segue target shares. Options sit on targets; nothing is set globally.
add_library(segue_include INTERFACE)
target_include_directories(segue_include INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_features(segue_include INTERFACE cxx_std_20)

add_library(segue_warnings INTERFACE)
target_compile_options(segue_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror>)

# No errno and no trapping: lets the compiler vectorise, changes no result. Contraction would differ between machines.
add_library(segue_floating_point INTERFACE)
target_compile_options(segue_floating_point INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-fno-math-errno -fno-trapping-math -ffp-contract=off>)

add_library(segue_sanitizers INTERFACE)
if(SEGUE_SANITIZE)
  target_compile_options(segue_sanitizers INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${SEGUE_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all>)
  target_link_options(segue_sanitizers INTERFACE -fsanitize=${SEGUE_SANITIZE})
endif()
if(SEGUE_FUZZ)
  target_compile_options(segue_sanitizers INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

# For tests and the command line, which are most of the files and never hot: half the time to compile. What they call is
# compiled as ever.
add_library(segue_quick_to_compile INTERFACE)
target_compile_options(segue_quick_to_compile INTERFACE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-O1>)
if(SEGUE_SANITIZE MATCHES undefined)
  target_compile_options(segue_quick_to_compile INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=null,alignment>)
endif()

# Compiles six files at a time as one, in a third of the time: they parse the same headers and instantiate the same
# templates. In such a target no two files may name different things alike.
function(segue_compile_together TARGET)
  set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# segue_library(NAME als SOURCES a.cpp … LINKS segue::data …): one concept of the library, also as segue::als.
function(segue_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(segue_${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(segue::${ARG_NAME} ALIAS segue_${ARG_NAME})
  target_include_directories(segue_${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(segue_${ARG_NAME} PUBLIC segue_include segue_sanitizers ${ARG_LINKS}
    PRIVATE segue_warnings segue_floating_point ${ARG_PRIVATE_LINKS})
endfunction()

# segue_test(NAME als_solver SOURCES … LINKS …): a GoogleTest program, registered with CTest as one test a case.
function(segue_test)
  if(NOT SEGUE_TESTS)  # the fuzz build comes by here too
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_executable(${ARG_NAME}_test ${ARG_SOURCES})
  target_include_directories(${ARG_NAME}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${ARG_NAME}_test PRIVATE SEGUE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  target_link_libraries(${ARG_NAME}_test PRIVATE ${ARG_LINKS} segue_warnings segue_floating_point segue_quick_to_compile
    GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${ARG_NAME}_test TEST_PREFIX ${ARG_NAME}. DISCOVERY_TIMEOUT 60)
endfunction()

# segue_fuzzer(NAME csv SOURCES … LINKS …): LLVMFuzzerTestOneInput in SOURCES. With SEGUE_FUZZ a libFuzzer program;
# otherwise a test that replays the corpus in tests/data/corpus/NAME and mutations of it.
function(segue_fuzzer)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_executable(${ARG_NAME}_fuzzer ${ARG_SOURCES})
  target_include_directories(${ARG_NAME}_fuzzer PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${ARG_NAME}_fuzzer PRIVATE ${ARG_LINKS} segue_warnings)
  if(SEGUE_FUZZ)
    target_link_options(${ARG_NAME}_fuzzer PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${ARG_NAME}_fuzzer PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz_replay.cpp)
    add_test(NAME fuzz_replay.${ARG_NAME}
      COMMAND ${ARG_NAME}_fuzzer ${PROJECT_SOURCE_DIR}/tests/data/corpus/${ARG_NAME})
  endif()
endfunction()

# segue_bench(NAME als_half_iteration SOURCES … LINKS …): a Google Benchmark program.
function(segue_bench)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_executable(${ARG_NAME}_bench ${ARG_SOURCES})
  target_include_directories(${ARG_NAME}_bench PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${ARG_NAME}_bench PRIVATE ${ARG_LINKS} segue_warnings segue_floating_point
    benchmark::benchmark benchmark::benchmark_main)
endfunction()
