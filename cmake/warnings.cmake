# SPDX-License-Identifier: MIT
# Warnings for our own code; dependencies are compiled without them.
set(HOLDFAST_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-align -Wcast-qual
  -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 -Werror)
# clang counts a forwarded format of a static function as non-literal even where gcc does not.
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  list(APPEND HOLDFAST_WARNINGS -Wno-format-nonliteral)
endif()
# The compiler for Windows judges formats by Microsoft's printf, which is not the one that is linked; the host build judges them.
if(WIN32)
  list(APPEND HOLDFAST_WARNINGS -Wno-format -Wno-format-extra-args -Wno-format-nonliteral -Wno-format-security)
endif()
function(holdfast_target name)
  target_compile_options(${name} PRIVATE ${HOLDFAST_WARNINGS})
endfunction()
