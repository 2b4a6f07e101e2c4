# SPDX-License-Identifier: Apache-2.0
# The shared library asks the system for nothing that would end, mark, print from or connect its host:
# none of these names is among its undefined symbols.
#   cmake -DNM=nm -DLIBRARY=libottobit.so -P cmake/check_symbols.cmake
cmake_minimum_required(VERSION 3.24)
set(forbidden
    # ends the process, or leaves by another way than returning
    abort exit _exit _Exit quick_exit atexit __assert_fail longjmp siglongjmp __longjmp_chk
    raise kill
    # standard streams
    printf puts putchar vprintf perror stdout stderr stdin _ZSt4cout _ZSt4cerr _ZSt4clog __printf_chk
    # state of the process
    signal sigaction setlocale fesetround fesetenv setenv putenv unsetenv chdir umask srand setrlimit
    sched_setaffinity pthread_setaffinity_np
    # an OpenMP runtime, which prints, exits and outlives an unloaded library
    GOMP_parallel omp_get_num_threads omp_set_num_threads __kmpc_fork_call
    # other processes, and the network
    system fork vfork popen execve posix_spawn socket connect getaddrinfo gethostbyname)

execute_process(COMMAND ${NM} -D --undefined-only ${LIBRARY} OUTPUT_VARIABLE text
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[Uw] [^\n@]+" names "${text}")
list(TRANSFORM names REPLACE "^[Uw] " "")
if(NOT "memcpy" IN_LIST names)
  message(FATAL_ERROR "found no undefined symbols in ${LIBRARY}")
endif()
foreach(name IN LISTS forbidden)
  if(name IN_LIST names)
    message(SEND_ERROR "the library calls ${name}, which it must not")
  endif()
endforeach()
list(LENGTH names count)
message(STATUS "${count} names, none of them forbidden")
