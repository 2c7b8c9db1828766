// Why ops refuse nothing of a kind.

export const ANY_SHAPE = "works on each element: any shape will do";
export const ANY_AXES = "folds the axes named, of any shape, a scalar too";
export const AS_FLOAT = "whole numbers and bools are taken as f32";
export const EVERY_DTYPE = "takes every dtype";
export const MOVES = "moves values without looking at them: every dtype";
export const ORDERED = "compares values: every dtype is ordered, false before true";
export const COUNTED = "adds or multiplies every dtype, bools as 0 and 1";
export const NO_OPTIONS = "has no options";
export const NO_TENSORS = "takes no tensor";
export const ANY_NUMBER = "its options are numbers of any value, NaN included";
export const SHAPE_OPTION = "its option is a shape: the wrong shape is the wrong option";
export const INTERNAL = "internal: the op that calls it has checked";
