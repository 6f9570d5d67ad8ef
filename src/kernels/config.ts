/**
 * The options of a kernel's configuration that are on, with their values: `CONFIG_PID_NS` → `y`. An option that is off is not
 * in it. (Documentation/kbuild/kconfig.rst)
 */
export const parseConfig = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, option = '', value = '']) => [option, value]));

/**
 * The options that claims may need, each with a command that succeeds in a guest whose kernel has it: not every kernel
 * comes with its configuration.
 */
export const optionProbes = {
  CONFIG_PID_NS: 'test -e /proc/self/ns/pid',
  CONFIG_USER_NS: 'test -e /proc/self/ns/user',
  CONFIG_CHECKPOINT_RESTORE: 'test -e /proc/self/timers',
  CONFIG_PROC_CHILDREN: 'test -e /proc/self/task/self/children || test -e /proc/1/task/1/children',
  CONFIG_SECCOMP_FILTER: 'test -e /proc/sys/kernel/seccomp/actions_avail',
  CONFIG_COREDUMP: 'test -e /proc/sys/kernel/core_pattern',
  CONFIG_CGROUPS: 'test -e /sys/fs/cgroup/cgroup.procs',
  CONFIG_CGROUP_FREEZER: "grep -qw '^freezer' /proc/cgroups",
  CONFIG_CGROUP_PIDS: 'grep -qw pids /sys/fs/cgroup/cgroup.controllers',
  CONFIG_MEMCG: 'grep -qw memory /sys/fs/cgroup/cgroup.controllers',
  CONFIG_TMPFS_XATTR:
    "touch /tmp/probe; /kernspec/bin/actor 'file-capability /tmp/probe 13; exit 0' 3>&1 | grep -q '\"result\":0'",
  CONFIG_POSIX_MQUEUE: 'test -d /proc/sys/fs/mqueue',
  CONFIG_KALLSYMS: 'test -e /proc/kallsyms',
  CONFIG_HIBERNATION: 'test -e /dev/snapshot',
  CONFIG_MAGIC_SYSRQ: 'test -e /proc/sys/kernel/sysrq',
  CONFIG_FTRACE: 'test -d /sys/kernel/tracing/instances/kernspec0/events/signal',
  CONFIG_FTRACE_SYSCALLS: 'test -d /sys/kernel/tracing/events/syscalls',
  CONFIG_KPROBE_EVENTS: 'test -e /sys/kernel/tracing/kprobe_events',
} as const;

export type KernelOption = keyof typeof optionProbes;

/** All options that claims may need. */
export const knownOptions = Object.keys(optionProbes) as readonly KernelOption[];

/** Those that a configuration does not have. */
export const lackingIn = (config: string): readonly KernelOption[] => {
  const options = parseConfig(config);
  return knownOptions.filter((option) => !options.has(option));
};
