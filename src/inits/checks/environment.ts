import { signalsInMask } from '../../evidence/signals.ts';
import type { Bench } from '../bench.ts';
import { judged, seen, untested, type Check, type Finding } from '../check.ts';
import type { Container } from '../container.ts';

/** What a statement of the command's script has observed. */
const observed = (container: Container, ev: string, about: string): string | undefined =>
  container.seen({ ev, about })[0]?.text;

const mask = (container: Container, field: string): readonly string[] => {
  const text = observed(container, 'field', `/proc/self/status ${field}`);
  return text === undefined ? [] : [...signalsInMask(text)].map((name) => name.replace('SIG', ''));
};

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(' '));

const maskIs = async (
  bench: Bench,
  field: 'SigBlk' | 'SigIgn',
  options: readonly string[],
  wanted: readonly string[],
): Promise<Finding> => {
  const container = await bench.running(`field /proc/self/status ${field}; serve`, { options });
  const names = mask(container, field);
  const ok = wanted.length === 0 ? names.length === 0 : wanted.every((name) => names.includes(name));
  return judged(ok, `${field === 'SigBlk' ? 'blocked' : 'ignored'}: ${list(names)}`);
};

const inherited = '/proc/self/fd/77';

/** What the command inherits. */
export const environmentChecks: readonly Check[] = [
  {
    id: 'ENV-MASK',
    level: 'MUST',
    roles: ['wrapper', 'supervisor'],
    statement: 'After a clean start the command has no signal blocked.',
    expected: 'blocked: none',
    brokenBy: 'leaves-all-blocked',
    sources: ['signal(7): the mask is inherited over fork(2) and execve(2)', 'podman#18095'],
    run: (bench) => maskIs(bench, 'SigBlk', [], []),
  },
  {
    id: 'ENV-NOIGN',
    level: 'MUST',
    roles: ['wrapper', 'supervisor'],
    statement: 'After a clean start the command has no signal ignored.',
    expected: 'ignored: none',
    brokenBy: 'ignores-PIPE',
    sources: ['execve(2): ignored signals stay ignored', 'containers/crun#2058'],
    run: (bench) => maskIs(bench, 'SigIgn', [], []),
  },
  {
    id: 'ENV-IGN-KEEP',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'Signals that the init was given ignored (nohup) are still ignored in the command.',
    expected: 'ignored: HUP INT QUIT PIPE',
    brokenBy: 'resets-all-dispositions',
    sources: ['nohup(1)', "tini's test sigconf-test"],
    run: (bench) =>
      maskIs(
        bench,
        'SigIgn',
        ['HUP', 'INT', 'QUIT', 'PIPE'].flatMap((name) => ['--ignore', name]),
        ['HUP', 'INT', 'QUIT', 'PIPE'],
      ),
  },
  {
    id: 'ENV-MASK-KEEP',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'Signals that the init was given blocked are still blocked in the command.',
    expected: 'blocked: USR1 and 34',
    brokenBy: 'empties-the-mask',
    sources: ['execve(2): the mask is kept', "tini's test sigconf-test"],
    run: (bench) => maskIs(bench, 'SigBlk', ['--block', 'USR1', '--block', '34'], ['USR1', 'RTMIN+2']),
  },
  {
    id: 'ENV-FD',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'Descriptors from 3 on reach the command.',
    expected: 'descriptor 77 is open',
    brokenBy: 'closes-descriptors',
    sources: ['sd_listen_fds(3)', 'openSUSE/catatonit#28'],
    run: async (bench) => {
      const container = await bench.running(`exists ${inherited}; serve`, { options: ['--fd', '77'] });
      const open = observed(container, 'exists', inherited) ?? String(container.seen({ ev: 'exists' })[0]?.result);
      const there = open === 'yes' || open === '0';
      return judged(there, there ? 'descriptor 77 is open' : 'descriptor 77 is closed');
    },
  },
  {
    id: 'ENV-FD-CLOSE',
    level: 'trait',
    roles: ['wrapper'],
    statement: 'Whether the init drops its own copies of descriptors from 3 on.',
    expected: 'a choice',
    sources: ['openSUSE/catatonit#12'],
    run: async (bench) => {
      const container = await bench.running('serve', { options: ['--fd', '77'] });
      const kept = (await container.readlink(`/proc/${container.hostPid}/fd/77`)) !== undefined;
      return seen(kept ? 'keeps them open' : 'drops them');
    },
  },
  {
    id: 'ENV-CWD',
    level: 'MUST',
    roles: ['wrapper'],
    statement: "The command's working directory is the one that the init was started in.",
    expected: '/tmp',
    brokenBy: 'changes-the-directory',
    sources: ['fork(2), execve(2)'],
    run: async (bench) => {
      const container = await bench.running('readlink /proc/self/cwd; serve', { options: ['--cwd', '/tmp'] });
      const cwd = observed(container, 'readlink', '/proc/self/cwd') ?? '?';
      const own = (await container.readlink(`/proc/${container.hostPid}/cwd`)) ?? '?';
      return judged(cwd.endsWith('/tmp'), `the command is in ${cwd}, the init in ${own}`);
    },
  },
  {
    id: 'ENV-LIMITS',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'umask, resource limits, nice value, oom_score_adj and no_new_privs reach the command.',
    expected: 'umask 0027, 333 files, nice 5, oom_score_adj 300, no_new_privs 1',
    brokenBy: 'changes-the-umask',
    sources: ['fork(2), execve(2)', 'proc_pid_status(5)'],
    run: async (bench) => {
      const script =
        'field /proc/self/status Umask; field /proc/self/status NoNewPrivs; read /proc/self/oom_score_adj; call getpriority 0 0; ids; serve';
      const container = await bench.running(script, { options: ['--odd'] });
      const pid = container.seen({ ev: 'ids' })[0]?.pid ?? 0;
      const limits = (await container.read(`/proc/${(await container.hostPidOf(pid)) ?? 0}/limits`)) ?? '';
      const files = /^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? '?';
      // The raw system call returns 20 minus the nice value. (getpriority(2))
      const nice = 20 - (container.seen({ ev: 'call' })[0]?.result ?? 0);
      const text = [
        `umask ${observed(container, 'field', '/proc/self/status Umask') ?? '?'}`,
        `${files} files`,
        `nice ${nice}`,
        `oom_score_adj ${observed(container, 'read', '/proc/self/oom_score_adj')?.trim() ?? '?'}`,
        `no_new_privs ${observed(container, 'field', '/proc/self/status NoNewPrivs') ?? '?'}`,
      ].join(', ');
      return judged(text === 'umask 0027, 333 files, nice 5, oom_score_adj 300, no_new_privs 1', text);
    },
  },
  {
    id: 'ENV-STDIN',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'The command reads what the init was given as standard input.',
    expected: 'hello',
    brokenBy: 'reads-nothing',
    sources: ['fork(2), execve(2)', 'POSIX sh: the stdin of an asynchronous list is /dev/null'],
    run: async (bench) => {
      const container = await bench.running('read /proc/self/fd/0; serve', { options: ['--input', 'hello'] });
      const text = observed(container, 'read', '/proc/self/fd/0') ?? '';
      return judged(text === 'hello', text === '' ? 'nothing' : text);
    },
  },
  {
    id: 'ENV-GROUP',
    level: 'trait',
    roles: ['wrapper', 'supervisor'],
    statement: 'Whether the command has a process group and a session of its own.',
    expected: 'a choice',
    sources: ['setpgid(2), setsid(2)', 'krallin/tini#138'],
    run: async (bench) => {
      const container = await bench.running('ids; serve');
      const { pid = 0, pgrp, sid } = container.seen({ ev: 'ids' })[0] ?? {};
      const whose = (id: unknown): string => (id === pid ? 'its own' : "the init's");
      return seen(`group: ${whose(pgrp)}, session: ${whose(sid)}`);
    },
  },
  {
    id: 'ENV-LISTEN',
    level: 'MAY',
    roles: ['wrapper'],
    statement: "LISTEN_PID, when it names the init, is changed to the command's pid.",
    expected: "the command's pid",
    sources: ['sd_listen_fds(3)', 'openSUSE/catatonit#33'],
    run: async (bench) => {
      const options = ['--setenv', 'LISTEN_PID', '1', '--setenv', 'LISTEN_FDS', '1', '--fd', '3'];
      const container = await bench.running('environment LISTEN_PID; ids; serve', { options });
      const event = container.seen({ ev: 'environment' })[0];
      if (event === undefined) return untested('the command did not say what it found');
      return judged(
        event.text === String(event.pid),
        `LISTEN_PID=${event.text ?? 'unset'}, the command is ${event.pid}`,
      );
    },
  },
];
