# SPDX-License-Identifier: MIT
# The two device crypto adapters as libraries, made the same way for the host (tests) and for a chip (firmware/).
#
# Why      Which files of BearSSL and Monocypher a loader needs is one fact with one home: here. P-256 is crypto/p256.c, our own:
#          BearSSL's verification is made for secret scalars and ends at 11.4 KB with SHA-256, ours at 3.6 KB.
# Use      include(cmake/deps.cmake) and include(cmake/crypto_sources.cmake), then holdfast_fetch_deps() once, then
#            holdfast_add_crypto_p256(hf_crypto_p256 ${HOLDFAST_BEARSSL_DIR})
#            holdfast_add_crypto_ed25519(hf_crypto_ed25519 ${HOLDFAST_BEARSSL_DIR} ${HOLDFAST_MONOCYPHER_DIR})
#          and link the library; it brings the include folder of core. Nothing else of the dependencies is needed.
# Flags    The caller's own (-Os, -ffunction-sections, -mcpu...) apply; warnings are off for files that are not ours.
set(HOLDFAST_CRYPTO_DIR ${CMAKE_CURRENT_LIST_DIR}/../crypto)
set(HOLDFAST_CORE_INCLUDE_DIR ${CMAKE_CURRENT_LIST_DIR}/../core/include)

# SHA-256 alone.
function(holdfast_bearssl_sha256_sources dir out_var)
  set(${out_var} ${dir}/src/codec/dec32be.c ${dir}/src/codec/enc32be.c ${dir}/src/hash/sha2small.c PARENT_SCOPE)
endfunction()

# SHA-256 and SHA-512; Monocypher has neither in its main file, and monocypher.c itself is included by crypto/crypto_monocypher.c.
function(holdfast_bearssl_hash_sources dir out_var)
  set(files)
  foreach(file codec/dec32be codec/enc32be codec/dec64be codec/enc64be hash/sha2small hash/sha2big)
    list(APPEND files ${dir}/src/${file}.c)
  endforeach()
  set(${out_var} ${files} PARENT_SCOPE)
endfunction()

function(holdfast_add_crypto_p256 name bearssl_dir)
  holdfast_bearssl_sha256_sources(${bearssl_dir} files)
  set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS -w)
  add_library(${name} STATIC ${HOLDFAST_CRYPTO_DIR}/crypto_p256.c ${HOLDFAST_CRYPTO_DIR}/p256.c ${files})
  target_include_directories(${name} PUBLIC ${HOLDFAST_CORE_INCLUDE_DIR})
  target_include_directories(${name} SYSTEM PRIVATE ${bearssl_dir}/inc ${bearssl_dir}/src)
endfunction()

function(holdfast_add_crypto_ed25519 name bearssl_dir monocypher_dir)
  holdfast_bearssl_hash_sources(${bearssl_dir} files)
  set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS -w)
  add_library(${name} STATIC ${HOLDFAST_CRYPTO_DIR}/crypto_monocypher.c ${files})
  target_include_directories(${name} PUBLIC ${HOLDFAST_CORE_INCLUDE_DIR})
  target_include_directories(${name} SYSTEM PRIVATE ${bearssl_dir}/inc ${bearssl_dir}/src ${monocypher_dir})
endfunction()
