/* SPDX-License-Identifier: MIT */
/*
 * Every link with this library has this in it, as something that runs when the
 * program starts. The name below is one of those that the link line is to wrap, so
 * it is defined if, and only if, the line is right: else the linker says what to do.
 */
int use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void);
int __wrap_use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void);

__attribute__((constructor)) static void check_link_line(void)
{
	use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl();
}

int __wrap_use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void)
{
	return 0;
}
