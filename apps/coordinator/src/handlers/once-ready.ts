type Handler = (call: { readonly cancelled: boolean }, ...more: unknown[]) => void;

/**
 * The same handlers, which begin with a call when `ready` has come: a coordinator listens while it takes its runs up again, and
 * what is asked meanwhile is answered after that, never with runs missing.
 */
export function onceReady<Handlers extends object>(ready: Promise<void>, handlers: Handlers): Handlers {
  const waiting = Object.entries(handlers as Record<string, Handler>).map(([name, handler]) => {
    const wait: Handler = (call, ...more) =>
      void ready.then(() => {
        if (!call.cancelled) handler(call, ...more);
      });
    return [name, wait] as const;
  });
  return Object.fromEntries(waiting) as Handlers;
}
