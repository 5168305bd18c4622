# SPDX-License-Identifier: MIT
# Warnings for our own code; dependencies are compiled without them.
set(HOLDFAST_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-align -Wcast-qual
  -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 -Werror)
function(holdfast_target name)
  target_compile_options(${name} PRIVATE ${HOLDFAST_WARNINGS})
endfunction()
