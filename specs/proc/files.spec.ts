/** What /proc says of processes: proc_pid_status(5), proc_tid_children(5). */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['proc'];

tells(
  {
    id: 'proc.status.zombie-keeps-its-lines',
    statement:
      'The status file of a zombie still shows one thread and the signals it caught; there is a line CoreDumping, and from 6.4 on one Kthread.',
    sources: [man('proc_pid_status(5)'), kernelSource('fs/proc/array.c', 'proc_pid_status')],
    tags: ['zombie', ...tags],
    entries: ['PRC-02', 'PRC-06'],
    expected: byKernel(
      { '<6.4': 'absent', '>=6.4': '0' },
      { '>=6.4': { commit: '522dc4e5f51e', title: 'fs/proc: Add Kthread flag to /proc/$pid/status' } },
    ),
  },
  {
    script: `field /proc/self/status Kthread; field /proc/self/status CoreDumping;
      fork child { quietly { on USR1; thread t { await end }; open end; join t }; exit 3 }; waitid P_PID child WEXITED|WNOWAIT; field /proc/@child/status Threads; field /proc/@child/status SigCgt; wait child; exit 0`,
    says: (kthread) => ({
      main: [
        `field /proc/self/status Kthread: ${kthread}`,
        'field /proc/self/status CoreDumping: 0',
        'waitid P_PID child WEXITED|WNOWAIT: CLD_EXITED 3 from child',
        'field /proc/@child/status Threads: 1',
        'field /proc/@child/status SigCgt: 0000000100000200',
        'wait child: exit 3',
      ],
    }),
  },
  [{ what: 'it catches another signal', replace: ['on USR1; thread', 'on USR2; thread'] }],
);

tells(
  {
    id: 'proc.children.lists-children-alone',
    statement: 'The file children of a thread in /proc names its children, and no grandchildren.',
    sources: [man('proc_tid_children(5)'), kernelSource('fs/proc/array.c', 'children_seq_show')],
    tags,
    entries: ['PRC-07'],
    needs: ['CONFIG_PROC_CHILDREN'],
  },
  {
    script: `fork a { fork b { open up; pause }; pause }; await up; children-of self > c; waitid P_PID $c WEXITED|WNOHANG; children-of a > d; waitid P_PID $d WEXITED|WNOHANG; kill $d 0; exit 0`,
    says: {
      main: [
        'children-of self: 0',
        'waitid P_PID $c WEXITED|WNOHANG: nothing',
        'children-of a: 0',
        'waitid P_PID $d WEXITED|WNOHANG: ECHILD',
        'kill $d 0: 0',
      ],
    },
  },
  [{ what: 'the same one is asked twice', replace: ['children-of a > d', 'children-of self > d'] }],
);

tells(
  {
    id: 'proc.wchan.names-where-an-init-waits',
    statement:
      'The file wchan of a namespace init that waits for the end of its members says zap_pid_ns_processes; on 5.10 it says 0.',
    sources: [man('proc_pid_wchan(5)'), kernelSource('fs/proc/base.c', 'proc_pid_wchan')],
    tags: ['teardown', ...tags],
    entries: ['PRC-08'],
    expected: byKernel(
      { '<5.16': '0', '>=5.16': 'zap_pid_ns_processes' },
      { '>=5.16': { commit: 'bc9bbb81730e', title: 'x86: Fix get_wchan() to support the ORC unwinder' } },
    ),
    needs: ['CONFIG_KALLSYMS'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await up; exit 42 }; fork member { open up; pause }; until Z member; until-in exit_group one; read /proc/@one/wchan; wait member; wait one; exit 0`,
    says: (where) => ({
      main: [
        'until Z member: Z',
        'until-in exit_group one: exit_group',
        `read /proc/@one/wchan: ${where}`,
        'wait member: SIGKILL',
        'wait one: exit 42',
      ],
    }),
  },
  [
    {
      what: 'nobody else is there',
      replace: ['{ open up; pause }; until Z member;', '{ exit 0 }; until Z member; open up;'],
    },
  ],
);

tells(
  {
    id: 'proc.wchan.is-for-who-may-trace',
    statement:
      'The file wchan of a process that its cgroup keeps frozen says get_signal to root (0 on 5.10), and 0 to another user.',
    sources: [man('proc_pid_wchan(5)'), kernelSource('fs/proc/base.c', 'proc_pid_wchan')],
    tags: ['cgroup', ...tags],
    entries: ['PRC-08'],
    expected: byKernel(
      { '<5.16': '0', '>=5.16': 'get_signal' },
      { '>=5.16': { commit: 'bc9bbb81730e', title: 'x86: Fix get_wchan() to support the ORC unwinder' } },
    ),
    needs: ['CONFIG_KALLSYMS'],
  },
  {
    script: `quietly { mkdir /sys/fs/cgroup/wchan }; fork child { quietly { write /sys/fs/cgroup/wchan/cgroup.procs 0 }; open up; await end; exit 5 }; quietly { await up; write /sys/fs/cgroup/wchan/cgroup.freeze 1; until-frozen /sys/fs/cgroup/wchan; until-in futex child };
      read /proc/@child/wchan; fork user { quietly { call setresuid 3000 3000 3000 }; read /proc/@child/wchan; exit 0 }; wait user;
      quietly { kill child KILL }; wait child; quietly { write /sys/fs/cgroup/wchan/cgroup.freeze 0; rmdir /sys/fs/cgroup/wchan }; exit 0`,
    says: (where) => ({
      user: ['read /proc/@child/wchan: 0'],
      main: [`read /proc/@child/wchan: ${where}`, 'wait user: exit 0', 'wait child: SIGKILL'],
    }),
  },
  [
    {
      what: 'it has ended',
      replace: ['until-in futex child }', 'until-in futex child; kill child KILL; wait child }'],
    },
  ],
);
