# SPDX-License-Identifier: MIT

# UMCG_HOST: choose the architecture's and the libc's folders by path.
AC_DEFUN([UMCG_HOST], [
  AS_CASE([$host_cpu],
    [x86_64], [UMCG_ARCH=x86_64],
    [AC_MSG_ERROR([no context switch for $host_cpu: src/arch has x86_64])])
  AS_CASE([$host_os],
    [linux-gnu*], [UMCG_LIBC=glibc],
    [AC_MSG_ERROR([no libc port for $host_os: src/host has glibc])])
  AC_SUBST([UMCG_ARCH])
  AC_SUBST([UMCG_LIBC])
])

# UMCG_WARNINGS: WARN_CFLAGS, with each flag that this compiler knows.
AC_DEFUN([UMCG_WARNINGS], [
  WARN_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla -Wno-unused-parameter], [
    AC_MSG_CHECKING([whether $CC takes flag])
    umcg_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); WARN_CFLAGS="$WARN_CFLAGS flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$umcg_save_CFLAGS
  ])
  AC_SUBST([WARN_CFLAGS])
])
