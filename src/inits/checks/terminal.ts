import type { Check } from '../check.ts';
import { judged, untested } from '../check.ts';
import { endText } from '../container.ts';

/** What the keyboard of the container's terminal does. */
export const terminalChecks: readonly Check[] = [
  {
    id: 'TTY-INT',
    level: 'MUST',
    roles: ['wrapper'],
    statement: '^C on the terminal ends a command without handlers, and PID 1 exits 130.',
    expected: 'exit 130',
    brokenBy: 'loses-the-terminal,is-deaf',
    sources: ['termios(3): ISIG', 'nodejs/node-v0.x-archive#9131'],
    run: async (bench) => {
      const container = await bench.running('ready; pause', { options: ['--tty'] });
      await container.type('\u0003');
      const end = await container.ended(bench.grace);
      return judged(endText(end) === 'exit 130', end === undefined ? 'it goes on' : endText(end));
    },
  },
  {
    id: 'TTY-JOBS',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'An interactive shell has job control, ^Z suspends, and a new size comes once.',
    expected: 'Stopped; 1 WINCH',
    brokenBy: 'loses-the-terminal',
    sources: ['termios(3): VSUSP', 'tty_ioctl(4): TIOCSWINSZ', 'podman#18095'],
    run: async (bench) => {
      const shell = await bench.start('', { options: ['--tty'], command: ['bash', '--norc', '-i'] });
      const says = (text: string): Promise<true | undefined> =>
        shell.untilAtRest(() => (shell.stdout.includes(text) ? true : undefined), bench.soon * 2);
      await shell.type('echo kern""spec\r');
      if ((await says('kernspec')) === undefined) return untested('there is no interactive bash in the container');
      await shell.type('sleep 50\r');
      await shell.quiet();
      await shell.type('\u001a');
      await shell.quiet();
      await shell.type('jobs; echo do""ne\r');
      await says('done');
      const stopped = /Stopped\s+sleep 50/.test(shell.stdout);
      const container = await bench.running('serve ignoring 99', { options: ['--tty'] });
      await container.resize(40, 100);
      await container.event({ ev: 'signal', who: 'main', about: 'WINCH' }, bench.soon);
      await container.quiet();
      const count = container.signalsOf().filter((name) => name === 'WINCH').length;
      return judged(stopped && count === 1, `${stopped ? 'Stopped' : '^Z does not suspend'}; ${count} WINCH`);
    },
  },
];
