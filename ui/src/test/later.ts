/** An answer that a test gives when it wants to. */
export function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((give) => {
    resolve = give;
  });
  return { promise, resolve };
}
