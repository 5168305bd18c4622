# SPDX-License-Identifier: MIT
# The checked build: every test of a parser or of core runs under both sanitizers, and a finding ends the program.
if(HOLDFAST_SANITIZE)
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
