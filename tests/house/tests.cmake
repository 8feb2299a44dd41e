# The arrows between the rooms, and that a wrong one is found.
add_test(NAME house_arrows COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/house/arrows ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
set_tests_properties(house_arrows PROPERTIES TIMEOUT 60 LABELS house)
vit_script(house_can_fail house/can_fail.sh)
# Every parallel region flushes denormals, and that one which does not is found.
add_test(NAME house_teams COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/house/teams ${PROJECT_SOURCE_DIR})
set_tests_properties(house_teams PROPERTIES TIMEOUT 60 LABELS house)
vit_script(house_teams_can_fail house/teams_can_fail.sh)
