// The entry `wgrad/data`: readers of file formats, the data sets of the recipes, texts as batches, and transforms. An entry of its
// own, because some readers bring a decoder along. Datasets and loaders are in `wgrad`; dataReader, which finds files, in `wgrad/node`.

// Formats: bytes or text -> arrays. A file that is malformed is a FormatError, before memory is taken for what it claims.

export type { Inflate } from "./formats/gzip.ts";
export { readIdx } from "./formats/idx.ts";
export { htmlText, mailText, mailWords } from "./formats/mail.ts";
export { type NiftiVolume, readNifti } from "./formats/nifti.ts";
export { npzNames, readNpy, readNpz } from "./formats/npz.ts";
export { type GreyImage, readGreyPng } from "./formats/png.ts";
export { readTsFile, type TsFile } from "./formats/ts_file.ts";
export {
  BEAT_LETTERS,
  readWfdbAnnotations,
  readWfdbHeader,
  readWfdbSignals,
  type WfdbAnnotation,
  type WfdbHeader,
  type WfdbSignal,
} from "./formats/wfdb.ts";
export { readZip, type ZipMember } from "./formats/zip.ts";

// Data sets: a function that gives the bytes of a file -> samples; X_SOURCE says what the files are and where to get them

export { BASIC_MOTIONS_SOURCE, loadBasicMotions } from "./sets/basic_motions.ts";
export { BLOCK_MM as BRAIN_BLOCK_MM, BRAIN_SOURCE, type BrainSlices, loadBrain } from "./sets/brain.ts";
export { CMUDICT_SOURCE, loadCmudict, PHONEMES, type Pronunciation } from "./sets/cmudict.ts";
export {
  FASHION_CLASSES,
  FASHION_MEAN,
  FASHION_SOURCE,
  FASHION_STD,
  loadFashion,
} from "./sets/fashion.ts";
export type { DataSource, Download } from "./sets/files.ts";
export {
  type Coverage as GridCoverage,
  coverage as gridCoverage,
  GRID as GAUSSIAN_GRID,
  gridModes,
  sampleGrid,
  uniformBlob,
} from "./sets/gaussian_grid.ts";
export { loadMembranes, MEMBRANES_SOURCE, type MembraneSlices } from "./sets/membranes.ts";
export {
  type BeatOptions,
  type Beats,
  cutBeats,
  type EcgRecord,
  loadEcg,
  MITBIH_SOURCE,
} from "./sets/mitbih.ts";
export {
  type DigitImages,
  digitDataset,
  loadMnist,
  MNIST_MEAN,
  MNIST_STD,
  type Mnist,
} from "./sets/mnist.ts";
export { loadMobyDick, MOBY_DICK_SOURCE } from "./sets/moby_dick.ts";
export { loadNsfwjs, NSFWJS_SOURCE } from "./sets/nsfwjs.ts";
export {
  loadPneumonia,
  PNEUMONIA_CLASSES,
  PNEUMONIA_MEAN,
  PNEUMONIA_SOURCE,
  PNEUMONIA_STD,
  type Pneumonia,
  type XRays,
  xrayDataset,
} from "./sets/pneumonia.ts";
export { loadSpamAssassin, type Mail, type MailCorpus, SPAM_ASSASSIN_SOURCE } from "./sets/spam_assassin.ts";

// Texts as numbers and batches

export { CharacterVocabulary, holdOutEnd } from "./text/characters.ts";
export { type MaskedBatch, type MaskedOptions, MaskedStretches } from "./text/masked_words.ts";
export {
  END as SPELLING_END,
  holdOutWords,
  LETTERS as SPELLING_LETTERS,
  lettersOf as spellingLetters,
  phonemesOf as spellingPhonemes,
  type SpellingBatch,
  SpellingBatches,
  START as SPELLING_START,
  TARGETS as SPELLING_TARGETS,
} from "./text/spelling.ts";
export { Lanes, type Stretches, windowsAt } from "./text/stretches.ts";
export {
  CLASS as CLASS_WORD,
  classRows,
  FIRST_WORD,
  MASK as MASK_WORD,
  PADDING as PADDING_WORD,
  UNKNOWN as UNKNOWN_WORD,
  WordVocabulary,
} from "./text/word_vocabulary.ts";

// Transforms, and ways to part a set

export { stratifiedFolds } from "./folds.ts";
export { type AffineOptions, affine, randomAffine } from "./transforms/augment.ts";
export { type ContrastOptions, randomContrast } from "./transforms/augment_contrast.ts";
export {
  augmentMasks,
  type ElasticOptions,
  type MaskAugmentOptions,
  type Masked,
  randomMasks,
} from "./transforms/augment_masks.ts";
export { halve as halveImages } from "./transforms/halve.ts";
export { smoothField } from "./transforms/smooth_field.ts";
export { type StandardizeOptions, standardize } from "./transforms/standardize.ts";
