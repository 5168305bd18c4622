# SPDX-License-Identifier: MIT
# The two device crypto adapters as libraries, made the same way for the host (tests) and for a chip (firmware/).
#
# Why      Which files of the libraries a loader needs, and how they are configured, is one fact with one home: here
#          (docs/dependencies.md has the figures).
# Use      include(cmake/deps.cmake) and include(cmake/crypto_sources.cmake), then holdfast_fetch_deps() once, then
#            holdfast_add_crypto_p256(hf_crypto_p256 ${HOLDFAST_MBEDTLS_DIR})
#            holdfast_add_crypto_ed25519(hf_crypto_ed25519 ${HOLDFAST_MBEDTLS_DIR} ${HOLDFAST_MONOCYPHER_DIR})
#          and link the library; it brings the include folder of core. Nothing else of the dependencies is needed.
# Flags    The caller's own (-Os, -ffunction-sections, -mcpu...) apply; warnings are off for files that are not ours.
set(HOLDFAST_CRYPTO_DIR ${CMAKE_CURRENT_LIST_DIR}/../crypto)
set(HOLDFAST_CORE_INCLUDE_DIR ${CMAKE_CURRENT_LIST_DIR}/../core/include)

# SHA-256, and SHA-512 for Ed25519: Mbed TLS's in their small forms, by our settings.
function(holdfast_add_hashes name mbedtls_dir)
  set(files ${mbedtls_dir}/library/platform_util.c) # the bodies of its inline functions
  foreach(hash IN LISTS ARGN)
    list(APPEND files ${mbedtls_dir}/library/${hash}.c)
  endforeach()
  set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS -w)
  target_sources(${name} PRIVATE ${HOLDFAST_CRYPTO_DIR}/crypto_zeroize.c ${files})
  target_compile_definitions(${name} PRIVATE MBEDTLS_CONFIG_FILE="crypto/mbedtls_config.h")
  target_include_directories(${name} PUBLIC ${HOLDFAST_CORE_INCLUDE_DIR} PRIVATE ${HOLDFAST_CRYPTO_DIR}/..)
  target_include_directories(${name} SYSTEM PRIVATE ${mbedtls_dir}/include ${mbedtls_dir}/library)
endfunction()

# uECC_OPTIMIZATION_LEVEL 2 uses the fast reduction of the curve's prime: 60 times fewer instructions than level 0 for 0.4 KB.
set(HOLDFAST_MICRO_ECC_OPTIONS uECC_OPTIMIZATION_LEVEL=2 uECC_SQUARE_FUNC=0 uECC_SUPPORT_COMPRESSED_POINT=0
  uECC_SUPPORTS_secp160r1=0 uECC_SUPPORTS_secp192r1=0 uECC_SUPPORTS_secp224r1=0 uECC_SUPPORTS_secp256r1=1 uECC_SUPPORTS_secp256k1=0)

function(holdfast_add_crypto_p256 name mbedtls_dir)
  add_library(${name} STATIC ${HOLDFAST_CRYPTO_DIR}/crypto_p256.c)
  holdfast_add_hashes(${name} ${mbedtls_dir} sha256)
  target_include_directories(${name} SYSTEM PRIVATE ${mbedtls_dir}/3rdparty/p256-m/p256-m)
endfunction()

# What ble/ needs: AES and P-256 multiplication. Brings the include folder of ble. Signatures are not linked, but where both are, the
# linker takes one uECC.c for both.
function(holdfast_add_crypto_ble name bearssl_dir micro_ecc_dir)
  set(files ${micro_ecc_dir}/uECC.c)
  foreach(file codec/dec32le codec/enc32le symcipher/aes_ct symcipher/aes_ct_enc symcipher/aes_ct_cbcenc)
    list(APPEND files ${bearssl_dir}/src/${file}.c)
  endforeach()
  set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS -w)
  add_library(${name} STATIC ${HOLDFAST_CRYPTO_DIR}/crypto_ble.c ${files})
  target_compile_definitions(${name} PRIVATE ${HOLDFAST_MICRO_ECC_OPTIONS})
  target_include_directories(${name} PUBLIC ${HOLDFAST_CORE_INCLUDE_DIR} ${HOLDFAST_CRYPTO_DIR}/../ble/include)
  target_include_directories(${name} SYSTEM PRIVATE ${bearssl_dir}/inc ${bearssl_dir}/src ${micro_ecc_dir})
endfunction()

function(holdfast_add_crypto_ed25519 name mbedtls_dir monocypher_dir)
  add_library(${name} STATIC ${HOLDFAST_CRYPTO_DIR}/crypto_monocypher.c)
  holdfast_add_hashes(${name} ${mbedtls_dir} sha256 sha512)
  target_include_directories(${name} SYSTEM PRIVATE ${monocypher_dir})
endfunction()
