// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, MIT): 60,000 + 10,000 pictures of clothes, 28x28 grey, in MNIST's files and under MNIST's
// names: only what the pictures hold tells them apart.
import { FormatError } from "../../gpu/errors.ts";
import type { Inflate } from "../formats/gzip.ts";
import type { DataSource } from "./files.ts";
import { loadMnist, type Mnist } from "./mnist.ts";

/** Mean and standard deviation of the training pixels on [0, 1]. */
export const FASHION_MEAN = 0.286;
export const FASHION_STD = 0.353;
/** Names of the labels 0 .. 9. */
export const FASHION_CLASSES = [
  "T-shirt",
  "trousers",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "boot",
] as const;

const URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";
/** MD5 of the official .gz; Debian's hold the same, packed anew. */
const MD5: Readonly<Record<string, string>> = {
  "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
  "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
  "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
  "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
};

export const FASHION_SOURCE: DataSource = {
  folder: "fashion-mnist",
  system: "/usr/share/datasets/fashion-mnist",
  // Gzipped under the plain name: the reader sees by its first bytes what a file is.
  download: Object.fromEntries(
    Object.entries(MD5).map(([file, md5]) => [file, { url: `${URL}${file}.gz`, md5 }]),
  ),
  help: (file) =>
    `get it with: apt install dataset-fashion-mnist; or put ${URL}${file}.gz (MD5 ${MD5[file] ?? "unknown"}) into data/fashion-mnist`,
};

/** Training pixels of another set differ in their mean by more than this: MNIST's is 0.13, KMNIST's 0.19. */
const MEAN_TOLERANCE = 0.01;

/** Loads all four files, raw or gzipped. Throws FormatError as loadMnist does, and if they hold other pictures. */
export async function loadFashion(
  read: (file: string) => Promise<Uint8Array>,
  options: { inflate?: Inflate } = {},
): Promise<Mnist> {
  const fashion = await loadMnist(read, options);
  const { images } = fashion.train;
  const mean = images.reduce((sum, pixel) => sum + pixel, 0) / images.length / 255;
  if (!(Math.abs(mean - FASHION_MEAN) < MEAN_TOLERANCE))
    throw new FormatError(
      `loadFashion: the training pixels have mean ${mean.toFixed(3)}, Fashion-MNIST's is ${FASHION_MEAN}: these are other pictures under the same file names`,
    );
  return { ...fashion, mean: FASHION_MEAN, std: FASHION_STD };
}
