// Waiting without timers: those of a hidden tab may be slowed down, messages are not.

let channel: MessageChannel | null = null;
const waiting: (() => void)[] = [];

/** Resolves in a task of its own: messages that came before are handled first. */
export function nextTask(): Promise<void> {
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
    // Under Node an open port would keep the process alive.
    for (const port of [channel.port1, channel.port2]) (port as { unref?: () => void }).unref?.();
  }
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel!.port2.postMessage(null);
  });
}

export const sleep = (ms: number): Promise<void> =>
  ms === 0 ? nextTask() : new Promise((resolve) => setTimeout(resolve, ms));
