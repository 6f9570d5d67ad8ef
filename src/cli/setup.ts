import { HostError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import { installCommand, mayInstall, requirements } from '../provision/workstation.ts';

/**
 * Makes this computer ready: installs exactly the packages that are missing, where that needs no asking. Silent when
 * nothing is missing.
 *
 * @throws HostError with the one command to type
 */
export const setup = async (): Promise<void> => {
  const missing = (await requirements()).filter(({ met }) => !met);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((requirement) => requirement.package))];
  const right = await mayInstall();
  const command = installCommand(packages, process.getuid?.() === 0);
  if (right === undefined) {
    throw new HostError(`This computer lacks ${missing.map(({ what }) => what).join('; ')}.`, {
      hint: `Type: ${command.join(' ')}`,
    });
  }
  process.stderr.write(`· installing ${packages.join(' ')}\n`);
  const [program = '', ...args] = command;
  const elevated = right === 'sudo' ? ['sudo', '-n'] : [];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('env', [...elevated, 'apt-get', 'update', '-q'], { env });
  const { exitCode, stderr } = await run(program, args, { env });
  if (exitCode !== 0) {
    throw new HostError(`apt could not install ${packages.join(' ')}.`, {
      hint: `Type: ${command.join(' ')}`,
      details: stderr,
    });
  }
  const still = (await requirements()).filter(({ met }) => !met);
  if (still.length > 0)
    throw new HostError(`After the installation this computer still lacks ${still[0]?.what ?? ''}.`);
};
