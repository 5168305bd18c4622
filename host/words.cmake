# SPDX-License-Identifier: MIT
# Runs holdfast-words: cmake -DWORDS=PROGRAM -DFORM=man -DOUT=FILE [-DHELP_OF=PROGRAM] -P words.cmake
if(HELP_OF)
  execute_process(COMMAND ${HELP_OF} --help COMMAND ${WORDS} ${FORM} - OUTPUT_VARIABLE text RESULTS_VARIABLE codes)
else()
  execute_process(COMMAND ${WORDS} ${FORM} OUTPUT_VARIABLE text RESULTS_VARIABLE codes)
endif()
if(NOT codes MATCHES "^0(;0)?$")
  message(FATAL_ERROR "${OUT}: holdfast-words failed (${codes})")
endif()
file(WRITE ${OUT} "${text}")
