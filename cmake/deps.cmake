# SPDX-License-Identifier: MIT
# Sources that are fetched at build time, never kept in the repository: see docs/dependencies.md.
#
# holdfast_fetch_deps() makes sure that HOLDFAST_BEARSSL_DIR and HOLDFAST_MONOCYPHER_DIR name unpacked source trees. Who sets both
# cache variables gives his own trees and nothing is fetched; else tools/fetch-deps fills <build folder>/deps. A build inside
# another build (firmware/) is handed the outer one's two variables.
set(HOLDFAST_BEARSSL_DIR ${CMAKE_BINARY_DIR}/deps/bearssl CACHE PATH "BearSSL 0.6 source tree (LICENSE.txt, inc/, src/)")
set(HOLDFAST_MONOCYPHER_DIR ${CMAKE_BINARY_DIR}/deps/monocypher CACHE PATH "Monocypher 4 source folder (monocypher.c, monocypher.h)")
set(HOLDFAST_FETCH_DEPS ${CMAKE_CURRENT_LIST_DIR}/../tools/fetch-deps)

function(holdfast_fetch_deps)
  if(NOT EXISTS ${HOLDFAST_BEARSSL_DIR}/src/inner.h OR NOT EXISTS ${HOLDFAST_MONOCYPHER_DIR}/monocypher.c)
    execute_process(COMMAND ${HOLDFAST_FETCH_DEPS} ${CMAKE_BINARY_DIR}/deps COMMAND_ERROR_IS_FATAL ANY)
  endif()
  foreach(file ${HOLDFAST_BEARSSL_DIR}/src/inner.h ${HOLDFAST_MONOCYPHER_DIR}/monocypher.c)
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "${file} is missing: HOLDFAST_BEARSSL_DIR or HOLDFAST_MONOCYPHER_DIR names a folder without the sources")
    endif()
  endforeach()
endfunction()
