# SPDX-License-Identifier: MIT
# Two .debs by CPack: holdfast and holdfast-board, with what they need as dpkg-shlibdeps finds it. `./dev package` makes them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME holdfast)
set(CPACK_PACKAGE_VENDOR "The Holdfast authors")
set(CPACK_PACKAGE_CONTACT "The Holdfast authors <holdfast@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL holdfast)
if(TARGET holdfast-board)
  list(APPEND CPACK_COMPONENTS_ALL holdfast-board)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_HOLDFAST_PACKAGE_NAME holdfast)
set(CPACK_DEBIAN_HOLDFAST_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_HOLDFAST_PACKAGE_RECOMMENDS holdfast-board)
set(CPACK_COMPONENT_HOLDFAST_DESCRIPTION "sign, install and update firmware of small Arm boards
Makes keys, signs and explains images in MCUboot's format, makes
bootloaders with your keys in them (it carries their binaries), and
updates devices over a serial line, UDP or Bluetooth LE with SMP. No
update can kill a board, wherever the power goes.")
set(CPACK_DEBIAN_HOLDFAST-BOARD_PACKAGE_NAME holdfast-board)
set(CPACK_DEBIAN_HOLDFAST-BOARD_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_HOLDFAST-BOARD_PACKAGE_RECOMMENDS holdfast)
set(CPACK_COMPONENT_HOLDFAST-BOARD_DESCRIPTION "virtual board for Holdfast's firmware
Runs the firmware of a Seeed XIAO nRF52840 or nRF54L15 on an emulated
chip, with power cuts at any flash operation; its serial line is a
pseudo-terminal. The program links Unicorn: as a whole it is under GPL-2.")
include(CPack)
