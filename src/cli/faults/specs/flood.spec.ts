/** Guests that say more than anybody can read. */
import { command, shell } from '../../../harness/index.ts';
import { fault, sound } from './faults.ts';

fault('flood.console.background', 'Somebody writes to the console as fast as it goes.', async ({ guest, expect }) => {
  await guest.exec("(tr '\\0' x < /dev/zero > /dev/console) > /dev/null 2>&1 &");
  const init = await guest.pidNamespace(shell('bash', 'exec sleep 100000'));
  await init.signal('KILL');
  expect(await init.ended()).toMatchObject({ by: 'signal', signal: 'SIGKILL' });
});

sound('flood.console.sound');

fault('flood.channel.command', 'A command writes 100 MB to its stdout.', async ({ guest }) => {
  await guest.exec('head -c 100000000 /dev/zero');
});

sound('flood.channel.sound');

fault(
  'flood.channel.fixture',
  'A fixture writes 10 MB to its stdout, and then ends as foretold.',
  async ({ guest, expect }) => {
    const fixture = await guest.process(command('sh', '-c', "head -c 10000000 /dev/zero | tr '\\0' x; exit 7"));
    expect(await fixture.ended()).toMatchObject({ by: 'exit', code: 7 });
  },
);

fault('flood.channel.events', 'A fixture writes events without end.', async ({ guest }) => {
  const fixture = await guest.process(
    command('sh', '-c', 'while :; do echo \'{"ev":"x","who":"x","pid":1,"t":1,"seq":1}\' >&3; done'),
  );
  await fixture.ended();
});

sound('flood.channel.sound-again');
