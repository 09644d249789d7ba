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

# UMCG_MUSL: musl's compiler wrapper, the version of the libc that it links, and the kernel's headers, which it does not look for.
AC_DEFUN([UMCG_MUSL], [
  AC_ARG_WITH([musl],
    [AS_HELP_STRING([--with-musl@<:@=COMPILER@:>@], [build for musl too, by this wrapper (default: musl-gcc if it is there)])],
    [], [with_musl=check])
  AS_CASE([$with_musl],
    [no], [MUSL_CC=],
    [yes|check], [AC_PATH_PROG([MUSL_CC], [musl-gcc])],
    [MUSL_CC=$with_musl])
  MUSL_VERSION=
  AS_IF([test -n "$MUSL_CC"], [
    AC_MSG_CHECKING([which musl $MUSL_CC links])
    cat >conftest.c <<'END'
extern const char __libc_version[[]];
int puts(const char *);
int main(void) { return puts(__libc_version) < 0; }
END
    AS_IF([$MUSL_CC -static -o conftest_musl conftest.c >&AS_MESSAGE_LOG_FD 2>&1], [MUSL_VERSION=`./conftest_musl`])
    rm -f conftest.c conftest_musl
    AC_MSG_RESULT([${MUSL_VERSION:-none that works}])
  ])
  AS_CASE([$MUSL_VERSION],
    [1.2.3], [],
    [''], [MUSL_CC=],
    [AC_MSG_WARN([musl $MUSL_VERSION: the library is written for 1.2.3; it checks what it relies on when it starts])])
  AS_IF([test -z "$MUSL_CC" && test "$with_musl" != no && test "$with_musl" != check],
    [AC_MSG_ERROR([--with-musl: no compiler wrapper for musl that links; Debian has it in musl-tools])])
  KERNEL_HEADERS=
  umcg_multiarch=`$CC -print-multiarch 2>/dev/null`
  for dir in linux asm-generic "$umcg_multiarch/asm" asm; do
    AS_IF([test -d "/usr/include/$dir"], [KERNEL_HEADERS="$KERNEL_HEADERS /usr/include/$dir"])
  done
  AC_SUBST([MUSL_CC])
  AC_SUBST([MUSL_VERSION])
  AC_SUBST([KERNEL_HEADERS])
  AM_CONDITIONAL([HAVE_MUSL], [test -n "$MUSL_CC"])
])
