// A button that may be off for a while. `disabled` would take the focus from it, and a keyboard's place on the page with it: it keeps
// both, and does nothing.

import type { ComponentChildren } from "preact";

interface SteadyButtonProps {
  readonly off: boolean;
  readonly class?: string;
  readonly id?: string;
  /** Ids of what says why it is off. */
  readonly why?: string;
  readonly onPress: () => unknown;
  readonly children: ComponentChildren;
}

export function SteadyButton({ off, why, onPress, ...rest }: SteadyButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={off}
      aria-describedby={why}
      onClick={() => off || onPress()}
    />
  );
}
