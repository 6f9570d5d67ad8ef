/** What a pidfd tells of its process when asked by ioctl(2): PIDFD_GET_INFO, and its namespaces. (include/uapi/linux/pidfd.h, fs/pidfs.c) */
import { byKernel, kernelSource, tells } from '../../src/harness/index.ts';

const info = kernelSource('fs/pidfs.c', 'pidfd_info');
const tags = ['pidfd'];
const introduced = { commit: 'cdda1f26e74b', title: 'pidfd: add ioctl to retrieve pid info' };
const dumps = { commit: '1d8db6fd698d', title: 'pidfs, coredump: add PIDFD_INFO_COREDUMP' };
const opens = {
  '>=6.11': { commit: '5b08bd408534', title: 'pidfs: allow retrieval of namespace file descriptors' },
};
const exits = { commit: '7477d7dce48a', title: 'pidfs: allow to retrieve exit information' };

tells(
  {
    id: 'pidfd.info.tells-ids',
    statement:
      'PIDFD_GET_INFO tells the process, its thread group, its parent, and its real, effective, saved and file ids.',
    sources: [info],
    tags,
    entries: ['PFD-11'],
    needs: ['CONFIG_CGROUPS'],
    expected: byKernel(
      {
        '<6.11': 'ENOTTY',
        '>=6.11 <6.13': 'EINVAL',
        '>=6.13': 'mask 0x7, pid c, tgid c, ppid self, uid 3001 3002 3003 3002, gid 4001 4002 4003 4002, status 0',
      },
      { '>=6.13': introduced },
    ),
  },
  {
    script: `clone c CLONE_PIDFD { quietly { call setresgid 4001 4002 4003; call setresuid 3001 3002 3003 }; open up; await go; exit 0 };
      await up; pidfd-info $c 0x7; open go; quietly { wait c }; exit 0`,
    says: (told) => ({ main: [`pidfd-info $c 0x7: ${told}`] }),
  },
  [{ what: 'it keeps its user ids', replace: ['call setresuid 3001 3002 3003', 'call getpid'] }],
);

tells(
  {
    id: 'pidfd.info.says-what-it-knows',
    statement: 'Asked for everything, PIDFD_GET_INFO says what it has told, and from 6.19 on what it could tell.',
    sources: [info],
    tags,
    entries: ['PFD-13'],
    needs: ['CONFIG_CGROUPS'],
    expected: byKernel(
      {
        '<6.11': 'ENOTTY',
        '>=6.11 <6.13': 'EINVAL',
        '>=6.13 <6.16': 'mask 0x7, 72: 0x0, 80: 0x0',
        '>=6.16 <6.19': 'mask 0x17, 72: 0x0, 80: 0x0',
        '>=6.19 <7.1': 'mask 0x37, 72: 0x7f, 80: 0x0',
        '>=7.1': 'mask 0x37, 72: 0x0, 80: 0xff',
      },
      {
        '>=6.13 <6.16': introduced,
        '>=6.16 <6.19': dumps,
      },
    ),
  },
  {
    script: 'clone c CLONE_PIDFD { await go; exit 0 }; pidfd-info $c 0xffff 96; open go; quietly { wait c }; exit 0',
    says: (told) => ({
      main: [
        `pidfd-info $c 0xffff 96: ${told.replace(',', `, pid c, tgid c, ppid self, uid 0 0 0 0, gid 0 0 0 0, status 0,`)}`,
      ],
    }),
  },
  [{ what: 'it is asked for less', replace: ['0xffff', '0x7'] }],
);

tells(
  {
    id: 'pidfd.info.status-is-for-anybody-with-the-pidfd',
    statement:
      'Whoever has the pidfd of a process that was waited for is told its status, not its parent alone; up to 6.14 nobody is.',
    sources: [info],
    tags: ['exit-status', ...tags],
    entries: ['PFD-12'],
    expected: byKernel(
      { '<6.11': 'ENOTTY', '>=6.11 <6.13': 'EINVAL', '>=6.13 <6.15': 'ESRCH', '>=6.15': 'status 1792' },
      { '>=6.13 <6.15': introduced, '>=6.15': exits },
    ),
  },
  {
    script: `clone c CLONE_PIDFD { await go; exit 7 }; fork sister { await done; exit-info $c; exit 0 }; open go; quietly { wait c }; open done; quietly { wait sister }; exit 0`,
    says: (told) => ({ sister: [`exit-info $c: ${told}`] }),
  },
  [
    { what: 'it ends otherwise', replace: ['exit 7', 'exit 8'] },
    { what: 'nobody has waited for it', replace: ['wait c', 'until Z c'] },
  ],
);

tells(
  {
    id: 'pidfd.info.of-who-was-reaped-is-only-the-status',
    statement:
      'Of a process that was waited for, PIDFD_GET_INFO knows nothing but its status: not asked for that, it is ESRCH.',
    sources: [info],
    tags,
    entries: ['PFD-12'],
    expected: byKernel(
      {
        '<6.11': ['ENOTTY', 'ENOTTY'],
        '>=6.11 <6.13': ['EINVAL', 'EINVAL'],
        '>=6.13': ['mask 0x7, pid c, tgid c, ppid self, uid 0 0 0 0, gid 0 0 0 0, status 0', 'ESRCH'],
      },
      { '>=6.13': introduced },
    ),
  },
  {
    script:
      'clone c CLONE_PIDFD { exit 7 }; quietly { until Z c }; pidfd-info $c 0; quietly { wait c }; pidfd-info $c 0; exit 0',
    says: ([zombie = '', reaped = '']) => ({ main: [`pidfd-info $c 0: ${zombie}`, `pidfd-info $c 0: ${reaped}`] }),
  },
  [{ what: 'nobody waits for it', replace: ['quietly { wait c };', ''] }],
);

tells(
  {
    id: 'pidfd.info.status-of-who-was-reaped',
    statement:
      'From 6.15 on PIDFD_GET_INFO tells the status of a process that has been reaped to who has opened a pidfd before; not while it lives or is a zombie.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_info')],
    tags: ['star', 'exit-status', ...tags],
    entries: ['PFD-11', 'PFD-12'],
    expected: byKernel(
      {
        '<6.11': ['ENOTTY', 'ENOTTY', 'ENOTTY'],
        '>=6.11 <6.13': ['EINVAL', 'EINVAL', 'EINVAL'],
        '>=6.13 <6.15': ['not told', 'not told', 'ESRCH'],
        '>=6.15': ['not told', 'not told', 'status 1792'],
      },
      {
        '>=6.13 <6.15': introduced,
        '>=6.15': exits,
      },
    ),
  },
  {
    script:
      'clone c CLONE_PIDFD { await go; exit 7 }; exit-info $c; open go; until Z c; exit-info $c; wait c; exit-info $c; exit 0',
    says: ([living, zombie, reaped]) => ({
      main: [
        `exit-info $c: ${living ?? ''}`,
        'until Z c: Z',
        `exit-info $c: ${zombie ?? ''}`,
        'wait c: exit 7',
        `exit-info $c: ${reaped ?? ''}`,
      ],
    }),
  },
  [{ what: 'it ends otherwise', replace: ['exit 7', 'exit 8'] }],
);

tells(
  {
    id: 'pidfd.info.opens-the-namespaces-of-its-process',
    statement: 'PIDFD_GET_PID_NAMESPACE opens the pid namespace of a process by its pidfd; up to 6.10 it is ENOTTY.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_ioctl')],
    tags: ['namespace', ...tags],
    entries: ['PFD-17'],
    expected: byKernel({ '<6.11': ['ENOTTY', 'EBADF'], '>=6.11': ['0', 'same'] }, opens),
  },
  {
    // _IO(0xff, 5). (include/uapi/linux/pidfd.h)
    script:
      'clone c CLONE_PIDFD { pause }; call ioctl $c 65285 0 > ns; quietly { open-file /proc/self/ns/pid O_RDONLY > own }; inode $ns $own; exit 0',
    says: ([opened, compared]) => ({
      main: [`call ioctl $c 65285 0: ${opened ?? ''}`, `inode $ns $own: ${compared ?? ''}`],
    }),
  },
  [{ what: 'the child has another', replace: ['clone c CLONE_PIDFD {', 'clone c CLONE_PIDFD|CLONE_NEWPID {'] }],
);

/** Namespaces in the order of their requests, from _IO(0xff, 1) on. (include/uapi/linux/pidfd.h) */
const namespaces = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'pid_for_children',
  'time',
  'time_for_children',
  'user',
  'uts',
];
const requestFor = (namespace: string): number => 0xff01 + namespaces.indexOf(namespace);

/** How asking ends, and whether what was opened is the process's own, and the caller's. */
const opensAnother = byKernel({ '<6.11': ['ENOTTY', 'EBADF', 'EBADF'], '>=6.11': ['0', 'same', 'different'] }, opens);

/** Those that no configuration we know is without. */
const common = ['ipc', 'mnt', 'net', 'user', 'uts'];

tells(
  {
    id: 'pidfd.info.opens-other-namespaces-too',
    statement:
      "PIDFD_GET_IPC_NAMESPACE and its kin (mnt, net, user, uts) open the namespaces of the pidfd's process, not those of the caller; up to 6.10 they are ENOTTY.",
    sources: [kernelSource('fs/pidfs.c', 'pidfd_ioctl')],
    tags: ['namespace', ...tags],
    entries: ['PFD-17'],
    expected: opensAnother,
  },
  {
    script: `clone c CLONE_PIDFD|CLONE_NEWIPC|CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWUSER|CLONE_NEWUTS { pause }; ${common
      .map(
        (name) =>
          `call ioctl $c ${requestFor(name)} 0 > ns; quietly { open-file /proc/@c/ns/${name} O_RDONLY > its; open-file /proc/self/ns/${name} O_RDONLY > own }; inode $ns $its; inode $ns $own; `,
      )
      .join('')}exit 0`,
    says: ([opened, its, own]) => ({
      main: common.flatMap((name) => [
        `call ioctl $c ${requestFor(name)} 0: ${opened ?? ''}`,
        `inode $ns $its: ${its ?? ''}`,
        `inode $ns $own: ${own ?? ''}`,
      ]),
    }),
  },
  [{ what: 'it has the same user namespace', replace: ['|CLONE_NEWUSER', ''] }],
);

tells(
  {
    id: 'pidfd.info.opens-the-namespace-for-children',
    statement:
      'PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE opens the pid namespace that children of a process are born in, not that it is in itself; up to 6.10 it is ENOTTY.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_ioctl')],
    tags: ['namespace', ...tags],
    entries: ['PFD-17'],
    expected: opensAnother,
  },
  {
    script: `clone c CLONE_PIDFD { quietly { call unshare CLONE_NEWPID }; fork one { open up; pause }; pause }; await up;
      call ioctl $c ${requestFor('pid_for_children')} 0 > ns; quietly { open-file /proc/@c/ns/pid_for_children O_RDONLY > its; open-file /proc/@c/ns/pid O_RDONLY > own }; inode $ns $its; inode $ns $own; exit 0`,
    says: ([opened, its, own]) => ({
      main: [
        `call ioctl $c ${requestFor('pid_for_children')} 0: ${opened ?? ''}`,
        `inode $ns $its: ${its ?? ''}`,
        `inode $ns $own: ${own ?? ''}`,
      ],
    }),
  },
  [{ what: 'it has not unshared', replace: ['call unshare CLONE_NEWPID', 'call unshare CLONE_NEWUTS'] }],
);
