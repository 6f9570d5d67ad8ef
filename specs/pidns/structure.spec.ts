/** How pid namespaces are made and nested: pid_namespaces(7), unshare(2). */
import { actor, byKernel, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const page = man('pid_namespaces(7)');
const tags = ['pidns', 'container'];
const unshared = 'quietly { call unshare CLONE_NEWPID }';

tells(
  {
    id: 'pidns.structure.first-process-is-1',
    statement: 'The first process of a namespace has pid 1 and getppid() 0; its parent knows it by another pid.',
    sources: [page, kernelSource('kernel/pid.c', 'alloc_pid')],
    tags,
    entries: ['NS-01'],
  },
  {
    as: 'init',
    script: `${unshared}; fork one { call getpid; parent; call getppid; open told; await seen; exit 3 }; await told; field /proc/@one/status NSpid; open seen; wait one; exit 0`,
    says: {
      one: ['call getpid: 1', 'parent: 0', 'call getppid: 0'],
      main: ['field /proc/@one/status NSpid: 2 1', 'wait one: exit 3'],
    },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.unshare-does-not-move-the-caller',
    statement:
      'unshare(CLONE_NEWPID) leaves the caller where it is; its next child is pid 1; a second unshare and a thread are EINVAL.',
    sources: [man('unshare(2)', 'CLONE_NEWPID'), kernelSource('kernel/nsproxy.c', 'copy_namespaces'), page],
    tags: ['star', ...tags],
    entries: ['NS-02'],
  },
  {
    script: `fork maker { quietly { call getpid > before }; call unshare CLONE_NEWPID; same-as $before; call unshare CLONE_NEWPID; thread t { pause }; fork one { call getpid; exit 0 }; wait one; exit 0 }; wait maker; exit 0`,
    says: {
      maker: [
        'call unshare CLONE_NEWPID: 0',
        'same-as $before: yes',
        'call unshare CLONE_NEWPID: EINVAL',
        'thread t: EINVAL',
        'wait one: exit 0',
      ],
      one: ['call getpid: 1'],
      main: ['wait maker: exit 0'],
    },
  },
  [
    {
      what: 'another namespace',
      replace: ['call unshare CLONE_NEWPID; same-as', 'call unshare CLONE_NEWUTS; same-as'],
    },
  ],
);

tells(
  {
    id: 'pidns.structure.unshare-is-per-thread',
    statement:
      'unshare(CLONE_NEWPID) of one thread leaves the others free: they can make threads, and their children stay in the old namespace.',
    sources: [man('unshare(2)'), kernelSource('kernel/fork.c', 'ksys_unshare')],
    tags: ['thread', ...tags],
    entries: ['NS-03'],
  },
  {
    as: 'init',
    script: `thread other { call unshare CLONE_NEWPID; open done; await end }; await done; thread more { call getpid }; join more; fork child { call getppid; exit 0 }; wait child; open end; exit 0`,
    says: {
      other: ['call unshare CLONE_NEWPID: 0'],
      more: ['call getpid: 1'],
      child: ['call getppid: 1'],
      main: ['join more: 0', 'wait child: exit 0'],
    },
  },
  [{ what: 'the main thread unshares', replace: ['await done;', 'await done; call unshare CLONE_NEWPID;'] }],
);

tells(
  {
    id: 'pidns.structure.pid-for-children-before-the-first-fork',
    statement:
      'Between unshare and the first fork /proc/self/ns/pid_for_children is ENOENT; from 7.1 on it can be opened.',
    sources: [page, kernelSource('kernel/pid_namespace.c', 'pidns_for_children_get')],
    tags: ['errata', ...tags],
    entries: ['NS-04'],
    expected: byKernel({ '<7.1': 'ENOENT', '>=7.1': '0' }),
  },
  {
    script: `fork maker { quietly { call unshare CLONE_NEWPID }; open-file /proc/self/ns/pid_for_children O_RDONLY > fd; exit 0 }; quietly { wait maker }; exit 0`,
    says: (outcome) => ({ maker: [`open-file /proc/self/ns/pid_for_children O_RDONLY: ${outcome}`] }),
  },
  [
    {
      what: 'a child was born',
      replace: [
        'call unshare CLONE_NEWPID };',
        'call unshare CLONE_NEWPID; fork one { pause } }; open-file /nowhere O_RDONLY > fd;',
      ],
    },
  ],
);

spec(
  {
    id: 'pidns.structure.pid-for-children-link-before-the-first-fork',
    statement:
      'Between unshare and the first fork readlink(2) of /proc/self/ns/pid_for_children is ENOENT; from 7.1 on it tells the new namespace.',
    sources: [page, kernelSource('kernel/pid_namespace.c', 'pidns_for_children_get')],
    tags: ['errata', ...tags],
    entries: ['NS-04'],
    expected: byKernel({ '<7.1': 'ENOENT', '>=7.1': 'another' }),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(
      actor(
        'readlink /proc/self/ns/pid_for_children; quietly { call unshare CLONE_NEWPID }; readlink /proc/self/ns/pid_for_children; readlink /proc/self/ns/pid; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    const [before = '', between = '', own = ''] = fixture
      .seen({ ev: 'readlink' })
      .map(({ error, text = '' }) => error ?? text);
    const told = !between.startsWith('pid:[') ? between : between === own ? 'its own' : 'another';
    observe(told);
    expect(told).toBe(expected);
    expect([before, own]).toEqual([own, before]);
  },
  [{ what: 'it is another namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.fork-after-its-init-died-is-enomem',
    statement: 'When the init of a namespace has died, every fork into it fails with ENOMEM, for ever.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags: ['star', ...tags],
    entries: ['NS-06', 'ZAP-05'],
  },
  {
    script: `${unshared}; fork one { exit 5 }; wait one; fork late { exit 0 }; clone later 0 { exit 0 }; exit 0`,
    says: { main: ['wait one: exit 5', 'fork late: ENOMEM', 'clone later 0: ENOMEM'] },
  },
  [{ what: 'the init lives', replace: ['fork one { exit 5 }; wait one;', 'fork one { pause }; wait one WNOHANG;'] }],
);

tells(
  {
    id: 'pidns.structure.descriptor-keeps-a-dead-namespace',
    statement:
      'A descriptor of a namespace stays good when its init has ended: the namespace can still be entered, but nobody is born in it.',
    sources: [man('namespaces(7)', 'Namespace lifetime'), kernelSource('kernel/pid_namespace.c', 'pidns_install')],
    tags,
    entries: ['NS-20'],
  },
  {
    script: `clone one CLONE_NEWPID { ready; pause }; await one; quietly { open-file /proc/@one/ns/pid O_RDONLY > ns; kill one KILL; wait one };
      call setns $ns CLONE_NEWPID; fork late { exit 0 }; open-file /proc/self/ns/pid_for_children O_RDONLY > same; inode $ns $same; exit 0`,
    says: {
      main: [
        'call setns $ns CLONE_NEWPID: 0',
        'fork late: ENOMEM',
        'open-file /proc/self/ns/pid_for_children O_RDONLY: 0',
        'inode $ns $same: same',
      ],
    },
  },
  [{ what: 'its init lives', replace: ['kill one KILL; wait one', 'call getpid'] }],
);

tells(
  {
    id: 'pidns.structure.zombie-keeps-its-namespace',
    statement:
      'The namespace of an init that is a zombie can still be opened and entered, but nobody is born in it; when it was waited for there is nothing to open.',
    sources: [man('namespaces(7)', 'Namespace lifetime'), kernelSource('kernel/pid_namespace.c', 'pidns_get')],
    tags: ['zombie', ...tags],
    entries: ['NS-20'],
  },
  {
    as: 'init',
    script: `clone one CLONE_NEWPID { exit 5 }; until Z one;
      fork joiner { open-file /proc/@one/ns/pid O_RDONLY > ns; call setns $ns CLONE_NEWPID; fork late { exit 0 }; exit 0 }; wait joiner; wait one; open-file /proc/@one/ns/pid O_RDONLY > ns; exit 0`,
    says: {
      joiner: ['open-file /proc/@one/ns/pid O_RDONLY: 0', 'call setns $ns CLONE_NEWPID: 0', 'fork late: ENOMEM'],
      main: [
        'until Z one: Z',
        'wait joiner: exit 0',
        'wait one: exit 5',
        'open-file /proc/@one/ns/pid O_RDONLY: ENOENT',
      ],
    },
  },
  [{ what: 'it is no init', replace: ['clone one CLONE_NEWPID {', 'clone one 0 {'] }],
);

spec(
  {
    id: 'pidns.structure.bind-mount-keeps-a-dead-namespace',
    statement:
      'A bind mount of /proc/PID/ns/pid keeps the namespace when its init has ended: it can still be entered, but nobody is born in it.',
    sources: [man('namespaces(7)', 'Namespace lifetime'), kernelSource('kernel/pid_namespace.c', 'pidns_install')],
    tags,
    entries: ['NS-20'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('ready; pause'), { trace: false });
    await init.ready();
    const file = '/run/dead-namespace';
    const inode = await guest.exec(`stat -L -c %i /proc/${init.hostPid}/ns/pid`);
    await guest.exec(`touch ${file} && mount --bind /proc/${init.hostPid}/ns/pid ${file}`);
    await init.signal('KILL');
    await init.drained();
    const fixture = await guest.process(
      actor(`open-file ${file} O_RDONLY > ns; call setns $ns CLONE_NEWPID; fork late { exit 0 }; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual([
      `open-file ${file} O_RDONLY: 0`,
      'call setns $ns CLONE_NEWPID: 0',
      'fork late: ENOMEM',
    ]);
    expect(await guest.exec(`stat -L -c %i ${file}; umount ${file}`)).toMatchObject({ stdout: inode.stdout });
  },
  [{ what: 'nothing is mounted', replace: ['mount --bind', 'test'] }],
);

tells(
  {
    id: 'pidns.structure.nests-32-levels',
    statement: 'Namespaces nest 32 levels below the initial one; the next unshare is ENOSPC.',
    sources: [page, kernelSource('kernel/pid_namespace.c', 'create_pid_namespace')],
    tags,
    entries: ['NS-07'],
  },
  { script: 'nest-pidns; exit 0', says: { main: ['nest-pidns: 32 levels, then ENOSPC'] } },
  [
    {
      what: 'it begins one level down',
      replace: [
        'nest-pidns; exit 0',
        'quietly { call unshare CLONE_NEWPID }; fork main { nest-pidns; exit 0 }; quietly { wait main }; exit 0',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.structure.ancestors-are-invisible',
    statement:
      'A member cannot name processes of ancestor namespaces: kill(2) and getpgid(2) by their numbers are ESRCH.',
    sources: [page, kernelSource('kernel/pid.c', 'find_vpid')],
    tags,
    entries: ['NS-10', 'KIL-10'],
  },
  {
    script: `quietly { call getpid > outer }; ${unshared}; fork one { call kill $outer 0; call getpgid $outer; call getsid $outer; call kill 1 0; exit 5 }; wait one; exit 0`,
    says: {
      one: ['call kill $outer 0: ESRCH', 'call getpgid $outer: ESRCH', 'call getsid $outer: ESRCH', 'call kill 1 0: 0'],
      main: ['wait one: exit 5'],
    },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.group-and-session-outside-are-0',
    statement:
      'getpgrp() and getsid() are 0 when the leader of the group or session lives outside; after setsid() they are 1.',
    sources: [man('getsid(2)'), kernelSource('kernel/pid.c', '__task_pid_nr_ns')],
    tags: ['job', ...tags],
    entries: ['JOB-12', 'NS-01'],
  },
  {
    script: `${unshared}; fork one { ids; quietly { setsid }; ids; exit 0 }; wait one; exit 0`,
    says: { one: ['ids: ppid 0 pgrp 0 sid 0', 'ids: ppid 0 pgrp 1 sid 1'], main: ['wait one: exit 0'] },
  },
  [{ what: 'it has a session of its own before', replace: ['fork one { ids;', 'fork one { quietly { setsid }; ids;'] }],
);

tells(
  {
    id: 'pidns.structure.first-child-must-be-1',
    statement:
      'set_tid other than 1 for the first process of a namespace is EINVAL; a plain fork then still becomes 1.',
    sources: [man('clone(2)', 'set_tid'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags,
    entries: ['NS-13'],
  },
  {
    script: `${unshared}; clone one 0 pid 7 { exit 0 }; fork first { call getpid; exit 5 }; wait first; exit 0`,
    says: { first: ['call getpid: 1'], main: ['clone one 0 pid 7: EINVAL', 'wait first: exit 5'] },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.ns-last-pid-is-its-own',
    statement: 'ns_last_pid belongs to the namespace; the next fork after writing N is N + 1.',
    sources: [page, kernelSource('kernel/pid_namespace.c', 'pid_ns_ctl_handler')],
    tags,
    entries: ['NS-15'],
    needs: ['CONFIG_CHECKPOINT_RESTORE'],
  },
  {
    as: 'init',
    script: `read /proc/sys/kernel/ns_last_pid; write /proc/sys/kernel/ns_last_pid 999; fork child { call getpid; exit 0 }; wait child; read /proc/sys/kernel/ns_last_pid; exit 0`,
    says: {
      main: [
        'read /proc/sys/kernel/ns_last_pid: 1',
        'write /proc/sys/kernel/ns_last_pid 999: 0',
        'wait child: exit 0',
        'read /proc/sys/kernel/ns_last_pid: 1000',
      ],
      child: ['call getpid: 1000'],
    },
  },
  [{ what: 'another number', replace: ['ns_last_pid 999', 'ns_last_pid 998'] }],
);

tells(
  {
    id: 'pidns.structure.ns-last-pid-leaves-the-outer-one',
    statement: 'Writing ns_last_pid in a nested namespace changes neither that of its parent nor the pids given there.',
    sources: [page, kernelSource('kernel/pid_namespace.c', 'pid_ns_ctl_handler')],
    tags,
    entries: ['NS-15'],
    needs: ['CONFIG_CHECKPOINT_RESTORE'],
  },
  {
    as: 'init',
    script: `fork maker { ${unshared}; fork one { write /proc/sys/kernel/ns_last_pid 999; read /proc/sys/kernel/ns_last_pid; exit 5 }; wait one; exit 0 }; wait maker; read /proc/sys/kernel/ns_last_pid; fork next { call getpid; exit 0 }; wait next; exit 0`,
    says: {
      one: ['write /proc/sys/kernel/ns_last_pid 999: 0', 'read /proc/sys/kernel/ns_last_pid: 999'],
      next: ['call getpid: 4'],
      main: ['wait maker: exit 0', 'read /proc/sys/kernel/ns_last_pid: 3', 'wait next: exit 0'],
    },
  },
  [{ what: 'it is the same namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.ns-last-pid-needs-a-capability',
    statement:
      'Who has neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN may read ns_last_pid, but not write it: EPERM.',
    sources: [
      man('capabilities(7)', 'CAP_CHECKPOINT_RESTORE'),
      kernelSource('kernel/pid_namespace.c', 'pid_ns_ctl_handler'),
    ],
    tags: ['permission', ...tags],
    entries: ['NS-15'],
    needs: ['CONFIG_CHECKPOINT_RESTORE'],
  },
  {
    as: 'init',
    script: `fork user { quietly { call setresuid 3000 3000 3000 }; write /proc/sys/kernel/ns_last_pid 5; read /proc/sys/kernel/ns_last_pid; exit 0 }; wait user; fork next { call getpid; exit 0 }; wait next; exit 0`,
    says: {
      user: ['write /proc/sys/kernel/ns_last_pid 5: EPERM', 'read /proc/sys/kernel/ns_last_pid: 2'],
      next: ['call getpid: 3'],
      main: ['wait user: exit 0', 'wait next: exit 0'],
    },
  },
  [{ what: 'it is root', replace: ['quietly { call setresuid 3000 3000 3000 }; ', ''] }],
);

tells(
  {
    id: 'pidns.structure.wrap-of-pids',
    statement:
      'In a new namespace pids after 32767 go on; up to 6.12 they wrapped to 300, whatever lies below being reserved.',
    sources: [
      kernelSource('kernel/pid.c', 'alloc_pid'),
      kernelSource('kernel/pid_namespace.c', 'create_pid_namespace'),
    ],
    tags,
    entries: ['NS-21'],
    needs: ['CONFIG_CHECKPOINT_RESTORE'],
    expected: byKernel(
      { '<6.14': '300', '>=6.14': '32768' },
      { '>=6.14': { commit: 'd385c8bceb14', title: 'pid: Do not set pid_max in new pid namespaces' } },
    ),
  },
  {
    as: 'init',
    script: `quietly { write /proc/sys/kernel/ns_last_pid 32766 }; fork a { call getpid; exit 0 }; fork b { call getpid; exit 0 }; quietly { reap }; exit 0`,
    says: (next) => ({ a: ['call getpid: 32767'], b: [`call getpid: ${next}`] }),
  },
  [{ what: 'another number', replace: ['ns_last_pid 32766', 'ns_last_pid 32760'] }],
);

tells(
  {
    id: 'pidns.structure.pid-max-belongs-to-the-namespace',
    statement:
      "kernel.pid_max written in a pid namespace is that namespace's own; up to 6.12 it was the one of the whole machine.",
    sources: [kernelSource('kernel/pid_namespace.c', 'register_pidns_sysctls'), man('proc_sys_kernel(5)', 'pid_max')],
    tags: ['star', 'sysctl', ...tags],
    entries: ['NS-14', 'VMX-11'],
    expected: byKernel(
      { '<6.14': '500', '>=6.14': '32768' },
      { '>=6.14': { commit: '7863dcc72d0f', title: 'pid: allow pid_max to be set per pid namespace' } },
    ),
  },
  {
    script: `quietly { write /proc/sys/kernel/pid_max 32768; call unshare CLONE_NEWPID };
      fork one { quietly { call unshare CLONE_NEWNS; mount-proc }; write /proc/sys/kernel/pid_max 500; read /proc/sys/kernel/pid_max; exit 5 };
      wait one; read /proc/sys/kernel/pid_max; quietly { write /proc/sys/kernel/pid_max 32768 }; exit 0`,
    says: (outside) => ({
      one: ['write /proc/sys/kernel/pid_max 500: 0', 'read /proc/sys/kernel/pid_max: 500'],
      main: ['wait one: exit 5', `read /proc/sys/kernel/pid_max: ${outside}`],
    }),
  },
  [{ what: 'another number', replace: ['write /proc/sys/kernel/pid_max 500', 'write /proc/sys/kernel/pid_max 600'] }],
);

tells(
  {
    id: 'pidns.structure.pid-max-begins-at-the-limit',
    statement:
      'kernel.pid_max of a new pid namespace is 4194304, whatever that of the machine is; up to 6.12 there was but that one.',
    sources: [kernelSource('kernel/pid_namespace.c', 'create_pid_namespace'), man('proc_sys_kernel(5)', 'pid_max')],
    tags: ['sysctl', ...tags],
    entries: ['NS-14', 'NS-21'],
    expected: byKernel(
      { '<6.14': '32768', '>=6.14': '4194304' },
      { '>=6.14': { commit: 'd385c8bceb14', title: 'pid: Do not set pid_max in new pid namespaces' } },
    ),
  },
  {
    script: `quietly { write /proc/sys/kernel/pid_max 32768; call unshare CLONE_NEWPID };
      fork one { quietly { call unshare CLONE_NEWNS; mount-proc }; read /proc/sys/kernel/pid_max; exit 5 }; wait one; read /proc/sys/kernel/pid_max; exit 0`,
    says: (inside) => ({
      one: [`read /proc/sys/kernel/pid_max: ${inside}`],
      main: ['wait one: exit 5', 'read /proc/sys/kernel/pid_max: 32768'],
    }),
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.structure.rlimit-nproc-counts-across-namespaces',
    statement:
      'RLIMIT_NPROC counts the processes of a user in all pid namespaces: at the limit, fork(2) inside is EAGAIN because of one outside.',
    sources: [man('getrlimit(2)', 'RLIMIT_NPROC'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['limit', ...tags],
    entries: ['NS-22'],
  },
  {
    script: `fork outside { quietly { call setresuid 4005 4005 4005 }; open up; pause }; await up; ${unshared};
      fork one { quietly { limit RLIMIT_NPROC 2; call setresuid 4005 4005 4005 }; fork late { exit 1 }; exit 5 }; wait one; exit 0`,
    says: { one: ['fork late: EAGAIN'], main: ['wait one: exit 5'] },
  },
  [
    {
      what: 'the one outside is of another user',
      replace: [
        'fork outside { quietly { call setresuid 4005 4005 4005 }',
        'fork outside { quietly { call setresuid 4006 4006 4006 }',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.structure.group-signal-from-a-descendant',
    statement:
      "A signal to a process group that spans namespaces names its sender by its number in the receiver's namespace; up to 7.2 by that in its own.",
    sources: [kernelSource('kernel/signal.c', '__do_sys_kill'), man('pid_namespaces(7)')],
    tags: ['star', 'siginfo', 'group', ...tags],
    entries: ['INF-05'],
    expected: byKernel({ '<7.3': '1', '>=7.3': 'one' }),
  },
  {
    script: `quietly { block USR1; call unshare CLONE_NEWPID }; fork one { kill group USR1; exit 5 }; wait one; sigpoll USR1; exit 0`,
    says: (sender) => ({
      one: ['kill group USR1: 0'],
      main: ['wait one: exit 5', `sigpoll USR1: USR1 SI_USER from ${sender}`],
    }),
  },
  [{ what: 'it leaves the group', replace: ['fork one {', 'fork one { quietly { setpgid };'] }],
);

tells(
  {
    id: 'pidns.structure.another-process-may-found-it',
    statement:
      'From 7.1 on a process other than the one that made a pid namespace can join it before it has an init, and its child becomes pid 1; before, there was nothing to open.',
    sources: [kernelSource('kernel/pid_namespace.c', 'pidns_for_children_get')],
    tags,
    entries: ['NS-05'],
    expected: byKernel({ '<7.1': ['ENOENT', 'EBADF', '4'], '>=7.1': ['0', '0', '1'] }),
  },
  {
    as: 'init',
    script: `fork maker { quietly { call unshare CLONE_NEWPID }; open up; await end; exit 0 }; await up;
      fork joiner { open-file /proc/@maker/ns/pid_for_children O_RDONLY > ns; call setns $ns CLONE_NEWPID; fork inner { call getpid; exit 6 }; wait inner; exit 0 };
      wait joiner; exit 0`,
    says: ([opened, joined, pid]) => ({
      joiner: [
        `open-file /proc/@maker/ns/pid_for_children O_RDONLY: ${opened ?? ''}`,
        `call setns $ns CLONE_NEWPID: ${joined ?? ''}`,
        'wait inner: exit 6',
      ],
      inner: [`call getpid: ${pid ?? ''}`],
      main: ['wait joiner: exit 0'],
    }),
  },
  [
    {
      what: 'its own is opened',
      replace: ['/proc/@maker/ns/pid_for_children O_RDONLY > ns; call', '/proc/@maker/ns/pid O_RDONLY > ns; call'],
    },
  ],
);

tells(
  {
    id: 'pidns.structure.numbers-are-translated-by-ioctl',
    statement:
      "NS_GET_PID_FROM_PIDNS and NS_GET_PID_IN_PIDNS translate a pid of a namespace to the caller's and back; up to 6.10 they are ENOTTY.",
    sources: [man('ioctl_nsfs(2)'), kernelSource('fs/nsfs.c', 'ns_ioctl')],
    tags,
    entries: ['NS-16'],
    expected: byKernel(
      { '<6.11': ['ENOTTY', 'ENOTTY'], '>=6.11': ['3', '2'] },
      { '>=6.11': { commit: 'ca567df74a28', title: 'nsfs: add pid translation ioctls' } },
    ),
  },
  {
    as: 'init',
    // _IOR(0xb7, 6, int) and _IOR(0xb7, 8, int). (include/uapi/linux/nsfs.h)
    script: `quietly { call unshare CLONE_NEWPID }; fork one { fork two { open up; pause }; pause }; await up; quietly { open-file /proc/@one/ns/pid O_RDONLY > ns };
      call ioctl $ns 2147792646 2; call ioctl $ns 2147792648 3; exit 0`,
    says: ([outside, inside]) => ({
      main: [`call ioctl $ns 2147792646 2: ${outside ?? ''}`, `call ioctl $ns 2147792648 3: ${inside ?? ''}`],
    }),
  },
  [{ what: "it is the caller's namespace", replace: ['/proc/@one/ns/pid', '/proc/self/ns/pid'] }],
);

tells(
  {
    id: 'pidns.structure.ioctl-tells-the-process-of-a-thread',
    statement:
      'Of the number of a thread NS_GET_TGID_FROM_PIDNS and NS_GET_TGID_IN_PIDNS tell its process, NS_GET_PID_FROM_PIDNS and NS_GET_PID_IN_PIDNS the thread; up to 6.10 all are ENOTTY.',
    sources: [man('ioctl_nsfs(2)'), kernelSource('fs/nsfs.c', 'ns_ioctl')],
    tags: ['thread', ...tags],
    entries: ['NS-16'],
    expected: byKernel(
      { '<6.11': ['ENOTTY', 'ENOTTY', 'ENOTTY', 'ENOTTY'], '>=6.11': ['3', '4', '2', '3'] },
      { '>=6.11': { commit: 'ca567df74a28', title: 'nsfs: add pid translation ioctls' } },
    ),
  },
  {
    as: 'init',
    // _IOR(0xb7, 6 … 9, int). (include/uapi/linux/nsfs.h)
    script: `quietly { call unshare CLONE_NEWPID }; fork one { fork two { thread t { await never }; open up; pause }; pause }; await up; quietly { open-file /proc/@one/ns/pid O_RDONLY > ns };
      call ioctl $ns 2147792647 3; call ioctl $ns 2147792646 3; call ioctl $ns 2147792649 4; call ioctl $ns 2147792648 4; exit 0`,
    says: ([fromProcess, fromThread, inProcess, inThread]) => ({
      main: [
        `call ioctl $ns 2147792647 3: ${fromProcess ?? ''}`,
        `call ioctl $ns 2147792646 3: ${fromThread ?? ''}`,
        `call ioctl $ns 2147792649 4: ${inProcess ?? ''}`,
        `call ioctl $ns 2147792648 4: ${inThread ?? ''}`,
      ],
    }),
  },
  [{ what: "it is the caller's namespace", replace: ['/proc/@one/ns/pid', '/proc/self/ns/pid'] }],
);

tells(
  {
    id: 'pidns.structure.has-an-id',
    statement:
      'A namespace has an id to ask for with NS_GET_ID from 6.18 on, and listns(2) to be listed by from 6.19 on.',
    sources: [kernelSource('fs/nsfs.c', 'ns_ioctl'), kernelSource('kernel/nstree.c', '__do_sys_listns')],
    tags,
    entries: ['NS-17'],
    // EFAULT: they exist, and look at the argument, which is NULL.
    expected: byKernel(
      { '<6.18': ['ENOTTY', 'ENOSYS'], '6.18': ['EFAULT', 'ENOSYS'], '>=6.19': ['EFAULT', 'EFAULT'] },
      {
        '6.18': { commit: 'f861225b9ee9', title: 'nsfs: add NS_GET_ID' },
        '>=6.19': { commit: '76b6f5dfb3fd', title: 'nstree: add listns()' },
      },
    ),
  },
  {
    script:
      'quietly { open-file /proc/self/ns/pid O_RDONLY > ns }; call ioctl $ns 2148054797 0; call listns 0 0 0 0; exit 0',
    says: ([id, list]) => ({
      main: [`call ioctl $ns 2148054797 0: ${id ?? ''}`, `call listns 0 0 0 0: ${list ?? ''}`],
    }),
  },
  [{ what: 'it is no namespace', replace: ['/proc/self/ns/pid', '/proc/self/status'] }],
);

tells(
  {
    id: 'pidns.structure.translation-of-a-pid-that-is-not-there',
    statement:
      'NS_GET_PID_FROM_PIDNS is ESRCH for a number that nobody has; on 6.16 to 6.19 it was ENOTTY, as if the request were not known.',
    sources: [man('ioctl_nsfs(2)', 'ERRORS'), kernelSource('fs/nsfs.c', 'ns_ioctl')],
    tags,
    entries: ['NS-16'],
    expected: byKernel({ '<6.11 || >=6.13 <7.0': 'ENOTTY', '>=6.11 <6.13 || >=7.0': 'ESRCH' }),
  },
  {
    as: 'init',
    script: 'quietly { open-file /proc/self/ns/pid O_RDONLY > ns }; call ioctl $ns 2147792646 900; exit 0',
    says: (error) => ({ main: [`call ioctl $ns 2147792646 900: ${error}`] }),
  },
  [{ what: 'it is there', replace: ['2147792646 900', '2147792646 1'] }],
);
