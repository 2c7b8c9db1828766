// A component whose code is loaded when it first appears.

import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => VNode | null {
  let Loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [fault, setFault] = useState<string | null>(null);
    const [, setLoaded] = useState(Loaded);
    useEffect(() => {
      if (!Loaded && fault === null)
        load().then(
          (component) => setLoaded(() => (Loaded = component)),
          (error: unknown) => setFault(String(error)),
        );
    }, [fault]);
    if (Loaded) return <Loaded {...props} />;
    if (fault === null) return null;
    return (
      <p class="bad small" role="alert">
        This could not be loaded ({fault}).{" "}
        <button type="button" onClick={() => setFault(null)}>
          Try again
        </button>
      </p>
    );
  };
}
