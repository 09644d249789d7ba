#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <sys/user.h>
#include <errno.h>
int main(int c,char**v){ int tid=atoi(v[1]); long n=atol(v[2]);
 if(ptrace(PTRACE_SEIZE,tid,0,0)) {perror("seize");return 1;}
 ptrace(PTRACE_INTERRUPT,tid,0,0); int st; waitpid(tid,&st,__WALL);
 int sig=0;
 for(long i=0;i<n;i++){ if(ptrace(PTRACE_SINGLESTEP,tid,0,sig)){perror("step");break;} waitpid(tid,&st,__WALL); if(!WIFSTOPPED(st))break;
  sig=WSTOPSIG(st); if(sig==5) sig=0; if(st>>16) sig=0;
  struct user_regs_struct r; ptrace(PTRACE_GETREGS,tid,0,&r); printf("%llx\n",r.rip);}
 ptrace(PTRACE_DETACH,tid,0,0);}
