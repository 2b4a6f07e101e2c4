# SPDX-License-Identifier: Apache-2.0
# ottobit_repository_files(out root pattern...): the files of the checkout, relative to root, whose
# names match one of the glob patterns. git says which files belong to it; without git, all in the
# source folders do.
function(ottobit_repository_files out root)
  find_program(OTTOBIT_GIT git)
  set(result 1)
  if(OTTOBIT_GIT)
    execute_process(
      COMMAND ${OTTOBIT_GIT} ls-files --cached --others --exclude-standard -- ${ARGN}
      WORKING_DIRECTORY ${root} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_QUIET)
  endif()
  if(result EQUAL 0)
    string(REGEX REPLACE "\n$" "" text "${text}")
    string(REPLACE "\n" ";" files "${text}")
  else()
    set(globs "")
    foreach(folder bench capi cmake examples include lib tests)
      foreach(pattern IN LISTS ARGN)
        list(APPEND globs ${root}/${folder}/${pattern})
      endforeach()
    endforeach()
    file(GLOB_RECURSE files RELATIVE ${root} ${globs})
  endif()
  # A file that was removed but not yet committed is still listed.
  set(present "")
  foreach(file IN LISTS files)
    if(EXISTS ${root}/${file})
      list(APPEND present ${file})
    endif()
  endforeach()
  set(${out} "${present}" PARENT_SCOPE)
endfunction()
