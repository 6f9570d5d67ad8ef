/* Constants of headers, by name; numbers where this computer's headers may be older than the kernel. */
#define C(name) {#name, name}
#define S(name) {"SYS_" #name, SYS_##name}
static const struct {
  const char *name;
  long value;
} constants[] = {
    C(WNOHANG), C(WUNTRACED), C(WSTOPPED), C(WCONTINUED), C(WEXITED), C(WNOWAIT), {"__WALL", 0x40000000},
    {"__WCLONE", 0x80000000L}, {"__WNOTHREAD", 0x20000000}, C(P_ALL), C(P_PID), C(P_PGID), {"P_PIDFD", 3},
    C(CLONE_NEWPID), C(CLONE_NEWUSER), C(CLONE_NEWNS), C(CLONE_NEWNET), C(CLONE_NEWUTS), C(CLONE_VFORK), C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(CLONE_PARENT), C(CLONE_THREAD),
    C(CLONE_SIGHAND), C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), {"CLONE_PIDFD", 0x1000},
    {"CLONE_CLEAR_SIGHAND", 0x100000000L}, {"CLONE_INTO_CGROUP", 0x200000000L}, {"CLONE_AUTOREAP", 0x400000000L},
    {"CLONE_NNP", 0x800000000L}, {"CLONE_PIDFD_AUTOKILL", 0x1000000000L}, C(O_NONBLOCK), C(O_ASYNC), C(F_SETFL), C(F_SETOWN), C(F_SETSIG), {"PIDFD_NONBLOCK", O_NONBLOCK},
    {"PIDFD_THREAD", O_EXCL}, {"PIDFD_SIGNAL_THREAD", 1}, {"PIDFD_SIGNAL_THREAD_GROUP", 2},
    {"PIDFD_SIGNAL_PROCESS_GROUP", 4}, {"PIDFD_SELF", -10000}, {"PIDFD_SELF_PROCESS", -10001}, {"FD_PIDFS_ROOT", -10002},
    {"INT_MIN", -2147483648L}, C(SI_USER), C(SI_QUEUE), C(SI_TKILL), C(SI_KERNEL), C(SI_TIMER),
    {"SYS_process_mrelease", 448}, {"SYS_listns", 470},
    {"SYS_sigreturn", SYS_rt_sigreturn},
    C(RLIMIT_CORE), C(RLIMIT_NPROC), C(RLIMIT_SIGPENDING), C(RLIMIT_NOFILE), C(RLIMIT_CPU), C(RLIMIT_STACK), C(RLIMIT_FSIZE),
    C(POLLIN), C(POLLHUP),
    {"PTRACE_TRACEME", 0}, {"PTRACE_CONT", 7}, {"PTRACE_KILL", 8}, {"PTRACE_ATTACH", 16}, {"PTRACE_DETACH", 17},
    {"PTRACE_SINGLESTEP", 9}, {"PTRACE_SYSCALL", 24}, {"PTRACE_SETOPTIONS", 0x4200}, {"PTRACE_SEIZE", 0x4206}, {"PTRACE_INTERRUPT", 0x4207}, {"PTRACE_LISTEN", 0x4208},
    {"PTRACE_O_TRACESYSGOOD", 1}, {"PTRACE_O_TRACEFORK", 2}, {"PTRACE_O_TRACEVFORK", 4}, {"PTRACE_O_TRACEVFORKDONE", 32}, {"PTRACE_O_TRACECLONE", 8}, {"PTRACE_O_TRACEEXEC", 16}, {"PTRACE_O_TRACEEXIT", 64},
    {"PTRACE_O_EXITKILL", 0x100000},
    {"SFD_NONBLOCK", O_NONBLOCK}, {"SFD_CLOEXEC", O_CLOEXEC}, C(CLONE_NEWIPC), C(PR_SET_DUMPABLE), C(PR_GET_DUMPABLE), C(CLOCK_PROCESS_CPUTIME_ID),
    S(alarm), S(clone), S(clone3), S(close), S(dup), S(exit), S(exit_group), S(fcntl), S(fork), S(getpgid),
    S(getpgrp), S(getpid), S(getppid), S(getpriority), S(getsid), S(gettid), S(getuid), S(ioctl), S(kill),
    S(nanosleep), S(pause), S(personality), S(pidfd_getfd), S(pidfd_open), S(pidfd_send_signal), S(prctl), S(ptrace),
    S(read), S(reboot), S(restart_syscall), S(rt_sigaction), S(rt_sigpending), S(rt_sigprocmask), S(rt_sigqueueinfo),
    S(rt_sigsuspend), S(rt_sigtimedwait), S(rt_tgsigqueueinfo), S(sched_yield), S(seccomp), S(set_tid_address),
    S(setgid), S(setns), S(setpgid), S(setresgid), S(setresuid), S(setsid), S(setuid), S(sigaltstack), S(signalfd4),
    S(tgkill), S(timer_create), S(timer_delete), S(timer_settime), S(tkill), S(unshare), S(vfork), S(wait4),
    S(waitid),
};
#undef C
#undef S
