/** Ways to a pidfd besides pidfd_open(2): the peer of a socket, a file handle. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['pidfd'];

tells(
  {
    id: 'pidfd.peer.of-a-socket',
    statement:
      'SO_PEERPIDFD gives a pidfd of who has made the other end of a socket, and signals reach it; before 6.5 it is ENOPROTOOPT.',
    sources: [man('unix(7)', 'SO_PEERPIDFD'), kernelSource('net/core/sock.c', 'sk_getsockopt')],
    tags,
    entries: ['PFD-18'],
    expected: byKernel({ '<6.5': ['ENOPROTOOPT', 'EBADF', 'none'], '>=6.5': ['0', '0', 'USR1'] }),
  },
  {
    script:
      'quietly { block USR1; channel socket s }; fork child { peer-pidfd $s > p; call pidfd_send_signal $p USR1 0 0; exit 0 }; wait child; pending; exit 0',
    says: ([peer, sent, pending]) => ({
      child: [`peer-pidfd $s: ${peer}`, `call pidfd_send_signal $p USR1 0 0: ${sent}`],
      main: ['wait child: exit 0', `pending: ${pending}`],
    }),
  },
  [
    {
      what: 'the child has made it',
      replace: ['child { peer-pidfd', 'child { quietly { channel socket s }; peer-pidfd'],
    },
  ],
);

tells(
  {
    id: 'pidfd.handle.opens-the-same-process',
    statement:
      'A file handle of a pidfd opens the same process again, by another pidfd or FD_PIDFS_ROOT, and is stale when it was waited for; before 6.14 there is none.',
    sources: [man('open_by_handle_at(2)'), kernelSource('fs/pidfs.c', 'pidfs_fh_to_dentry')],
    tags,
    entries: ['PFD-19'],
    expected: byKernel({
      '<6.14': ['EOPNOTSUPP', 'ESTALE', 'EBADF', 'EBADF', 'EBADF', 'ESTALE'],
      '6.14..6.16': ['0', '0', 'same', 'EBADF', 'EBADF', 'ESTALE'],
      '>=6.17': ['0', '0', 'same', '0', 'same', 'ESTALE'],
    }),
  },
  {
    script: `fork child { pause }; quietly { call pidfd_open child 0 > p }; handle $p; open-handle $p > again; inode $p $again;
      open-handle FD_PIDFS_ROOT > rooted; inode $p $rooted; quietly { kill child KILL; wait child }; open-handle $p; exit 0`,
    says: ([handle, again, same, rooted, sameToo, gone]) => ({
      main: [
        `handle $p: ${handle}`,
        `open-handle $p: ${again}`,
        `inode $p $again: ${same}`,
        `open-handle FD_PIDFS_ROOT: ${rooted}`,
        `inode $p $rooted: ${sameToo}`,
        `open-handle $p: ${gone}`,
      ],
    }),
  },
  [{ what: 'it is our own handle', replace: ['pidfd_open child 0', 'pidfd_open self 0'] }],
);
