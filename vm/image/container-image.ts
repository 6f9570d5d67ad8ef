import { z } from 'zod';
import { sha256 } from '../../src/base/atomic.ts';
import { UsageError } from '../../src/base/errors.ts';

/** What an image says about the process to start in it. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
}

/** The image config of what is no image. */
export const noConfig: ImageConfig = { entrypoint: [], cmd: [], env: [], workingDir: '/' };

export interface ContainerImage {
  readonly config: ImageConfig;
  /** Lowest first. Each is a tar, perhaps compressed; nobody has looked at it yet. */
  readonly layers: readonly { readonly name: string; readonly read: () => Promise<Uint8Array> }[];
}

/** The files of an image by their path in it; undefined for what is not there. */
export type ReadMember = (path: string) => Promise<Uint8Array | undefined>;

const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const configFile = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({ Entrypoint: strings, Cmd: strings, Env: strings, WorkingDir: z.string().nullish() })
    .nullish()
    .transform((value) => value ?? undefined),
});
type ConfigFile = z.infer<typeof configFile>;

const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string(),
  platform: z.object({ architecture: z.string(), os: z.string() }).nullish(),
});
type Descriptor = z.infer<typeof descriptor>;

const indexFile = z.object({ manifests: z.array(descriptor) });
const manifestFile = z.object({ config: descriptor, layers: z.array(descriptor) });
const savedFile = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) }));

/** Indices may name indices: deeper than this, nobody builds them. */
const maxNesting = 4;

/** Descriptions are small; more than this is not read as text. */
const maxDescription = 4 * 2 ** 20;

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** A description if it is of that form, else undefined. */
const parseIf = <T>(schema: z.ZodType<T>, content: Uint8Array): T | undefined => {
  if (content.length > maxDescription) return undefined;
  try {
    return schema.safeParse(JSON.parse(Buffer.from(content).toString())).data;
  } catch {
    return undefined; // It is not JSON.
  }
};

const parse = <T>(schema: z.ZodType<T>, content: Uint8Array, what: string): T => {
  const data = parseIf(schema, content);
  if (data === undefined) throw new UsageError(`${what} does not describe an image as it should.`);
  return data;
};

const isOurs = ({ architecture, os }: { readonly architecture: string; readonly os: string }): boolean =>
  architecture === 'amd64' && os === 'linux';

const theOne = <T>(images: readonly T[], source: string): T => {
  const [image, ...others] = images;
  if (image === undefined)
    throw new UsageError(`${source} holds no image for linux/amd64.`, {
      hint: 'Pull it with `docker pull --platform linux/amd64`, then save it again.',
    });
  if (others.length > 0)
    throw new UsageError(`${source} holds ${images.length} images for linux/amd64.`, { hint: 'Save one alone.' });
  return image;
};

const configOf = ({ config }: ConfigFile): ImageConfig => ({
  entrypoint: config?.Entrypoint ?? [],
  cmd: config?.Cmd ?? [],
  env: config?.Env ?? [],
  workingDir: config?.WorkingDir === undefined || config.WorkingDir === '' ? '/' : (config.WorkingDir ?? '/'),
});

/** The blobs of an OCI image layout, each checked against its name. (image-layout.md of the OCI image specification) */
class Layout {
  readonly #source: string;
  readonly #read: ReadMember;

  constructor(source: string, read: ReadMember) {
    this.#source = source;
    this.#read = read;
  }

  async image(index: Uint8Array): Promise<ContainerImage> {
    const { manifests } = parse(indexFile, index, `index.json of ${this.#source}`);
    const images = await this.#images(manifests, maxNesting);
    const { config, layers } = theOne([...images.values()], this.#source);
    return {
      config: configOf(config),
      layers: layers.map(({ digest }) => ({ name: digest, read: () => this.#blob(digest) })),
    };
  }

  /** The images for our platform, by the digest of their manifest. */
  async #images(
    descriptors: readonly Descriptor[],
    nesting: number,
  ): Promise<Map<string, { readonly config: ConfigFile; readonly layers: readonly Descriptor[] }>> {
    const images = new Map<string, { readonly config: ConfigFile; readonly layers: readonly Descriptor[] }>();
    for (const { mediaType, digest, platform } of descriptors) {
      if (platform && !isOurs(platform)) continue;
      if (indexTypes.includes(mediaType ?? '')) {
        if (nesting === 0) throw new UsageError(`The indices of ${this.#source} are nested too deep.`);
        const { manifests } = parse(indexFile, await this.#blob(digest), this.#named(digest));
        for (const [name, image] of await this.#images(manifests, nesting - 1)) images.set(name, image);
        continue;
      }
      const manifest = parse(manifestFile, await this.#blob(digest), this.#named(digest));
      const { digest: configDigest } = manifest.config;
      const config = parse(configFile, await this.#blob(configDigest), this.#named(configDigest));
      if (isOurs(config)) images.set(digest, { config, layers: manifest.layers });
    }
    return images;
  }

  async #blob(digest: string): Promise<Uint8Array> {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) throw new UsageError(`${this.#source} names a blob ${digest}, which is no sha256 digest.`);
    const content = await this.#read(`blobs/sha256/${hex}`);
    if (content === undefined) throw new UsageError(`${this.#named(digest)} is missing.`);
    if (sha256(content) !== hex) throw new UsageError(`${this.#named(digest)} is damaged: its digest is another.`);
    return content;
  }

  #named(digest: string): string {
    return `The blob ${digest} of ${this.#source}`;
  }
}

/** The image that `docker save` described in manifest.json: of old, `ID/layer.tar`; now `blobs/sha256/…`. */
const savedImage = async (
  saved: z.infer<typeof savedFile>,
  read: ReadMember,
  source: string,
): Promise<ContainerImage> => {
  const member = async (path: string): Promise<Uint8Array> => {
    const content = await read(path);
    if (content === undefined) throw new UsageError(`The member ${path} of ${source} is missing.`);
    return content;
  };
  const images = await Promise.all(
    saved.map(async ({ Config, Layers }) => ({
      config: parse(configFile, await member(Config), `The member ${Config} of ${source}`),
      layers: Layers,
    })),
  );
  const { config, layers } = theOne(
    images.filter((image) => isOurs(image.config)),
    source,
  );
  return { config: configOf(config), layers: layers.map((name) => ({ name, read: () => member(name) })) };
};

/**
 * The image for linux/amd64 that an OCI image layout or the output of `docker save` holds; undefined if it is neither.
 *
 * @throws UsageError when it is one, but damaged, for other platforms only, or more than one
 */
export const containerImage = async (source: string, read: ReadMember): Promise<ContainerImage | undefined> => {
  const index = (await read('oci-layout')) === undefined ? undefined : await read('index.json');
  if (index !== undefined) return new Layout(source, read).image(index);
  const manifest = await read('manifest.json');
  // A file of that name may stand in a root file system too.
  const saved = manifest === undefined ? undefined : parseIf(savedFile, manifest);
  return saved === undefined ? undefined : savedImage(saved, read, source);
};
