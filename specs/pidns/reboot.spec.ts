/** reboot(2) in a pid namespace: reboot_pid_ns(). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const sources = [
  man('reboot(2)', 'Behavior inside PID namespaces'),
  kernelSource('kernel/pid_namespace.c', 'reboot_pid_ns'),
];
const tags = ['reboot', 'container'];

/** reboot(2) with its magic numbers. (linux/reboot.h) */
const reboot = (command: number, magic = '4276215469 672274793'): string => `call reboot ${magic} ${command} 0`;
const commands = {
  restart: 0x1234567,
  restart2: 0xa1b2c3d4,
  halt: 0xcdef0123,
  powerOff: 0x4321fedc,
  cadOn: 0x89abcdef,
  cadOff: 0,
  suspend: 0xd000fce2,
};

/** What the init of a nested namespace does, and how it ends. */
const inNamespace = (does: string): string =>
  `quietly { call unshare CLONE_NEWPID }; fork one { ${does} }; wait one; exit 0`;

for (const { id, command, by, status } of [
  { id: 'restart-is-told-as-sighup', command: commands.restart, by: 'a member', status: 'SIGHUP' },
  { id: 'restart2-is-told-as-sighup', command: commands.restart2, by: 'a member', status: 'SIGHUP' },
  { id: 'halt-is-told-as-sigint', command: commands.halt, by: 'a member', status: 'SIGINT' },
  { id: 'power-off-is-told-as-sigint', command: commands.powerOff, by: 'the init itself', status: 'SIGINT' },
]) {
  const call = reboot(command);
  tells(
    {
      id: `pidns.reboot.${id}`,
      statement: `reboot(2) by ${by} of a pid namespace ends that namespace alone: its init is told to have died of ${status}; the caller never returns.`,
      sources,
      tags: ['star', ...tags],
      entries: [by === 'a member' ? 'RBT-01' : 'RBT-04'],
    },
    {
      script: inNamespace(by === 'a member' ? `fork m { ${call}; exit 3 }; pause` : `${call}; exit 3`),
      says: { [by === 'a member' ? 'm' : 'one']: [], main: [`wait one: ${status}`] },
    },
    [
      {
        what: 'it is another command',
        replace: [call, reboot(status === 'SIGHUP' ? commands.halt : commands.restart)],
      },
    ],
  );
}

tells(
  {
    id: 'pidns.reboot.other-commands-are-refused',
    statement: 'In a pid namespace reboot(2) is EINVAL to set Ctrl-Alt-Del, to suspend, and with a wrong magic number.',
    sources,
    tags,
    entries: ['RBT-02', 'RBT-05'],
  },
  {
    script: inNamespace(
      [
        reboot(commands.cadOn),
        reboot(commands.cadOff),
        reboot(commands.suspend),
        reboot(commands.restart, '1 672274793'),
        reboot(commands.restart, '4276215469 1'),
        'exit 3',
      ].join('; '),
    ),
    says: {
      one: [
        `${reboot(commands.cadOn)}: EINVAL`,
        `${reboot(commands.cadOff)}: EINVAL`,
        `${reboot(commands.suspend)}: EINVAL`,
        `${reboot(commands.restart, '1 672274793')}: EINVAL`,
        `${reboot(commands.restart, '4276215469 1')}: EINVAL`,
      ],
      main: ['wait one: exit 3'],
    },
  },
  [{ what: 'the magic number is right', replace: [reboot(commands.restart, '1 672274793'), reboot(commands.restart)] }],
);

tells(
  {
    id: 'pidns.reboot.needs-cap-sys-boot',
    statement: 'reboot(2) in a pid namespace needs CAP_SYS_BOOT in the user namespace that owns it: EPERM without.',
    sources: [...sources, man('capabilities(7)', 'CAP_SYS_BOOT')],
    tags: ['permission', ...tags],
    entries: ['RBT-03'],
  },
  {
    script: inNamespace(
      `fork m { quietly { call setresuid 3000 3000 3000 }; ${reboot(commands.restart)}; exit 3 }; wait m; exit 4`,
    ),
    says: {
      m: [`${reboot(commands.restart)}: EPERM`],
      one: ['wait m: exit 3'],
      main: ['wait one: exit 4'],
    },
  },
  [{ what: 'root does it', replace: ['quietly { call setresuid 3000 3000 3000 }; ', ''] }],
);

tells(
  {
    id: 'pidns.reboot.owner-of-the-user-namespace-may',
    statement:
      'CAP_SYS_BOOT in the user namespace that owns the pid namespace is enough for reboot(2), be it that of an unprivileged user.',
    sources: [...sources, man('user_namespaces(7)')],
    tags: ['permission', 'userns', ...tags],
    entries: ['RBT-01', 'RBT-03'],
  },
  {
    script: `fork maker { quietly { call setresuid 3000 3000 3000; call unshare CLONE_NEWUSER|CLONE_NEWPID }; fork one { fork m { ${reboot(commands.restart)}; exit 3 }; wait m; exit 4 }; wait one; exit 5 }; wait maker; exit 0`,
    says: { m: [], one: [], maker: ['wait one: SIGHUP'], main: ['wait maker: exit 5'] },
  },
  [
    {
      what: 'the pid namespace is of root',
      replace: [
        'call setresuid 3000 3000 3000; call unshare CLONE_NEWUSER|CLONE_NEWPID',
        'call unshare CLONE_NEWPID; call setresuid 3000 3000 3000; call unshare CLONE_NEWUSER',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.reboot.capability-elsewhere-does-not-count',
    statement:
      'A member that has all capabilities in a user namespace below the one that owns its pid namespace may not: EPERM.',
    sources: [...sources, man('user_namespaces(7)')],
    tags: ['permission', 'userns', ...tags],
    entries: ['RBT-03'],
  },
  {
    script: inNamespace(
      `fork m { quietly { call unshare CLONE_NEWUSER }; ${reboot(commands.restart)}; exit 3 }; wait m; exit 4`,
    ),
    says: {
      m: [`${reboot(commands.restart)}: EPERM`],
      one: ['wait m: exit 3'],
      main: ['wait one: exit 4'],
    },
  },
  [{ what: 'it stays in its user namespace', replace: ['CLONE_NEWUSER', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.reboot.capability-comes-before-the-magic-numbers',
    statement: 'Without CAP_SYS_BOOT reboot(2) is EPERM whatever its magic numbers and its command.',
    sources: [man('reboot(2)', 'ERRORS'), kernelSource('kernel/reboot.c', '__do_sys_reboot')],
    tags: ['permission', ...tags],
    entries: ['RBT-05'],
  },
  {
    script: inNamespace(
      `quietly { call setresuid 3000 3000 3000 }; ${reboot(commands.restart, '1 672274793')}; ${reboot(commands.suspend)}; exit 3`,
    ),
    says: {
      one: [`${reboot(commands.restart, '1 672274793')}: EPERM`, `${reboot(commands.suspend)}: EPERM`],
      main: ['wait one: exit 3'],
    },
  },
  [{ what: 'root does it', replace: ['quietly { call setresuid 3000 3000 3000 }; ', ''] }],
);
