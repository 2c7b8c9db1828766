// Whether the visitor asks that nothing moves by itself.

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
