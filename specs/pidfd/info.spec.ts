/** PIDFD_GET_INFO: what a pidfd tells of its process in words. (include/uapi/linux/pidfd.h, fs/pidfs.c) */
import { byKernel, kernelSource, tells } from '../../src/harness/index.ts';

const info = kernelSource('fs/pidfs.c', 'pidfd_info');
const tags = ['pidfd'];
const introduced = { commit: 'cdda1f26e74b', title: 'pidfd: add ioctl to retrieve pid info' };
const dumps = { commit: '1d8db6fd698d', title: 'pidfs, coredump: add PIDFD_INFO_COREDUMP' };
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
