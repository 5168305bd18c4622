# SPDX-License-Identifier: MIT
# How a test is registered. Its name in ctest is folder.name; its label is its tier: quick (all of them together take less than a
# minute), full (with each push), night.
#
#   holdfast_test(journal LABEL quick SOURCES journal.c LIBS hf_core hf_sim)           a cmocka program
#   holdfast_test(cuts_night LABEL night SOURCES cuts.c LIBS hf_sim ARGS --depth 3 TIMEOUT 7200)
#   holdfast_check(imgtool LABEL full COMMAND ${HOLDFAST_VENV}/bin/python3 imgtool.py)  any command; exit 0 passes, 77 skips
#
# Tests find things by the environment: HOLDFAST_SOURCE_DIR, HOLDFAST_BUILD_DIR, HOLDFAST_LOADER_DIR, HOLDFAST_VENV, and
# HOLDFAST_CLI and HOLDFAST_BOARD, the two programs, where this build makes them.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(holdfast_register name label timeout)
  set(environment "HOLDFAST_SOURCE_DIR=${CMAKE_SOURCE_DIR};HOLDFAST_BUILD_DIR=${CMAKE_BINARY_DIR}"
    "HOLDFAST_LOADER_DIR=${HOLDFAST_LOADER_DIR}" "HOLDFAST_VENV=${HOLDFAST_VENV}")
  if(TARGET holdfast)
    list(APPEND environment "HOLDFAST_CLI=$<TARGET_FILE:holdfast>")
  endif()
  if(TARGET holdfast-board)
    list(APPEND environment "HOLDFAST_BOARD=$<TARGET_FILE:holdfast-board>")
  endif()
  if(NOT label MATCHES "^(quick|full|night)$")
    message(FATAL_ERROR "test ${name}: LABEL must be quick, full or night")
  endif()
  if(NOT timeout)
    if(label STREQUAL "quick")
      set(timeout 120)
    elseif(label STREQUAL "full")
      set(timeout 900)
    else()
      set(timeout 14400)
    endif()
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
endfunction()

function(holdfast_test name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "LABEL;TIMEOUT" "SOURCES;LIBS;ARGS;DEFINES;INCLUDES")
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_executable(test_${folder}_${name} ${T_SOURCES})
  target_link_libraries(test_${folder}_${name} PRIVATE ${T_LIBS} PkgConfig::CMOCKA)
  target_compile_definitions(test_${folder}_${name} PRIVATE ${T_DEFINES})
  target_include_directories(test_${folder}_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${T_INCLUDES})
  holdfast_target(test_${folder}_${name})
  add_test(NAME ${folder}.${name} COMMAND test_${folder}_${name} ${T_ARGS} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  holdfast_register(${folder}.${name} "${T_LABEL}" "${T_TIMEOUT}")
endfunction()

function(holdfast_check name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "LABEL;TIMEOUT" "COMMAND")
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_test(NAME ${folder}.${name} COMMAND ${T_COMMAND} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  holdfast_register(${folder}.${name} "${T_LABEL}" "${T_TIMEOUT}")
endfunction()

# A fuzz target: SOURCES define LLVMFuzzerTestOneInput. As a test its corpus (tests/fuzz/corpus/NAME) is replayed with every truncation and
# COPIES damaged copies; then inputs made of several files run for SECONDS of processor time (tests/fuzz/replay.c). `./dev fuzz NAME` builds
# the same source with libFuzzer and goes on from that corpus.
option(HOLDFAST_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
if(HOLDFAST_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
function(holdfast_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "LABEL;TIMEOUT;COPIES;SECONDS" "SOURCES;LIBS;INCLUDES")
  add_executable(fuzz_${name} ${T_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${T_LIBS})
  target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${T_INCLUDES})
  holdfast_target(fuzz_${name})
  target_compile_options(fuzz_${name} PRIVATE -Wno-missing-prototypes)
  if(HOLDFAST_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
  add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name} ${T_COPIES} ${T_SECONDS})
  if(NOT T_LABEL)
    set(T_LABEL quick)
  endif()
  holdfast_register(fuzz.${name} "${T_LABEL}" "${T_TIMEOUT}")
endfunction()
