/* Constants of headers, by name; numbers where this computer's headers may be older than the kernel. */
#define C(name) {#name, name}
static const struct {
  const char *name;
  long value;
} constants[] = {
    C(WNOHANG), C(WUNTRACED), C(WSTOPPED), C(WCONTINUED), C(WEXITED), C(WNOWAIT), {"__WALL", 0x40000000},
    {"__WCLONE", 0x80000000L}, {"__WNOTHREAD", 0x20000000}, C(P_ALL), C(P_PID), C(P_PGID), {"P_PIDFD", 3},
    C(CLONE_NEWPID), C(CLONE_NEWUSER), C(CLONE_NEWNS), C(CLONE_NEWNET), C(CLONE_PARENT), C(CLONE_THREAD),
    C(CLONE_SIGHAND), C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), {"CLONE_PIDFD", 0x1000},
    {"CLONE_CLEAR_SIGHAND", 0x100000000L}, {"CLONE_INTO_CGROUP", 0x200000000L}, {"CLONE_AUTOREAP", 0x400000000L},
    {"CLONE_NNP", 0x800000000L}, {"CLONE_PIDFD_AUTOKILL", 0x1000000000L}, C(O_NONBLOCK), {"PIDFD_NONBLOCK", O_NONBLOCK},
    {"PIDFD_THREAD", O_EXCL}, {"PIDFD_SIGNAL_THREAD", 1}, {"PIDFD_SIGNAL_THREAD_GROUP", 2},
    {"PIDFD_SIGNAL_PROCESS_GROUP", 4}, {"PIDFD_SELF", -10000}, {"PIDFD_SELF_PROCESS", -10001}, {"FD_PIDFS_ROOT", -10002},
    {"INT_MIN", -2147483648L}, C(SI_USER), C(SI_QUEUE), C(SI_TKILL), C(SI_KERNEL), C(SI_TIMER),
    {"SYS_kill", SYS_kill}, {"SYS_tgkill", SYS_tgkill}, {"SYS_tkill", SYS_tkill}, {"SYS_wait4", SYS_wait4},
    {"SYS_waitid", SYS_waitid}, {"SYS_clone3", SYS_clone3}, {"SYS_pidfd_open", SYS_pidfd_open},
    {"SYS_pidfd_send_signal", SYS_pidfd_send_signal}, {"SYS_pidfd_getfd", SYS_pidfd_getfd},
    {"SYS_process_mrelease", 448}, {"SYS_listns", 470}, {"SYS_getppid", SYS_getppid}, {"SYS_setpgid", SYS_setpgid},
    {"SYS_getpgid", SYS_getpgid}, {"SYS_getsid", SYS_getsid}, {"SYS_setsid", SYS_setsid},
    {"SYS_rt_sigaction", SYS_rt_sigaction}, {"SYS_rt_sigprocmask", SYS_rt_sigprocmask},
    {"SYS_rt_sigtimedwait", SYS_rt_sigtimedwait}, {"SYS_rt_sigpending", SYS_rt_sigpending},
    {"SYS_rt_sigqueueinfo", SYS_rt_sigqueueinfo}, {"SYS_rt_sigsuspend", SYS_rt_sigsuspend},
    {"SYS_signalfd4", SYS_signalfd4}, {"SYS_sigaltstack", SYS_sigaltstack}, {"SYS_setns", SYS_setns},
    {"SYS_unshare", SYS_unshare}, {"SYS_prctl", SYS_prctl}, {"SYS_reboot", SYS_reboot}, {"SYS_exit", SYS_exit},
    {"SYS_timer_create", SYS_timer_create}, {"SYS_timer_delete", SYS_timer_delete}, {"SYS_sigreturn", SYS_rt_sigreturn},
    {"SYS_getpriority", SYS_getpriority}, {"SYS_ptrace", SYS_ptrace}, {"SYS_set_tid_address", SYS_set_tid_address},
    C(RLIMIT_CORE), C(RLIMIT_NPROC), C(RLIMIT_SIGPENDING), C(RLIMIT_NOFILE), C(RLIMIT_CPU), C(RLIMIT_STACK), C(RLIMIT_FSIZE),
    C(POLLIN), C(POLLHUP), {"SFD_NONBLOCK", O_NONBLOCK}, {"SFD_CLOEXEC", O_CLOEXEC}, C(O_RDONLY), C(O_WRONLY), C(O_RDWR),
    C(CLONE_VFORK), C(CLONE_NEWIPC), C(PR_SET_DUMPABLE), C(PR_GET_DUMPABLE), {"SYS_read", SYS_read}, {"SYS_close", SYS_close},
    {"SYS_dup", SYS_dup}, {"SYS_setresuid", SYS_setresuid}, {"SYS_pause", SYS_pause},
    {"SYS_restart_syscall", SYS_restart_syscall}, {"SYS_personality", SYS_personality},
};
#undef C
