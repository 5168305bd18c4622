# SPDX-License-Identifier: MIT
# What `cmake --install` puts where (GNUInstallDirs), in two parts: holdfast (MIT) and holdfast-board, whose program is a combined
# work under GPL-2 because it links Unicorn. cmake/package.cmake makes a .deb of each.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # what is installed must be there; the tests need not be built

# One page and three completions of a program; the shells look for them by these names in these folders.
function(holdfast_words_of program component)
  set(made)
  set(help_of)
  if(NOT program STREQUAL holdfast)
    set(help_of -DHELP_OF=$<TARGET_FILE:${program}>)
  endif()
  foreach(row "man|${program}.1|${CMAKE_INSTALL_MANDIR}/man1" "bash|${program}|${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
      "zsh|_${program}|${CMAKE_INSTALL_DATADIR}/zsh/site-functions" "fish|${program}.fish|${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
    string(REPLACE "|" ";" row "${row}")
    list(GET row 0 form)
    list(GET row 1 name)
    list(GET row 2 folder)
    set(out ${CMAKE_BINARY_DIR}/words/${form}/${name})
    add_custom_command(OUTPUT ${out} DEPENDS holdfast-words ${program} ${CMAKE_SOURCE_DIR}/host/words.cmake VERBATIM
      COMMAND ${CMAKE_COMMAND} -DWORDS=$<TARGET_FILE:holdfast-words> -DFORM=${form} -DOUT=${out} ${help_of}
        -P ${CMAKE_SOURCE_DIR}/host/words.cmake)
    list(APPEND made ${out})
    if(form STREQUAL man) # as Debian wants it: packed, without a time in it
      add_custom_command(OUTPUT ${out}.gz DEPENDS ${out} COMMAND gzip -9nkf ${out} VERBATIM)
      list(APPEND made ${out}.gz)
      string(APPEND out .gz)
    endif()
    install(FILES ${out} DESTINATION ${folder} COMPONENT ${component})
  endforeach()
  add_custom_target(words-${program} ALL DEPENDS ${made})
endfunction()

# A text with the placeholders @NAME@ of what others wrote; each licence is the file of the source that was built.
function(holdfast_copyright component)
  foreach(row "MONOCYPHER|${HOLDFAST_MONOCYPHER_DIR}/LICENSE.txt"
      "HOLDFAST|${CMAKE_SOURCE_DIR}/LICENSE")
    string(REPLACE "|" ";" row "${row}")
    list(GET row 0 name)
    list(GET row 1 path)
    if(NOT EXISTS ${path})
      message(FATAL_ERROR "${path} is missing: the licence must go with the program")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} LICENCE_${name})
  endforeach()
  configure_file(${CMAKE_SOURCE_DIR}/cmake/copyright.${component}.txt ${CMAKE_BINARY_DIR}/words/${component}/copyright @ONLY)
  set(changelog ${CMAKE_BINARY_DIR}/words/${component}/changelog)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/changelog.txt ${changelog} @ONLY)
  execute_process(COMMAND gzip -9nkf ${changelog} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${changelog}.gz ${CMAKE_BINARY_DIR}/words/${component}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${component} COMPONENT ${component})
endfunction()

if(TARGET holdfast-words)
  install(TARGETS holdfast COMPONENT holdfast)
  holdfast_words_of(holdfast holdfast)
  holdfast_copyright(holdfast)
  file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/schema DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT holdfast FILES_MATCHING PATTERN *.json)
  install(FILES ${documents} ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT holdfast)
endif()
if(TARGET holdfast-words AND TARGET holdfast-board)
  install(TARGETS holdfast-board COMPONENT holdfast-board)
  holdfast_words_of(holdfast-board holdfast-board)
  holdfast_copyright(holdfast-board)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
