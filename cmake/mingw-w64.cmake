# SPDX-License-Identifier: MIT
# Toolchain file of the Windows build: GCC for Windows as Debian packages it (gcc-mingw-w64-x86-64). tools/windows uses it, with
# HOLDFAST_WINDOWS_PREFIX naming the folder where it put the libraries (OpenSSL, cJSON, libzip, static).
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HOLDFAST_WINDOWS_PREFIX)
set(CMAKE_FIND_ROOT_PATH ${HOLDFAST_WINDOWS_PREFIX} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(OPENSSL_ROOT_DIR ${HOLDFAST_WINDOWS_PREFIX})
set(OPENSSL_USE_STATIC_LIBS ON)
set(ENV{PKG_CONFIG_LIBDIR} ${HOLDFAST_WINDOWS_PREFIX}/lib/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")
set(PKG_CONFIG_ARGN --static)
# C's own printf instead of Microsoft's. The POSIX names that mingw-w64 has are wanted though the language is strict C.
set(CMAKE_C_FLAGS_INIT "-U__STRICT_ANSI__ -D__USE_MINGW_ANSI_STDIO=1 -DZIP_STATIC")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
