# SPDX-License-Identifier: MIT
# Sources that are fetched at build time, never kept in the repository: see docs/dependencies.md.
#
# holdfast_fetch_deps() makes sure that the HOLDFAST_*_DIR below name unpacked source trees. Who sets these cache variables gives
# his own trees and nothing is fetched; else tools/fetch-deps fills <build folder>/deps. ./dev fetches once for all its builds.
set(HOLDFAST_BEARSSL_DIR ${CMAKE_BINARY_DIR}/deps/bearssl CACHE PATH "BearSSL 0.6 source tree (LICENSE.txt, inc/, src/)")
set(HOLDFAST_MONOCYPHER_DIR ${CMAKE_BINARY_DIR}/deps/monocypher CACHE PATH "Monocypher 4 source folder (monocypher.c, monocypher.h)")
set(HOLDFAST_MICRO_ECC_DIR ${CMAKE_BINARY_DIR}/deps/micro-ecc/micro-ecc CACHE PATH "micro-ecc source folder (uECC.c, uECC.h)")
set(HOLDFAST_MBEDTLS_DIR ${CMAKE_BINARY_DIR}/deps/mbedtls/vendor CACHE PATH "Mbed TLS 3.5 source tree (LICENSE, include/, library/, 3rdparty/p256-m/)")
set(HOLDFAST_NRFXLIB_DIR ${CMAKE_BINARY_DIR}/deps/nrfxlib CACHE PATH "Nordic's nrfxlib: mpsl/ and softdevice_controller/ (demo applications with Bluetooth)")
set(HOLDFAST_FETCH_DEPS ${CMAKE_CURRENT_LIST_DIR}/../tools/fetch-deps)

function(holdfast_fetch_deps)
  set(wanted ${HOLDFAST_BEARSSL_DIR}/src/inner.h ${HOLDFAST_MONOCYPHER_DIR}/monocypher.c ${HOLDFAST_MICRO_ECC_DIR}/uECC.c
      ${HOLDFAST_MBEDTLS_DIR}/library/sha256.c)
  foreach(file ${wanted})
    if(NOT EXISTS ${file})
      execute_process(COMMAND ${HOLDFAST_FETCH_DEPS} ${CMAKE_BINARY_DIR}/deps COMMAND_ERROR_IS_FATAL ANY)
    endif()
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "${file} is missing: a HOLDFAST_*_DIR names a folder without the sources")
    endif()
  endforeach()
endfunction()

# Sets HOLDFAST_HAS_NRFXLIB. Only the demo applications with Bluetooth need it, so the build goes on without it and says so.
function(holdfast_fetch_nrfxlib)
  set(wanted ${HOLDFAST_NRFXLIB_DIR}/softdevice_controller/include/sdc.h)
  if(NOT EXISTS ${wanted} AND HOLDFAST_NRFXLIB_DIR STREQUAL "${CMAKE_BINARY_DIR}/deps/nrfxlib") # not another's folder
    execute_process(COMMAND ${HOLDFAST_FETCH_DEPS} ${CMAKE_BINARY_DIR}/deps nrfxlib OUTPUT_VARIABLE said ERROR_VARIABLE said)
  endif()
  if(EXISTS ${wanted})
    set(HOLDFAST_HAS_NRFXLIB TRUE PARENT_SCOPE)
  else()
    set(HOLDFAST_HAS_NRFXLIB FALSE PARENT_SCOPE)
    message(NOTICE "No demo applications with Bluetooth: ${wanted} is missing. ${said}")
  endif()
endfunction()
