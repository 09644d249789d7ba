/* SPDX-License-Identifier: MIT */
/*
 * Every link with this library pulls this file in (libumcg-pthread.a). The name
 * below is one of those that the link line is to wrap, so it is defined if, and only
 * if, the link line is right: else the linker's message says what to do.
 */
int umcg_link_check(void);
int use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void);
int __wrap_use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void);

int umcg_link_check(void)
{
	return use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl();
}

int __wrap_use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl(void)
{
	return 0;
}
